import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** Estimates how many different items were added. */
export type DistinctHandle<P extends Face, T> = HandleBase<P, number> & {
  /** Adds items, equal by structure. An item that is seen here already is no update. */
  add(...items: readonly T[]): Answer<P, void>
} & Extra<P, number>
