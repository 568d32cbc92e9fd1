import type { ConfState, Entry, HardState, Snapshot } from './types.ts'

/**
 * What the core reads of durable storage: at once, so the tail that followers may ask for is kept in memory.
 *
 * `compacted`: the entry is no longer there, a snapshot is. `unavailable`: it is not there yet.
 */
export interface LogView {
  /** `confState` is that after the last entry applied, which the configuration of the core names. */
  initialState(): { readonly hardState: HardState; readonly confState: ConfState }
  /** Entries from `low` up to `high`, exclusive, cut after `bytesMax` but never below one. */
  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure
  /** The term of an entry, also of the one just before {@link LogView.firstIndex}. */
  term(index: number): number | LogViewFailure
  firstIndex(): number
  lastIndex(): number
  /** The latest snapshot; `snapshot-temporarily-unavailable` has the core ask again later. */
  snapshot(): Snapshot | 'snapshot-temporarily-unavailable'
}

export type LogViewFailure = 'compacted' | 'unavailable'
