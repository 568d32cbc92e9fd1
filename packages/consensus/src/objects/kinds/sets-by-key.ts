/** Adds to the set of a key, which comes into being with its first item. */
export function addTo<K, T>(sets: Map<K, Set<T>>, key: K, item: T): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([item]))
  else set.add(item)
}

/** Deletes from the set of a key, and the set with its last item. */
export function deleteFrom<K, T>(sets: Map<K, Set<T>>, key: K, item: T): void {
  const set = sets.get(key)
  if (set === undefined) return
  if (set.size === 1 && set.has(item)) sets.delete(key)
  else set.delete(item)
}
