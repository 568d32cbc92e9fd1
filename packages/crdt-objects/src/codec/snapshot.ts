import { JoineryError } from '../errors.ts'
import { Reader } from './reader.ts'
import { checkText, decodeValue, valueBytes } from './value.ts'

/** The most that one value may take encoded, so that a batch with it stays small enough to be gossiped. */
export const VALUE_BYTES_MAX = 192 * 1024

/** A value taken into the state: our own copy, that no later change by the caller reaches. */
export interface Owned {
  readonly value: unknown
  /** Roughly what it costs in a batch, in bytes. */
  readonly bytes: number
}

/**
 * Copies `value` into the state's own, checked form.
 *
 * @throws JoineryError VALUE_INVALID or OBJECT_TOO_LARGE
 */
export function own(value: unknown): Owned {
  switch (typeof value) {
    case 'string': {
      if (value.length > VALUE_BYTES_MAX / 3) checkSize(valueBytes(value).length)
      checkText(value)
      return { value, bytes: value.length }
    }
    case 'boolean':
      return { value, bytes: 1 }
    default: {
      if (typeof value === 'number' && Number.isFinite(value)) return { value, bytes: 8 }
      const bytes = valueBytes(value)
      checkSize(bytes.length)
      return { value: decodeValue(new Reader(bytes)), bytes: bytes.length }
    }
  }
}

function checkSize(bytes: number): void {
  if (bytes <= VALUE_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `a value takes at most ${VALUE_BYTES_MAX} bytes, this one takes ${bytes}: split it over several keys`,
    { bytes, bytesMax: VALUE_BYTES_MAX },
  )
}

/** What a reader gets: the value itself where it cannot be changed, a copy where it could. */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isImmutable(value)) return value
  return decodeValue(new Reader(valueBytes(value)))
}

function isImmutable(value: object): boolean {
  // Typed arrays cannot be frozen; maps, sets and dates can be changed however frozen they are; frozen plain data may
  // hold one of them.
  if (!Object.isFrozen(value)) return false
  if (value instanceof Map || value instanceof Set || value instanceof Date) return false
  return Object.values(value).every(
    (item) => typeof item !== 'object' || item === null || isImmutable(item as object),
  )
}
