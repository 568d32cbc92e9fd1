/** A list that is cheap to take from at its front, however long. */
export class Queue<T> {
  #items: T[] = []
  /** Invariant: the items before it are taken, and fewer than half of all (or under 32). */
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  /** The item at `index`, which is in range. */
  at(index: number): T {
    return this.#items[this.#head + index]!
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T {
    const item = this.#items[this.#head++]!
    if (this.#head >= 32 && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Keeps the items that pass `test`. */
  retain(test: (item: T) => boolean): void {
    this.#items = this.#items.slice(this.#head).filter(test)
    this.#head = 0
  }
}
