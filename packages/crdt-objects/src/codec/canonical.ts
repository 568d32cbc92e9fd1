import { valueBytes } from './value.ts'

/**
 * A value with everything that has no order put in one, so that equal values encode equally: the keys of plain objects,
 * the entries of maps, the elements of sets. The value must be encodable: cycles would have no end.
 */
export function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value as unknown[], canonical)
  if (value instanceof Set) return new Set(inOrder([...(value as Set<unknown>)].map(canonical)))
  if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)].map(([key, item]): [unknown, unknown] => [
      canonical(key),
      canonical(item),
    ])
    return new Map(inOrder(entries))
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]))
}

/** By their encoding: any order will do, if it is the same everywhere. */
function inOrder<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, text: byteText(valueBytes(item)) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item)
}

/** Whether two values are equal by structure. Both must be encodable. */
export function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  return byteText(valueBytes(canonical(a))) === byteText(valueBytes(canonical(b)))
}

/** Bytes as text, one to a UTF-16 unit. */
export function byteText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
