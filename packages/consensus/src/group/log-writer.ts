import type { Message } from '../raft/message.ts'
import type { Entry, HardState, Snapshot } from '../raft/types.ts'
import type { LogStorage, LogWrite } from '../storage/log-storage.ts'

/** What the core wants written, and what it says once that is durable. */
export interface Append {
  readonly hardState: HardState | undefined
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | undefined
  readonly responses: readonly Message[]
}

/**
 * Group commit: one write is under way; what comes meanwhile becomes the next one, whole. What a write promises is
 * released when it is durable, in order.
 *
 * Where only the commit index moved there is nothing to wait for: it is written along with what comes next, or by
 * {@link LogWriter.flush}.
 */
export class LogWriter {
  readonly #storage: LogStorage
  readonly #written: (responses: readonly Message[]) => void
  readonly #failed: (error: Error) => void
  #hardState: HardState
  /** Invariant: term and vote are those of the last hard state that is durable or under way. */
  #isCommitUnwritten = false
  #queue: Append[] = []
  #isWriting = false
  #isStopped = false

  constructor(
    storage: LogStorage,
    written: (responses: readonly Message[]) => void,
    failed: (error: Error) => void,
  ) {
    this.#storage = storage
    this.#hardState = storage.initialState().hardState
    this.#written = written
    this.#failed = failed
  }

  /** Answers whether nothing has to be written first: then the responses hold already. */
  add(append: Append): boolean {
    if (!this.#isWriting && this.#queue.length === 0 && !this.#promises(append)) {
      if (append.hardState !== undefined) {
        this.#hardState = append.hardState
        this.#isCommitUnwritten = true
      }
      return true
    }
    this.#queue.push(append)
    return false
  }

  /** Begins to write what has come, if nothing is under way. */
  start(): void {
    const queue = this.#queue
    if (this.#isWriting || this.#isStopped || queue.length === 0) return
    this.#queue = []
    const mustSync = queue.some((append) => this.#promises(append))
    const merged = queue.length === 1 ? queue[0]! : queue.reduce(merge)
    this.#hardState = merged.hardState ?? this.#hardState
    const isHardStateNew = merged.hardState !== undefined || this.#isCommitUnwritten
    this.#append(
      {
        hardState: isHardStateNew ? this.#hardState : undefined,
        entries: merged.entries,
        snapshot: merged.snapshot,
        mustSync,
      },
      merged.responses,
    )
  }

  /** Has a commit index written that waits for company. */
  flush(): void {
    if (!this.#isCommitUnwritten || this.#isWriting || this.#isStopped) return
    this.#append({ hardState: this.#hardState, entries: [], mustSync: false }, [])
  }

  stop(): void {
    this.#isStopped = true
    this.#queue = []
  }

  #append(write: LogWrite, responses: readonly Message[]): void {
    this.#isWriting = true
    this.#isCommitUnwritten = false
    this.#storage.append(write, (error) => {
      this.#isWriting = false
      if (this.#isStopped) return
      if (error === undefined) this.#written(responses)
      else this.#failed(error)
    })
  }

  #promises({ hardState, entries, snapshot }: Append): boolean {
    if (entries.length > 0 || snapshot !== undefined) return true
    return (
      hardState !== undefined &&
      (hardState.term !== this.#hardState.term || hardState.vote !== this.#hardState.vote)
    )
  }
}

/** Two writes as one, the second after the first. */
function merge(first: Append, second: Append): Append {
  const responses = [...first.responses, ...second.responses]
  const hardState = second.hardState ?? first.hardState
  if (second.snapshot !== undefined) {
    return { hardState, entries: second.entries, snapshot: second.snapshot, responses }
  }
  return {
    hardState,
    entries: concatenate(first.entries, second.entries),
    snapshot: first.snapshot,
    responses,
  }
}

/** What stands at or after the first of `later` is replaced by it. */
function concatenate(entries: readonly Entry[], later: readonly Entry[]): readonly Entry[] {
  const [first, next] = [entries[0], later[0]]
  if (first === undefined || next === undefined) return first === undefined ? later : entries
  return [...entries.slice(0, Math.max(0, next.index - first.index)), ...later]
}
