import type { LogViewFailure } from '#consensus/raft/log-view.ts'
import type { ConfState, Entry, HardState, Snapshot } from '#consensus/raft/types.ts'
import type { LogStorage, LogWrite } from '#consensus/storage/log-storage.ts'
import type { Truth } from './truth.ts'

/** The log of a member, whose every entry is compared with the truth. */
export class ObservedLog implements LogStorage {
  readonly isDurable: boolean
  readonly #log: LogStorage
  readonly #member: number
  readonly #truth: Truth

  constructor(log: LogStorage, member: number, truth: Truth) {
    this.isDurable = log.isDurable
    this.#log = log
    this.#member = member
    this.#truth = truth
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.#log.initialState()
  }

  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    return this.#log.entries(low, high, bytesMax)
  }

  term(index: number): number | LogViewFailure {
    return this.#log.term(index)
  }

  firstIndex(): number {
    return this.#log.firstIndex()
  }

  lastIndex(): number {
    return this.#log.lastIndex()
  }

  snapshot(): Snapshot | 'snapshot-temporarily-unavailable' {
    return this.#log.snapshot()
  }

  append(write: LogWrite, done: (error?: Error) => void): void {
    this.#log.append(write, done)
    const first = write.entries[0]
    if (first === undefined) return
    const before = this.#log.term(first.index - 1)
    if (typeof before === 'number') this.#truth.written(this.#member, write.entries, before)
  }

  compact(snapshot: Snapshot, keepFrom: number, done: (error?: Error) => void): void {
    this.#log.compact(snapshot, keepFrom, done)
  }

  close(): Promise<void> {
    return this.#log.close()
  }
}
