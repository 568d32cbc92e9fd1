import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** Sums numbers by row and column, as a vector does by index. */
export type MatrixHandle<P extends Face> = HandleBase<P, readonly Float64Array[]> & {
  /**
   * Adds a number to each: rows of numbers.
   *
   * @throws JoineryError VALUE_INVALID for another size, for NaN and infinities, and when a sum would not be finite.
   */
  add(rows: ArrayLike<ArrayLike<number>>): Answer<P, void>
  /** Adds a number to each of one row. */
  addRow(row: number, values: ArrayLike<number>): Answer<P, void>
  /** Adds to one number. */
  addAt(row: number, column: number, amount: number): Answer<P, void>
  /** The numbers of one row. */
  row(row: number): Answer<P, Float64Array>
} & Extra<P, readonly Float64Array[]>
