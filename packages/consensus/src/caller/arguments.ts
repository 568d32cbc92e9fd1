import { decodeValue, encodeValue, Reader, Writer } from '@joinery/crdt-objects/engine'

const none: readonly unknown[] = []

/**
 * The arguments as they are now: what the caller changes afterwards is not sent, however late or often it is sent.
 *
 * @throws JoineryError VALUE_INVALID for what is no value
 */
export function argumentsNow(args: readonly unknown[]): readonly unknown[] {
  if (args.length === 0) return none
  return args.every(isUnchanging) ? [...args] : args.map(copyOf)
}

function copyOf(value: unknown): unknown {
  const writer = new Writer(256)
  encodeValue(writer, value)
  return decodeValue(new Reader(writer.written()))
}

function isUnchanging(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string' || typeof value === 'boolean') return true
  return value === undefined || value === null
}
