import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** Remembers items well enough to tell, nearly always, which were never added. */
export type BloomHandle<P extends Face, T> = HandleBase<P, number> & {
  /** Adds items, equal by structure. An item that seems to be there already is no update. */
  add(...items: readonly T[]): Answer<P, void>
  /** `false` is certain; `true` is wrong for the stated share of items that were never added, once it is full. */
  has(item: T): Answer<P, boolean>
  /** About how many different items were added. */
  count(): Answer<P, number>
} & Extra<P, number>
