/** Up to here, looking through all keys is cheaper than to hash. */
const SCANNED_MAX = 8

/**
 * A map that is only added to and cleared, for what has one entry as a rule: a hash table is made only when there are
 * many. Keys compare by `===`.
 */
export class SmallMap<K, V> {
  private few: { readonly key: K; readonly value: V }[] = []
  /** All entries, once they are many; `few` is empty then. */
  private many: Map<K, V> | undefined

  get size(): number {
    return this.many?.size ?? this.few.length
  }

  get(key: K): V | undefined {
    if (this.many !== undefined) return this.many.get(key)
    for (const entry of this.few) if (entry.key === key) return entry.value
    return undefined
  }

  /** Adds an entry, whose key must not be there. */
  add(key: K, value: V): void {
    if (this.many !== undefined) this.many.set(key, value)
    else if (this.few.push({ key, value }) > SCANNED_MAX) {
      this.many = new Map(this.few.map((entry) => [entry.key, entry.value]))
      this.few = []
    }
  }

  /** In the order of adding. */
  forEach(visit: (value: V, key: K) => void): void {
    if (this.many !== undefined) this.many.forEach(visit)
    else for (const { key, value } of this.few) visit(value, key)
  }

  clear(): void {
    this.few = []
    this.many = undefined
  }
}
