import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** How many samples there are, and three of their quantiles: undefined while there is none. */
export interface QuantilesValue {
  readonly count: number
  readonly p50: number | undefined
  readonly p90: number | undefined
  readonly p99: number | undefined
}

/** Samples, kept as counts by size: any quantile within the stated relative error. */
export type QuantilesHandle<P extends Face> = HandleBase<P, QuantilesValue> & {
  /** @throws JoineryError VALUE_INVALID for what is no finite number. */
  record(...samples: readonly number[]): Answer<P, void>
  /**
   * The sample below which the share `q` of all lies, 0 to 1: 0.5 is the median.
   *
   * @throws JoineryError VALUE_INVALID for a `q` beyond 0 to 1.
   */
  quantile(q: number): Answer<P, number | undefined>
} & Extra<P, QuantilesValue>
