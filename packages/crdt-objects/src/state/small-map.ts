/** Up to here, looking through all keys is cheaper than to hash. */
const SCANNED_MAX = 8

/**
 * A map that is only added to and cleared, for what has one entry as a rule: a hash table is made only when there are
 * many. Keys compare by `===`.
 */
export class SmallMap<K, V> {
  private entries: { readonly key: K; readonly value: V }[] = []
  private valueByKey: Map<K, V> | undefined

  get size(): number {
    return this.entries.length
  }

  get(key: K): V | undefined {
    if (this.valueByKey !== undefined) return this.valueByKey.get(key)
    for (const entry of this.entries) if (entry.key === key) return entry.value
    return undefined
  }

  /** Adds an entry, whose key must not be there. */
  add(key: K, value: V): void {
    this.entries.push({ key, value })
    if (this.valueByKey !== undefined) this.valueByKey.set(key, value)
    else if (this.entries.length > SCANNED_MAX) {
      this.valueByKey = new Map(this.entries.map((entry) => [entry.key, entry.value]))
    }
  }

  /** In the order of adding. */
  forEach(visit: (value: V, key: K) => void): void {
    for (const { key, value } of this.entries) visit(value, key)
  }

  clear(): void {
    this.entries = []
    this.valueByKey = undefined
  }
}
