import type { Transaction } from 'yjs'
import { addRange, type Ranges } from './ranges.ts'

/** So many are kept apart; beyond, the latest two become one, of the later epoch. Only who never trims gets there. */
const AGES_MAX = 16

/** What was here when an epoch was entered. */
export interface Age {
  readonly epoch: number
  /** By client: where its units ended. All before that were made in earlier epochs. */
  readonly ends: ReadonlyMap<number, number>
  /** By client: what was deleted since the age before, by updates that were made in earlier epochs. */
  readonly deleted: ReadonlyMap<number, Ranges>
}

/**
 * In which epochs units were deleted here, for those that are still listed. It is not part of the state: what a state
 * brings counts as deleted now. That is later than it was, and so only makes it stay longer.
 */
export class Ages {
  private fresh = new Map<number, Ranges>()
  private hasChanged = false
  /** In the order of their epochs. Invariant: at most AGES_MAX. */
  private aged: Age[] = []

  /** Whether something that was deleted in an earlier epoch waits to be taken. */
  get isWaiting(): boolean {
    return this.aged.length > 0
  }

  /** Notes what a transaction has deleted. */
  note({ deleteSet }: Transaction): void {
    this.hasChanged = true
    for (const [client, deleted] of deleteSet.clients) {
      for (const { clock, len } of deleted) addRange(this.fresh, client, clock, len)
    }
  }

  /** An epoch was entered: all that is here was made in earlier ones. */
  enter(epoch: number, endsNow: () => ReadonlyMap<number, number>): void {
    if (!this.hasChanged) return
    this.hasChanged = false
    this.aged.push({ epoch, ends: endsNow(), deleted: this.fresh })
    this.fresh = new Map()
    if (this.aged.length > AGES_MAX) this.aged.push(merged(this.aged.splice(-2)))
  }

  /** What was made and deleted before this epoch, once; undefined if there is nothing new. */
  take(epoch: number): Age | undefined {
    const later = this.aged.findIndex((age) => age.epoch > epoch)
    const ages = this.aged.splice(0, later === -1 ? this.aged.length : later)
    return ages.length === 0 ? undefined : merged(ages)
  }
}

/** Several ages in a row as one, of the latest of their epochs. */
function merged(ages: readonly Age[]): Age {
  const deleted = new Map<number, Ranges>()
  for (const age of ages) {
    for (const [client, ranges] of age.deleted) {
      for (let i = 0; i < ranges.length; i += 2) {
        addRange(deleted, client, ranges[i] ?? 0, ranges[i + 1] ?? 0)
      }
    }
  }
  const { epoch = 0, ends = new Map<number, number>() } = ages.at(-1) ?? {}
  return { epoch, ends, deleted }
}
