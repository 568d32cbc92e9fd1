import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** One flight: delay at arrival in minutes (early is negative), distance in miles, departure in hours of the day. */
export interface Flight {
  readonly delay: number
  readonly distance: number
  readonly time: number
}

/** The share of one function: every `step`-th flight from `first` on, so that each function meets every hour. */
export interface Partition {
  readonly name: string
  readonly first: number
  readonly step: number
}

export const rowsMax = 200_000

/** Reads `rows` flights, spread evenly over the day, from the npm package vega-datasets. */
export function readFlights(rows: number): readonly Flight[] {
  // The package exports its index only; the data lies beside it.
  const index = createRequire(import.meta.url).resolve('vega-datasets')
  const file = join(dirname(index), '../data/flights-200k.json')
  const flights = JSON.parse(readFileSync(file, 'utf8')) as readonly Flight[]
  if (flights.length < rows) throw new Error(`${file} has ${flights.length} flights, not ${rows}`)
  return Array.from({ length: rows }, (_, i) => flights[Math.floor((i * flights.length) / rows)]!)
}

/** Some of the flights of one partition: what is counted at a time. */
export interface Slice {
  readonly number: number
  readonly flights: readonly Flight[]
}

const slicesPerPartition = 12

/** Divides the flights into `count` partitions, named 00, 01 … */
export function partitionsOf(count: number): readonly Partition[] {
  return Array.from({ length: count }, (_, first) => {
    return { name: `${first}`.padStart(2, '0'), first, step: count }
  })
}

/** Large partitions for containers, and small ones for short functions. */
export interface JobPartitions {
  readonly large: readonly Partition[]
  readonly small: readonly Partition[]
}

const largeStep = 60
const smallStep = 4 * largeStep
const smallShare = 12 / largeStep

/** The fewest rows for which no partition is empty. */
export const rowsMin = smallStep

/** Divides the flights for the job: a fifth of them for short functions. */
export function jobPartitions(): JobPartitions {
  const isSmall = ({ first }: Partition): boolean => first % largeStep < smallShare * largeStep
  return {
    large: partitionsOf(largeStep).filter((part) => !isSmall(part)),
    small: partitionsOf(smallStep).filter(isSmall),
  }
}

/** The flights of one partition. */
export function* flightsOf(flights: readonly Flight[], part: Partition): Generator<Flight> {
  for (let row = part.first; row < flights.length; row += part.step) yield flights[row]!
}

/** The flights of a partition in slices, numbered from 0 on. */
export function slicesOf(flights: readonly Flight[], part: Partition): readonly Slice[] {
  const own = [...flightsOf(flights, part)]
  const size = Math.ceil(own.length / slicesPerPartition)
  const count = size === 0 ? 0 : Math.ceil(own.length / size)
  return Array.from({ length: count }, (_, number) => {
    return { number, flights: own.slice(number * size, (number + 1) * size) }
  })
}

/** The key of a flight's hour of departure, 00 to 23. */
export function hourOf(flight: Flight): string {
  return `${Math.floor(flight.time)}`.padStart(2, '0')
}

/** The key of a flight's distance band: 0000 is below 500 miles, 0500 below 1,000, and so on. */
export function bandOf(flight: Flight): string {
  return `${Math.floor(flight.distance / 500) * 500}`.padStart(4, '0')
}
