import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/**
 * Sums numbers by index. Concurrent amounts sum, in an order that is the same at every replica: who has seen the same
 * reads the same bits. Concurrent sums beyond the finite numbers stop at the greatest one.
 */
export type VectorHandle<P extends Face> = HandleBase<P, Float64Array> & {
  /**
   * Adds a number to each.
   *
   * @throws JoineryError VALUE_INVALID for another length, for NaN and infinities, and when a sum would not be finite.
   */
  add(values: ArrayLike<number>): Answer<P, void>
  /** Adds to the number at `index`. */
  addAt(index: number, amount: number): Answer<P, void>
  /** Adds each amount to the number at its index. An index may come several times. */
  addSparse(indexes: ArrayLike<number>, amounts: ArrayLike<number>): Answer<P, void>
} & Extra<P, Float64Array>
