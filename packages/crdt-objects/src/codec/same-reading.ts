/**
 * Whether two readings of a place are the same: plain data, maps and sets with their members in one order, numbers to the
 * last bit.
 */
export function isSameReading(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  const parts = partsOf(a)
  const others = partsOf(b)
  if (parts.length !== others.length) return false
  for (let i = 0; i < parts.length; i++) if (!isSameReading(parts[i], others[i])) return false
  return true
}

function partsOf(value: object): ArrayLike<unknown> {
  if (Array.isArray(value)) return value as unknown[]
  if (value instanceof Uint8Array || value instanceof Float64Array) return value
  if (value instanceof Date) return [value.getTime()]
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat()
  if (value instanceof Set) return [...(value as Set<unknown>)]
  return Object.entries(value as Readonly<Record<string, unknown>>).flat()
}
