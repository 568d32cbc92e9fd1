import {
  type HandleOf,
  type Space,
  type ValueOf,
  counter,
  distinct,
  flag,
  histogram,
  map,
  max,
  min,
  moments,
  quantiles,
  register,
  set,
  struct,
  vector,
} from '@joinery/crdt-objects'

/** What is kept for a group of flights: how many, their delays in minutes, and the extremes. */
export const Tally = struct({ flights: counter(), delay: counter(), worst: max(), best: min() })

/** The flights of one distance band: their tally, how many left in each hour, and which distances occur. */
export const Band = struct({ tally: Tally, byHour: map(counter()), distances: set<number>() })

/** The state of one partition. One function at a time writes it, so a register is right for its name. */
export const Progress = struct({
  rows: counter(),
  /** Which slices are in the tables. */
  slices: set<number>(),
  done: flag(),
  countedBy: register<string>(),
})

/** A partition in a few figures, written by the function that counted it. */
export interface Summary {
  readonly flights: number
  readonly delayMean: number
  readonly hours: readonly string[]
}

/** Where the classes of delay begin, in minutes; below the first is a class of its own. */
export const delayEdges = [-40, -30, -20, -10, 0, 10, 20, 30, 45, 60, 90, 120, 180, 240] as const

/** How the delays of all flights are distributed, in constant space however many flights there are. */
export const Delays = struct({
  moments: moments(),
  quantiles: quantiles(),
  spread: histogram(delayEdges),
  /** Minutes of delay by hour of departure. */
  byHour: vector(24),
  /** How many different distances were flown. */
  distances: distinct<number>(),
})

export const Hours = map(Tally)
export const Bands = map(Band)
export const Partitions = map(Progress)
export const Summaries = map<Summary>()

/** The job's objects, embedded in this process or behind a gateway. */
export interface Tables {
  readonly hours: HandleOf<typeof Hours>
  readonly bands: HandleOf<typeof Bands>
  readonly delays: HandleOf<typeof Delays>
  readonly partitions: HandleOf<typeof Partitions>
  readonly summaries: HandleOf<typeof Summaries>
}

/** Everything the job computes, as plain data. */
export interface Figures {
  readonly hours: ValueOf<typeof Hours>
  readonly bands: ValueOf<typeof Bands>
  readonly delays: ValueOf<typeof Delays>
  readonly partitions: ValueOf<typeof Partitions>
  readonly summaries: ValueOf<typeof Summaries>
}

/** The space that all functions of the job share. */
export const spaceName = 'flights'

/** Opens the job's objects. The same call serves a peer's space and a client's. */
export async function openTables(space: Space): Promise<Tables> {
  const [hours, bands, delays, partitions, summaries] = await Promise.all([
    space.open('hours', Hours),
    space.open('bands', Bands),
    space.open('delays', Delays),
    space.open('partitions', Partitions),
    space.open('summaries', Summaries),
  ])
  return { hours, bands, delays, partitions, summaries }
}

/** Reads everything as this replica (or this gateway's) has it. */
export async function readTables(tables: Tables): Promise<Figures> {
  return {
    hours: await tables.hours.read(),
    bands: await tables.bands.read(),
    delays: await tables.delays.read(),
    partitions: await tables.partitions.read(),
    summaries: await tables.summaries.read(),
  }
}
