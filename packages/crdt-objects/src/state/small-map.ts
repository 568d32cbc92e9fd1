const NOTHING = Symbol('no key')

/**
 * A map for what has one entry as a rule: a hash table, which takes several times as much memory, is made only when
 * there are more. Keys compare by `===`.
 */
export class SmallMap<K, V> {
  /** The only entry, if there is one. */
  private key: K | typeof NOTHING = NOTHING
  private value: V | undefined
  /** All entries, once there were several; there is no single one then. */
  private many: Map<K, V> | undefined

  get size(): number {
    return this.many === undefined ? (this.key === NOTHING ? 0 : 1) : this.many.size
  }

  get(key: K): V | undefined {
    if (this.many !== undefined) return this.many.get(key)
    return this.key === key ? this.value : undefined
  }

  has(key: K): boolean {
    return this.many === undefined ? this.key === key : this.many.has(key)
  }

  set(key: K, value: V): void {
    if (this.many !== undefined) this.many.set(key, value)
    else if (this.key === NOTHING || this.key === key) {
      this.key = key
      this.value = value
    } else {
      this.many = new Map<K, V>(this)
      this.many.set(key, value)
      this.forget()
    }
  }

  delete(key: K): void {
    if (this.many !== undefined) this.many.delete(key)
    else if (this.key === key) this.forget()
  }

  private forget(): void {
    this.key = NOTHING
    this.value = undefined
  }

  /** In the order of adding. */
  forEach(visit: (value: V, key: K) => void): void {
    if (this.many !== undefined) this.many.forEach(visit)
    else if (this.key !== NOTHING) visit(this.value as V, this.key)
  }

  keys(): Iterable<K> {
    return this.many?.keys() ?? (this.key === NOTHING ? [] : [this.key])
  }

  values(): Iterable<V> {
    return this.many?.values() ?? (this.key === NOTHING ? [] : [this.value as V])
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    if (this.many !== undefined) return this.many.entries()
    const entries: [K, V][] = this.key === NOTHING ? [] : [[this.key, this.value as V]]
    return entries.values()
  }
}
