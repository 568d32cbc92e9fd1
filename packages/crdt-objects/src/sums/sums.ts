/** What numbers a {@link Sums} holds. */
export interface SumsShape {
  /** How many there are. */
  readonly length: number
  /** Sums stay within these: one that would leave them stops there, equally everywhere. */
  readonly low: number
  readonly high: number
  /** Whether all amounts are whole, and so travel in fewer bytes. */
  readonly whole: boolean
}

/** Up to this length, numbers are dense from the first on: all of them take less than a table of two. */
const DENSE_LENGTH = 64
/** A table entry takes as much memory as this many numbers in a row. */
const ENTRY_NUMBERS = 8

/**
 * Numbers by index, each a sum of what was added to it. Sparse in memory while few are not zero: ten bytes that somebody
 * sends must not make two million here. Which form it is in, nobody can tell by the values.
 *
 * Invariant: no number is -0, so that leaving a zero out leaves nothing out.
 */
export class Sums {
  readonly shape: SumsShape
  /** All numbers, once they are many. */
  private dense: Float64Array<ArrayBuffer> | undefined
  /** Numbers by index, while they are few. Invariant: without zeros; and one of the two is undefined. */
  private sparse: Map<number, number> | undefined

  constructor(shape: SumsShape, dense?: Float64Array<ArrayBuffer>) {
    this.shape = shape
    this.dense = dense
  }

  /** The number at `index`. */
  at(index: number): number {
    return this.dense?.[index] ?? this.sparse?.get(index) ?? 0
  }

  /** Roughly how many bytes it takes encoded, without looking through it. */
  get bytes(): number {
    const bytesEach = this.shape.whole ? 2 : 8
    if (this.dense !== undefined) return this.dense.length * bytesEach
    return (this.sparse?.size ?? 0) * (bytesEach + 2)
  }

  copy(): Sums {
    const copy = new Sums(this.shape, this.dense?.slice())
    if (this.sparse !== undefined) copy.sparse = new Map(this.sparse)
    return copy
  }

  toArray(): Float64Array<ArrayBuffer> {
    if (this.dense !== undefined) return this.dense.slice()
    const values = new Float64Array(this.shape.length)
    this.forEach((amount, index) => {
      values[index] = amount
    })
    return values
  }

  /** All numbers. Not a copy. */
  get numbers(): Float64Array {
    return this.dense ?? this.toArray()
  }

  /** How many numbers are not zero. */
  get size(): number {
    const { dense } = this
    if (dense === undefined) return this.sparse?.size ?? 0
    let size = 0
    for (let i = 0; i < dense.length; i++) if (dense[i] !== 0) size++
    return size
  }

  /** Visits the numbers that are not zero, in any order. */
  forEach(visit: (amount: number, index: number) => void): void {
    const { dense } = this
    if (dense === undefined) this.sparse?.forEach(visit)
    else for (let i = 0; i < dense.length; i++) if (dense[i] !== 0) visit(dense[i] ?? 0, i)
  }

  /** Adds to one number. Tells whether the sum stayed within its limits. */
  addAt(index: number, amount: number): boolean {
    const sum = this.at(index) + amount
    const kept = this.within(sum)
    if (this.dense !== undefined || this.shape.length <= DENSE_LENGTH) {
      this.toDense()[index] = kept
    } else {
      this.sparse ??= new Map()
      if (kept === 0) this.sparse.delete(index)
      else this.sparse.set(index, kept)
      if (this.sparse.size * ENTRY_NUMBERS > this.shape.length) this.toDense()
    }
    return kept === sum
  }

  /** Adds the first `count` of `amounts` to the numbers from `start` on. Tells whether all stayed within their limits. */
  addRow(start: number, amounts: Float64Array, count: number): boolean {
    const { low, high } = this.shape
    const dense = this.toDense()
    let kept = true
    for (let i = 0; i < count; i++) {
      const sum = (dense[start + i] ?? 0) + (amounts[i] ?? 0)
      if (sum >= low && sum <= high) dense[start + i] = sum
      else {
        dense[start + i] = this.within(sum)
        kept = false
      }
    }
    return kept
  }

  /** Adds all of `other`. Tells whether all stayed within their limits. */
  merge(other: Sums): boolean {
    if (other.dense !== undefined) return this.addRow(0, other.dense, other.dense.length)
    let kept = true
    other.sparse?.forEach((amount, index) => {
      if (!this.addAt(index, amount)) kept = false
    })
    return kept
  }

  /** What is left after `base` is taken away. */
  less(base: Sums): Sums {
    const rest = this.copy()
    base.forEach((amount, index) => {
      rest.addAt(index, -amount)
    })
    return rest
  }

  private within(sum: number): number {
    return Math.min(Math.max(sum, this.shape.low), this.shape.high)
  }

  private toDense(): Float64Array {
    if (this.dense === undefined) {
      this.dense = new Float64Array(this.shape.length)
      for (const [index, amount] of this.sparse ?? []) this.dense[index] = amount
      this.sparse = undefined
    }
    return this.dense
  }
}
