import type { StateMachine } from '../host/state-machine.ts'
import type { ConfState, Entry, Snapshot } from '../raft/types.ts'
import type { LogStorage } from '../storage/log-storage.ts'
import type { GroupOptions } from './options.ts'

/** Besides its data, what an entry takes of a log in memory: measured 161. Left out, a log of short entries would take twice its bound. */
const ENTRY_BYTES = 168

/**
 * When a member puts a snapshot in place of the beginning of its log: after as much log as the option says, or as much
 * as its last snapshot was long, if that is more. So a large state is not written again for every few entries.
 */
export class Compactor {
  readonly #storage: LogStorage
  readonly #machine: StateMachine
  readonly #options: GroupOptions
  readonly #failed: (error: Error) => void
  #last: { readonly index: number; readonly term: number } = { index: 0, term: 0 }
  #logBytes = 0
  #logEntries = 0
  #snapshotBytes = 0
  #isUnderWay = false

  constructor(
    { storage, machine }: { readonly storage: LogStorage; readonly machine: StateMachine },
    options: GroupOptions,
    failed: (error: Error) => void,
  ) {
    this.#storage = storage
    this.#machine = machine
    this.#options = options
    this.#failed = failed
  }

  applied({ index, term, data }: Entry): void {
    this.#last = { index, term }
    this.#logBytes += ENTRY_BYTES + data.length
    this.#logEntries++
  }

  /** The state is that of a snapshot. */
  restored({ index, term, data }: Snapshot): void {
    this.#last = { index, term }
    this.#logBytes = 0
    this.#logEntries = 0
    this.#snapshotBytes = data.length
  }

  /** The state as it is. */
  snapshot(confState: ConfState): Snapshot {
    return { ...this.#last, confState, data: this.#machine.snapshot() }
  }

  /** Takes a snapshot, if one is due. `confState` is that at the last applied entry. */
  run(confState: ConfState): void {
    const dueBytes = Math.max(this.#options.snapshotLogBytes, this.#snapshotBytes)
    if (this.#isUnderWay || this.#logBytes < dueBytes) return
    const tail = this.#tailEntries()
    const snapshot = this.snapshot(confState)
    this.restored(snapshot)
    this.#isUnderWay = true
    const keepFrom = Math.max(1, snapshot.index + 1 - tail)
    this.#storage.compact(snapshot, keepFrom, (error) => {
      this.#isUnderWay = false
      if (error !== undefined) this.#failed(error)
    })
  }

  /** As many as the option says, but of no more bytes than make a snapshot due. */
  #tailEntries(): number {
    const { tailEntries, snapshotLogBytes } = this.#options
    const bytesEach = this.#logBytes / this.#logEntries
    return Math.min(tailEntries, Math.floor(snapshotLogBytes / bytesEach))
  }
}
