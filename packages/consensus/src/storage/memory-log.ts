import type { ConfState, Entry, HardState, Snapshot } from '../raft/types.ts'
import type { LogViewFailure } from '../raft/log-view.ts'
import type { LogStorage, LogWrite } from './log-storage.ts'
import { LogTail } from './log-tail.ts'

/** A log that ends with the process. */
export class MemoryLog implements LogStorage {
  readonly isDurable = false
  readonly #tail = new LogTail()
  readonly #defer: (task: () => void) => void
  #isWriting = false
  #isClosed = false

  /** `defer` says when a write is done: at once, unless tests let time pass. */
  constructor(defer = (task: () => void): void => task()) {
    this.#defer = defer
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return this.#tail.initialState()
  }

  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    return this.#tail.entries(low, high, bytesMax)
  }

  term(index: number): number | LogViewFailure {
    return this.#tail.term(index)
  }

  firstIndex(): number {
    return this.#tail.firstIndex()
  }

  lastIndex(): number {
    return this.#tail.lastIndex()
  }

  snapshot(): Snapshot {
    return this.#tail.snapshot()
  }

  append(write: LogWrite, done: (error?: Error) => void): void {
    if (this.#isWriting) throw new Error('a write is under way: wait for its end')
    if (this.#isClosed) {
      this.#defer(() => done(new Error('the log is closed')))
      return
    }
    this.#tail.write(write)
    this.#isWriting = true
    this.#defer(() => {
      this.#isWriting = false
      done()
    })
  }

  compact(snapshot: Snapshot, keepFrom: number, done: (error?: Error) => void): void {
    if (this.#isClosed) {
      this.#defer(() => done(new Error('the log is closed')))
      return
    }
    // An older one than a leader has sent in the meantime says nothing new.
    if (snapshot.index >= this.#tail.snapshot().index) {
      this.#tail.compact(snapshot, this.#tail.boundaryFor(snapshot.index, keepFrom))
    }
    this.#defer(() => done())
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }
}
