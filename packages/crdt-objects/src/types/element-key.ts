import { byteText, canonical } from '../codec/canonical.ts'
import { Reader } from '../codec/reader.ts'
import { VALUE_BYTES_MAX } from '../codec/snapshot.ts'
import { checkText, decodeValue, encodeValue, valueBytes } from '../codec/value.ts'
import { JoineryError } from '../errors.ts'
import { toJson } from '../faces/local.ts'
import type { KeyCodec } from '../state/keyed-node.ts'

/** What the language compares by value: an element's key in a map of the language. */
export type ElementKey = string | number | boolean | bigint | null | undefined

/** Marks the keys of values that are no primitives: behind it, their canonical bytes, one to a UTF-16 unit. */
const COMPOSITE = '\u0000o'
/** Marks strings that begin like a mark. */
const ESCAPED = '\u0000s'

/** What an element is known by: itself where the language compares it by value, its canonical bytes elsewhere. */
export function elementKey(value: unknown): ElementKey {
  if (typeof value === 'string') {
    if (value.length > VALUE_BYTES_MAX / 3) checkSize(valueBytes(value).length)
    checkText(value)
    return value.startsWith('\u0000') ? ESCAPED + value : value
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value
  if (typeof value === 'boolean' || typeof value === 'bigint') return value
  if (value === null || value === undefined) return value
  // Encoded as it is first: that refuses cycles and what is too large, which sorting keys would follow.
  checkSize(valueBytes(value).length)
  return COMPOSITE + byteText(valueBytes(canonical(value)))
}

function checkSize(bytes: number): void {
  if (bytes <= VALUE_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `an element takes at most ${VALUE_BYTES_MAX} bytes, this one takes ${bytes}`,
    { bytes, bytesMax: VALUE_BYTES_MAX },
  )
}

function compositeBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length - COMPOSITE.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = key.charCodeAt(i + COMPOSITE.length)
  return bytes
}

/** The element that a key stands for. */
export function element(key: ElementKey): unknown {
  if (typeof key !== 'string' || !key.startsWith('\u0000')) return key
  return key.startsWith(ESCAPED)
    ? key.slice(ESCAPED.length)
    : decodeValue(new Reader(compositeBytes(key)))
}

/** Elements as the keys of a keyed store. */
export const ELEMENT_KEY: KeyCodec<ElementKey> = {
  encode: (batch, key) => {
    if (typeof key === 'string' && key.startsWith(COMPOSITE)) batch.body.raw(compositeBytes(key))
    else encodeValue(batch.body, element(key))
  },
  decode: (batch) => {
    const before = batch.body.remaining
    const value = decodeValue(batch.body)
    // More than a writer may add: refused as an encoding, before it would be refused as a value.
    if (before - batch.body.remaining > VALUE_BYTES_MAX) batch.body.fail('element too large')
    return elementKey(value)
  },
  bytes: (key) => (typeof key === 'string' ? key.length + 2 : 9),
  step: (key) => {
    const value = element(key)
    return typeof value === 'string' ? value : describe(value)
  },
  compare: (a, b) => {
    // Numbers by size, all else by type and text: what matters is that every replica has the same order.
    if (typeof a === 'number' && typeof b === 'number') return a - b
    const left = `${typeof a} ${String(a)}`
    const right = `${typeof b} ${String(b)}`
    return left < right ? -1 : left > right ? 1 : 0
  },
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(toJson(value)) : String(value)
}
