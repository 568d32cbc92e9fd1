/** What a writer writes down, at once: it may be killed at any time. Times are those of `nowUs`. */
export type Line =
  /** It is about to make its write number `seq`; the first is 1. */
  | { readonly kind: 'write'; readonly seq: number }
  /** That write was refused, and its number is for the next. */
  | { readonly kind: 'refused'; readonly seq: number; readonly code: string }
  /** A flush has resolved that began when `seq` was the last write. */
  | { readonly kind: 'acknowledged'; readonly seq: number; readonly at: number }
  /** A flush gave up. */
  | { readonly kind: 'unacknowledged'; readonly code: string }
  /** What this replica showed in one turn: the total, and the counts of writers that are not as they were last. */
  | {
      readonly kind: 'read'
      readonly at: number
      readonly total: number
      readonly counts: Readonly<Record<string, number>>
    }
  /** What the peer reported. */
  | { readonly kind: 'report'; readonly at: number; readonly report: string }

/** Whole numbers from the first to the second, both included. */
export type Range = readonly [first: number, last: number]

/** What a replica has of one writer. */
export interface HeldWrites {
  /** How often its counter was added to. */
  readonly count: number
  /** The numbers of its entries in the map, in order. */
  readonly entries: readonly Range[]
  /** The numbers of its members of the set, in order. */
  readonly members: readonly Range[]
}

/** All that a replica shows, in one turn. */
export interface Holdings {
  readonly total: number
  readonly writers: Readonly<Record<string, HeldWrites>>
  /** Equal for replicas that show the same. */
  readonly digest: string
}

/** Whole numbers as ranges. */
export function rangesOf(numbers: Iterable<number>): Range[] {
  const ranges: [number, number][] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && number === last[1] + 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

/** How many numbers there are in all ranges. */
export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0)
}
