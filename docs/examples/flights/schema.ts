import {
  type HandleOf,
  type Space,
  type ValueOf,
  counter,
  flag,
  map,
  max,
  min,
  register,
  set,
  struct,
} from '@joinery/crdt-objects'

/** What is kept for a group of flights: how many, their delays in minutes, and the extremes. */
export const Tally = struct({ flights: counter(), delay: counter(), worst: max(), best: min() })

/** The flights of one distance band: their tally, how many left in each hour, and which distances occur. */
export const Band = struct({ tally: Tally, byHour: map(counter()), distances: set<number>() })

/** The state of one partition. One function writes it, so a register is right for its name. */
export const Progress = struct({ rows: counter(), done: flag(), countedBy: register<string>() })

/** A partition in a few figures, written once, by the function that counted it. */
export interface Summary {
  readonly flights: number
  readonly delayMean: number
  readonly hours: readonly string[]
}

export const Hours = map(Tally)
export const Bands = map(Band)
export const Partitions = map(Progress)
export const Summaries = map<Summary>()

/** The job's objects, embedded in this process or behind a gateway. */
export interface Tables {
  readonly hours: HandleOf<typeof Hours>
  readonly bands: HandleOf<typeof Bands>
  readonly partitions: HandleOf<typeof Partitions>
  readonly summaries: HandleOf<typeof Summaries>
}

/** Everything the job computes, as plain data. */
export interface Figures {
  readonly hours: ValueOf<typeof Hours>
  readonly bands: ValueOf<typeof Bands>
  readonly partitions: ValueOf<typeof Partitions>
  readonly summaries: ValueOf<typeof Summaries>
}

/** The space that all functions of the job share. */
export const spaceName = 'flights'

/** Opens the job's objects. The same call serves a peer's space and a client's. */
export async function openTables(space: Space): Promise<Tables> {
  const [hours, bands, partitions, summaries] = await Promise.all([
    space.open('hours', Hours),
    space.open('bands', Bands),
    space.open('partitions', Partitions),
    space.open('summaries', Summaries),
  ])
  return { hours, bands, partitions, summaries }
}

/** Reads everything as this replica (or this gateway's) has it. */
export async function readTables(tables: Tables): Promise<Figures> {
  return {
    hours: await tables.hours.read(),
    bands: await tables.bands.read(),
    partitions: await tables.partitions.read(),
    summaries: await tables.summaries.read(),
  }
}
