/** A value as JSON can say it: maps as objects, sets as arrays, bigints as text, bytes as numbers. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === undefined || typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array || value instanceof Float64Array) return [...value]
  if (value instanceof Set) return [...(value as Set<unknown>)].map(toJson)
  if (Array.isArray(value)) return (value as unknown[]).map(toJson)
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? sortedEntries(value as Map<unknown, unknown>) : Object.entries(value)
  return Object.fromEntries(Array.from(entries, ([key, item]) => [keyText(key), toJson(item)]))
}

const collator = new Intl.Collator('en', { numeric: true })

/** The entries of a map by their keys, numbers in keys by size: a map's own order is not the same at every peer. */
export function sortedEntries<K, V>(map: ReadonlyMap<K, V>): [K, V][] {
  return [...map].sort(([a], [b]) => collator.compare(keyText(a), keyText(b)))
}

function keyText(key: unknown): string {
  return typeof key === 'string' ? key : JSON.stringify(toJson(key))
}
