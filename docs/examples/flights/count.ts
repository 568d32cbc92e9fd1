import { type Flight, type Partition, bandOf, flightsOf, hourOf } from './data.ts'
import type { Summary, Tables } from './schema.ts'

/** How many flights a slice has. */
const flightsPerSlice = 250

/** How many operations {@link countFlight} makes. */
export const operationsPerFlight = 10

/** How many operations {@link finishPartition} makes. */
export const operationsPerPartition = 4

/**
 * Counts one flight. On local handles every operation is done when it returns; on remote ones each is under way, and
 * the promises are the caller's to await: many calls in flight cost little more than one.
 */
export function countFlight(tables: Tables, flight: Flight): readonly (void | Promise<void>)[] {
  const hour = tables.hours.at(hourOf(flight))
  const band = tables.bands.at(bandOf(flight))
  return [
    hour.flights.add(),
    hour.delay.add(flight.delay),
    hour.worst.offer(flight.delay),
    hour.best.offer(flight.delay),
    band.tally.flights.add(),
    band.tally.delay.add(flight.delay),
    band.tally.worst.offer(flight.delay),
    band.tally.best.offer(flight.delay),
    band.byHour.at(hourOf(flight)).add(),
    band.distances.add(flight.distance),
  ]
}

/** How many operations {@link measureFlights} makes, however many flights it is given. */
export const operationsPerSlice = 5

/** Adds some flights to the distribution of delays: each object takes them in one operation. */
export function measureFlights(
  tables: Tables,
  flights: readonly Flight[],
): readonly (void | Promise<void>)[] {
  const { delays } = tables
  const minutes = flights.map(({ delay }) => delay)
  return [
    delays.moments.record(...minutes),
    delays.quantiles.record(...minutes),
    delays.spread.record(...minutes),
    delays.byHour.addSparse(
      flights.map((flight) => Number(hourOf(flight))),
      minutes,
    ),
    delays.distances.add(...flights.map(({ distance }) => distance)),
  ]
}

/** The flights of a partition in slices: between two, a process answers its network. */
export function* slicesOf(
  flights: readonly Flight[],
  part: Partition,
): Generator<readonly Flight[]> {
  let slice: Flight[] = []
  for (const flight of flightsOf(flights, part)) {
    slice.push(flight)
    if (slice.length < flightsPerSlice) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/** Notes that every flight of the partition is counted. */
export async function finishPartition(
  tables: Tables,
  part: Partition,
  flights: readonly Flight[],
  countedBy: string,
): Promise<void> {
  const summary = summaryOf(flights, part)
  const progress = tables.partitions.at(part.name)
  await progress.rows.add(summary.flights)
  await progress.countedBy.set(countedBy)
  await tables.summaries.set(part.name, summary)
  await progress.done.enable()
}

/** A partition in a few figures. */
export function summaryOf(flights: readonly Flight[], part: Partition): Summary {
  const hours = new Set<string>()
  let count = 0
  let delay = 0
  for (const flight of flightsOf(flights, part)) {
    hours.add(hourOf(flight))
    count += 1
    delay += flight.delay
  }
  return { flights: count, delayMean: count === 0 ? 0 : delay / count, hours: [...hours].sort() }
}
