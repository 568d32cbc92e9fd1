import type { Answer, Extra, Face, HandleBase, Sequence } from '../handles.ts'

/**
 * A list that many may edit at once, up to some ten thousand items. Items are immutable: to change one, delete it and
 * insert another. Change events carry `delta`: the steps from the list before to the list after.
 */
export type ListHandle<P extends Face, T> = HandleBase<P, readonly T[]> & {
  /** Puts items at the end. @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE beyond 192 KiB in one call */
  push(...items: T[]): Answer<P, void>
  /** Puts items before the one at `index`. @throws JoineryError VALUE_INVALID for a place outside the list */
  insert(index: number, ...items: T[]): Answer<P, void>
  delete(index: number, count?: number): Answer<P, void>
  /** The item at `index`; `undefined` outside the list. */
  get(index: number): Answer<P, T | undefined>
  /** As `Array.prototype.slice`: what is negative counts from the end. */
  slice(start?: number, end?: number): Answer<P, readonly T[]>
  count(): Answer<P, number>
  values(): Sequence<P, T>
} & Extra<P, readonly T[], { readonly length: number } & Iterable<T>>
