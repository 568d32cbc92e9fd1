import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** How many samples fell where. */
export interface HistogramValue {
  readonly edges: readonly number[]
  /**
   * One more than there are edges: below the first edge, from each edge to the one after it, and from the last one on.
   * A sample that is an edge counts above it.
   */
  readonly counts: readonly number[]
}

/** Counts samples by the edges between which they fall. */
export type HistogramHandle<P extends Face> = HandleBase<P, HistogramValue> & {
  /** @throws JoineryError VALUE_INVALID for what is no finite number */
  record(...samples: readonly number[]): Answer<P, void>
} & Extra<P, HistogramValue>
