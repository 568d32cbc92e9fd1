/**
 * A map for what has one entry as a rule: a hash table, which takes several times as much memory, is made only when
 * there are more. Keys compare by `===`.
 */
export class SmallMap<K, V> {
  /** The only entry, if `one` says that there is one. */
  private key: K | undefined
  private value: V | undefined
  private one = false
  /** All entries, once there were several; there is no single one then. */
  private many: Map<K, V> | undefined

  get size(): number {
    return this.many === undefined ? (this.one ? 1 : 0) : this.many.size
  }

  get(key: K): V | undefined {
    if (this.many !== undefined) return this.many.get(key)
    return this.one && this.key === key ? this.value : undefined
  }

  has(key: K): boolean {
    return this.many === undefined ? this.one && this.key === key : this.many.has(key)
  }

  set(key: K, value: V): void {
    if (this.many !== undefined) this.many.set(key, value)
    else if (!this.one || this.key === key) {
      this.key = key
      this.value = value
      this.one = true
    } else {
      this.many = new Map<K, V>(this)
      this.many.set(key, value)
      this.forget()
    }
  }

  delete(key: K): void {
    if (this.many !== undefined) this.many.delete(key)
    else if (this.one && this.key === key) this.forget()
  }

  private forget(): void {
    this.key = undefined
    this.value = undefined
    this.one = false
  }

  /** In the order of adding. */
  forEach(visit: (value: V, key: K) => void): void {
    if (this.many !== undefined) this.many.forEach(visit)
    else if (this.one) visit(this.value as V, this.key as K)
  }

  keys(): Iterable<K> {
    return this.many?.keys() ?? (this.one ? [this.key as K] : [])
  }

  values(): Iterable<V> {
    return this.many?.values() ?? (this.one ? [this.value as V] : [])
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    if (this.many !== undefined) return this.many.entries()
    const entries: [K, V][] = this.one ? [[this.key as K, this.value as V]] : []
    return entries.values()
  }
}
