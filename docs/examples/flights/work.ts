import {
  barrier,
  type BarrierHandle,
  future,
  type FutureHandle,
  queue,
  type QueueHandle,
} from '@joinery/consensus'
import type { Space } from '@joinery/crdt-objects'
import type { Partition } from './data.ts'
import type { Figures } from './schema.ts'

/** What the job comes to, as the first function to read all of it gives it. */
export interface Publication {
  readonly publishedBy: string
  readonly figures: Figures
}

/**
 * The objects of the job that need one order: a group of containers keeps them.
 *
 * A partition is handed out once. If its claimer dies, nobody can tell at once how much of it is in the tables, for
 * counts are eventual: it is set aside, as dead, until all have met.
 */
export interface Work {
  /** Large partitions, for containers. */
  readonly large: QueueHandle<Partition>
  /** Small ones, for short functions. */
  readonly small: QueueHandle<Partition>
  /** All who write meet here: whoever has passed it sees what any of them had written or seen. */
  readonly meeting: BarrierHandle
  readonly result: FutureHandle<Publication>
}

/** How long a partition is a function's own, unless it says that it is done. */
export const leaseMs = 5_000

const Partitions = queue<Partition>({ attemptsMax: 1 })
const Result = future<Publication>()

/** Opens the job's objects in strong mode. The parties are the containers, and the coordinator for all short functions. */
export async function openWork(space: Space, containers: number): Promise<Work> {
  const [large, small, meeting, result] = await Promise.all([
    space.open('work', Partitions),
    space.open('work of short functions', Partitions),
    space.open('meeting', barrier(containers + 1)),
    space.open('result', Result),
  ])
  return { large, small, meeting, result }
}
