import type { Reader } from './codec/reader.ts'
import type { Writer } from './codec/writer.ts'
import { type Lifetime, lifetimeMsMax } from './lifetime.ts'

const tag = { none: 0, lease: 1, ttl: 2, keep: 3 } as const

/** Writes a lifetime, or that there is none; `readLifetime` is the inverse. */
export function writeLifetime(writer: Writer, lifetime: Lifetime | undefined): void {
  if (lifetime === undefined) writer.byte(tag.none)
  else if (lifetime === 'keep') writer.byte(tag.keep)
  else if ('leaseMs' in lifetime) {
    writer.byte(tag.lease)
    writer.varint(lifetime.leaseMs)
  } else {
    writer.byte(tag.ttl)
    writer.varint(lifetime.ttlMs)
  }
}

/** @throws JoineryError ENCODING_INVALID, also beyond the bounds of a lifetime */
export function readLifetime(reader: Reader): Lifetime | undefined {
  const kind = reader.byte()
  switch (kind) {
    case tag.none:
      return undefined
    case tag.lease:
      return { leaseMs: readMs(reader) }
    case tag.ttl:
      return { ttlMs: readMs(reader) }
    case tag.keep:
      return 'keep'
    default:
      return reader.fail(`kind ${kind} of a lifetime`)
  }
}

function readMs(reader: Reader): number {
  const ms = reader.varint()
  return ms > 0 && ms <= lifetimeMsMax ? ms : reader.fail(`a lifetime of ${ms} ms`)
}
