import type { Draft, Space } from '@joinery/crdt-objects'
import { setImmediate } from 'node:timers/promises'
import {
  type Flight,
  type Partition,
  type Slice,
  bandOf,
  flightsOf,
  hourOf,
  slicesOf,
} from './data.ts'
import type { Summary, Tables } from './schema.ts'

/** What a function counts with. */
export interface Counting {
  readonly name: string
  readonly flights: readonly Flight[]
  readonly space: Space
  readonly tables: Tables
}

/** A table, as a transaction writes it. */
type Drafts = { readonly [T in keyof Tables]: Draft<Tables[T]> }

/** How many operations {@link countFlight} makes. */
const operationsPerFlight = 10
/** How many operations {@link countSlice} makes besides. */
const operationsPerSlice = 7
/** How many operations {@link finishPartition} makes. */
const operationsPerPartition = 3

/**
 * Counts those slices of a partition that are not in the tables, and only the first `slicesMax` of it. Gives how many
 * operations it made.
 */
export async function countPartition(
  counting: Counting,
  part: Partition,
  slicesMax = Infinity,
): Promise<number> {
  const counted = await slicesCounted(counting.tables, part)
  let operations = 0
  for (const slice of slicesOf(counting.flights, part)) {
    if (slice.number >= slicesMax) return operations
    if (counted.has(slice.number)) continue
    await countSlice(counting, part, slice)
    operations += slice.flights.length * operationsPerFlight + operationsPerSlice
    // The process answers its network and its gateway.
    await setImmediate()
  }
  await finishPartition(counting, part)
  return operations + operationsPerPartition
}

/** Which slices of a partition are in the tables, as far as it is known here. */
export async function slicesCounted(tables: Tables, part: Partition): Promise<ReadonlySet<number>> {
  return (await tables.partitions.get(part.name))?.slices ?? new Set()
}

/**
 * Counts a slice, and notes that it is counted, in one transaction: everywhere all of that is seen, or nothing, whatever
 * becomes of this process.
 */
async function countSlice(
  { space, tables }: Counting,
  part: Partition,
  slice: Slice,
): Promise<void> {
  await space.transact((tx) => {
    const drafts = draftsOf(tables, tx)
    for (const flight of slice.flights) countFlight(drafts, flight)
    measureFlights(drafts, slice.flights)
    const progress = drafts.partitions.at(part.name)
    progress.rows.add(slice.flights.length)
    progress.slices.add(slice.number)
  })
}

function countFlight(tables: Drafts, flight: Flight): void {
  const hour = tables.hours.at(hourOf(flight))
  const band = tables.bands.at(bandOf(flight))
  hour.flights.add()
  hour.delay.add(flight.delay)
  hour.worst.offer(flight.delay)
  hour.best.offer(flight.delay)
  band.tally.flights.add()
  band.tally.delay.add(flight.delay)
  band.tally.worst.offer(flight.delay)
  band.tally.best.offer(flight.delay)
  band.byHour.at(hourOf(flight)).add()
  band.distances.add(flight.distance)
}

/** Adds some flights to the distribution of delays: each object takes them in one operation. */
function measureFlights({ delays }: Drafts, flights: readonly Flight[]): void {
  const minutes = flights.map(({ delay }) => delay)
  delays.moments.record(...minutes)
  delays.quantiles.record(...minutes)
  delays.spread.record(...minutes)
  delays.byHour.addSparse(
    flights.map((flight) => Number(hourOf(flight))),
    minutes,
  )
  delays.distances.add(...flights.map(({ distance }) => distance))
}

/** Notes that every flight of the partition is counted. */
async function finishPartition(counting: Counting, part: Partition): Promise<void> {
  const summary = summaryOf(counting.flights, part)
  await counting.space.transact((tx) => {
    const { partitions, summaries } = draftsOf(counting.tables, tx)
    partitions.at(part.name).countedBy.set(counting.name)
    summaries.set(part.name, summary)
    partitions.at(part.name).done.enable()
  })
}

function draftsOf(tables: Tables, tx: <H extends object>(handle: H) => Draft<H>): Drafts {
  return {
    hours: tx(tables.hours),
    bands: tx(tables.bands),
    delays: tx(tables.delays),
    partitions: tx(tables.partitions),
    summaries: tx(tables.summaries),
  }
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
