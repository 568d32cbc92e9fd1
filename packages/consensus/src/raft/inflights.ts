/**
 * The appends under way to one follower, by their last index: a ring that grows to what is in use.
 *
 * Invariant: indexes ascend from `#start`.
 */
export class Inflights {
  readonly #messagesMax: number
  readonly #bytesMax: number
  #indexes: number[] = []
  #bytesOf: number[] = []
  #start = 0
  #count = 0
  #bytes = 0

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#count
  }

  /** Nothing more may be sent. One append may have gone over the bound of bytes. */
  get isFull(): boolean {
    return this.#count >= this.#messagesMax || this.#bytes >= this.#bytesMax
  }

  add(lastIndex: number, bytes: number): void {
    if (this.#count === this.#indexes.length) this.#grow()
    const place = (this.#start + this.#count) & (this.#indexes.length - 1)
    this.#indexes[place] = lastIndex
    this.#bytesOf[place] = bytes
    this.#count++
    this.#bytes += bytes
  }

  /** Everything up to `index` has arrived. */
  release(index: number): void {
    const mask = this.#indexes.length - 1
    while (this.#count > 0 && this.#indexes[this.#start]! <= index) {
      this.#bytes -= this.#bytesOf[this.#start]!
      this.#start = (this.#start + 1) & mask
      this.#count--
    }
  }

  clear(): void {
    this.#start = 0
    this.#count = 0
    this.#bytes = 0
  }

  #grow(): void {
    const length = this.#indexes.length
    const indexes = new Array<number>(Math.max(8, length * 2)).fill(0)
    const bytesOf = new Array<number>(indexes.length).fill(0)
    for (let n = 0; n < this.#count; n++) {
      indexes[n] = this.#indexes[(this.#start + n) & (length - 1)]!
      bytesOf[n] = this.#bytesOf[(this.#start + n) & (length - 1)]!
    }
    this.#indexes = indexes
    this.#bytesOf = bytesOf
    this.#start = 0
  }
}
