import type { Answer, Extra, Face, HandleBase, Sequence } from '../handles.ts'

/**
 * Entries in the order of their time (a hybrid clock's), then replica. What others append concurrently may come to stand
 * before the last entry seen here; entries never change, and none goes but with the whole place.
 */
export type LogHandle<P extends Face, T> = HandleBase<P, readonly T[]> & {
  /** Adds entries, next to each other, whole or not at all. */
  append(...items: readonly T[]): Answer<P, void>
  count(): Answer<P, number>
  /** The entries from `start` to before `end`; negative ones count from the end, as in `Array.prototype.slice`. */
  slice(start?: number, end?: number): Answer<P, readonly T[]>
  /** The entries that are there when the reading begins, whatever is appended meanwhile. */
  values(): Sequence<P, T>
} & Extra<P, readonly T[], { readonly length: number } & Iterable<T>>
