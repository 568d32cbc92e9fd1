/** A value as JSON can say it: maps as objects, sets as arrays, bigints as text, bytes as numbers. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === undefined || typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return [...value]
  if (value instanceof Set) return [...(value as Set<unknown>)].map(toJson)
  if (Array.isArray(value)) return (value as unknown[]).map(toJson)
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)
  return Object.fromEntries(Array.from(entries, ([key, item]) => [keyText(key), toJson(item)]))
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : JSON.stringify(toJson(key))
}
