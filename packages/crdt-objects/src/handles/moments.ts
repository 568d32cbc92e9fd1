import type { Answer, Extra, Face, HandleBase } from '../handles.ts'
import type { MomentsValue } from '../sums/moments-sums.ts'

/** Takes samples; reads as their count, sum, mean and variance. The samples themselves are not kept. */
export type MomentsHandle<P extends Face> = HandleBase<P, MomentsValue> & {
  /**
   * Takes samples, each a finite number whose square is finite too.
   *
   * @throws JoineryError VALUE_INVALID
   */
  record(...samples: readonly number[]): Answer<P, void>
} & Extra<P, MomentsValue>
