import { createHash } from 'node:crypto'
import { summaryOf } from './count.ts'
import { type Flight, type Partition, bandOf, hourOf, slicesOf } from './data.ts'
import { measure, missedBounds } from './measure.ts'
import type { Figures } from './schema.ts'

type Entry<M> = M extends ReadonlyMap<string, infer V> ? V : never
type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type TallyValue = Mutable<Entry<Figures['hours']>>

/**
 * The same computation in one process, over plain maps and numbers: what the shared objects must come to.
 * `countedBy` tells which function finished a partition.
 */
export function aggregate(
  flights: readonly Flight[],
  parts: readonly Partition[],
  countedBy: (part: Partition) => string,
): Figures {
  const hours = new Map<string, TallyValue>()
  const bands = new Map<
    string,
    { tally: TallyValue; byHour: Map<string, number>; distances: Set<number> }
  >()
  for (const flight of flights) {
    const hour = hourOf(flight)
    tallyFlight(entryOf(hours, hour, emptyTally), flight)
    const band = entryOf(bands, bandOf(flight), () => {
      return { tally: emptyTally(), byHour: new Map<string, number>(), distances: new Set() }
    })
    tallyFlight(band.tally, flight)
    band.byHour.set(hour, (band.byHour.get(hour) ?? 0) + 1)
    band.distances.add(flight.distance)
  }
  const summaries = new Map(parts.map((part) => [part.name, summaryOf(flights, part)]))
  const partitions = new Map(
    parts.map((part) => {
      const rows = summaries.get(part.name)!.flights
      const slices = new Set(slicesOf(flights, part).map(({ number }) => number))
      return [part.name, { rows, slices, done: true, countedBy: countedBy(part) }]
    }),
  )
  return { hours, bands, delays: measure(flights), partitions, summaries }
}

/** One figure that differs. */
export interface Difference {
  readonly figure: string
  readonly expected: string
  readonly found: string
}

/** Compares every figure on either side: estimates within their stated errors, all others exactly. */
export function differencesOf(expected: Figures, found: Figures): readonly Difference[] {
  const expectedByFigure = flatten(expected)
  const foundByFigure = flatten(found)
  const names = new Set([...expectedByFigure.keys(), ...foundByFigure.keys()])
  const differences = [...names]
    .map((figure) => ({
      figure,
      expected: expectedByFigure.get(figure) ?? 'absent',
      found: foundByFigure.get(figure) ?? 'absent',
    }))
    .filter((each) => each.expected !== each.found && !isEstimate(each.figure))
  return [...differences, ...missedBounds(expected.delays, found.delays)]
}

/** Figures that are exact to a stated error only. */
function isEstimate(figure: string): boolean {
  return /^delays\/(quantiles\/p\d+|distances|moments\/(mean|variance))$/.test(figure)
}

/** How many single figures there are. */
export function countOf(figures: Figures): number {
  return flatten(figures).size
}

/** A fingerprint of all figures: equal exactly when each of them is. */
export function digestOf(figures: Figures): string {
  const lines = [...flatten(figures)].map(([figure, value]) => `${figure}=${value}`)
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex')
}

/** Every figure by its path, such as `bands/0500/byHour/07`. The members of a set are figures too. */
function flatten(figures: Figures): ReadonlyMap<string, string> {
  const valueByFigure = new Map<string, string>()
  const visit = (path: string, value: unknown): void => {
    if (value instanceof Map) {
      for (const [key, member] of value as Map<string, unknown>) visit(`${path}/${key}`, member)
    } else if (value instanceof Set) {
      for (const member of value) visit(`${path}/${JSON.stringify(member)}`, true)
    } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [key, member] of Object.entries(value)) visit(`${path}/${key}`, member)
    } else {
      valueByFigure.set(path.slice(1), value === undefined ? 'undefined' : JSON.stringify(value))
    }
  }
  visit('', figures)
  return valueByFigure
}

function tallyFlight(tally: TallyValue, flight: Flight): void {
  tally.flights += 1
  tally.delay += flight.delay
  tally.worst = Math.max(tally.worst ?? -Infinity, flight.delay)
  tally.best = Math.min(tally.best ?? Infinity, flight.delay)
}

function emptyTally(): TallyValue {
  return { flights: 0, delay: 0, worst: undefined, best: undefined }
}

function entryOf<V>(entries: Map<string, V>, key: string, create: () => V): V {
  let entry = entries.get(key)
  if (entry === undefined) entries.set(key, (entry = create()))
  return entry
}
