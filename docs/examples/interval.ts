import { defineType, invalidValue } from '@joinery/crdt-objects'

/** What an interval knows: the least and the greatest number that it was widened to, or nothing yet. */
type Bounds = { readonly low: number; readonly high: number } | undefined

function join(a: Bounds, b: Bounds): Bounds {
  if (a === undefined) return b
  if (b === undefined) return a
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }
}

/** The least interval around every number that any replica widened it to. */
export const interval = defineType({
  name: 'examples.interval',
  empty: (): Bounds => undefined,
  join,
  value: (bounds) => bounds,
  operations: {
    /** Widens the interval to hold these numbers. */
    widen(_bounds, _context, ...numbers: number[]): Bounds {
      if (!numbers.every(Number.isFinite)) throw invalidValue('an interval holds finite numbers')
      return numbers.length === 0
        ? undefined
        : { low: Math.min(...numbers), high: Math.max(...numbers) }
    },
  },
})
