import type { LogView, LogViewFailure } from '#consensus/raft/log-view.ts'
import type { ConfState, Entry, HardState, Snapshot } from '#consensus/raft/types.ts'
import type { LogStorage, LogWrite } from '#consensus/storage/log-storage.ts'
import { LogTail } from '#consensus/storage/log-tail.ts'

export interface SimulatedDiskOptions {
  /** Runs a task when a sync that begins now is over. */
  readonly schedule: (task: () => void) => void
  /** From 0 up to 1: what a crash leaves of a write that was under way. */
  readonly random: () => number
}

type Done = (error?: Error) => void

/**
 * A disk on virtual time, for one log at a time: it survives the member that crashes. What `done` was called for stays;
 * of a write under way, a crash leaves nothing, all, or the first of its entries.
 */
export class SimulatedDisk {
  readonly #options: SimulatedDiskOptions
  #durable = new LogTail()
  #log: SimulatedLog | undefined
  #failure: Error | undefined

  constructor(options: SimulatedDiskOptions) {
    this.#options = options
  }

  /** What a crash would leave. */
  get durable(): LogView {
    return this.#durable
  }

  /** The log in its durable state. What was open before is as good as crashed. */
  open(): SimulatedLog {
    this.crash()
    this.#log = new SimulatedLog(this, this.#durable.clone())
    return this.#log
  }

  /** Power fails: nothing that is under way is ever heard of again. */
  crash(): void {
    const lost = this.#log?.abandon()
    this.#log = undefined
    if (lost !== undefined) this.#keepPart(lost)
    // As a recovery does: a member knows of no commit beyond its own log.
    const { term, vote, commit } = this.#durable.hardState
    const low = Math.max(commit, this.#durable.snapshot().index)
    const known = Math.min(low, this.#durable.lastIndex())
    this.#durable.write({ ...nothing, hardState: { term, vote, commit: known } })
  }

  /** The next write to reach the disk fails, and every one after it. */
  fail(error: Error): void {
    this.#failure = error
  }

  /** The disk is mended; a log that has failed stays closed. */
  mend(): void {
    this.#failure = undefined
  }

  /** Makes a change durable when a sync is over; `isVoid` says that the log is gone. */
  sync(isVoid: () => boolean, change: (durable: LogTail) => void, done: Done): void {
    this.#options.schedule(() => {
      if (isVoid()) return
      if (this.#failure === undefined) change(this.#durable)
      done(this.#failure)
    })
  }

  #keepPart({ write, hardState }: LostWrite): void {
    const random = this.#options.random
    if (random() < 0.5) return
    if (write === undefined) {
      this.#durable.write({ ...nothing, hardState })
      return
    }
    const count = Math.floor(random() * (write.entries.length + 1))
    this.#durable.write({ ...write, hardState, entries: write.entries.slice(0, count) })
  }
}

const nothing: LogWrite = { entries: [], mustSync: false }

/** What was asked for and not promised. */
interface LostWrite {
  /** Undefined: only the hard state had moved. */
  readonly write: LogWrite | undefined
  readonly hardState: HardState
}

/** A log on a {@link SimulatedDisk}. */
export class SimulatedLog implements LogStorage {
  readonly isDurable = true
  readonly #disk: SimulatedDisk
  readonly #tail: LogTail
  #writing: LogWrite | undefined
  #isHeldBack = false
  #replacements = 0
  #failure: Error | undefined
  #isAbandoned = false
  /** Compactions that wait for the end of the write under way. */
  #waiting: (() => void)[] = []

  constructor(disk: SimulatedDisk, tail: LogTail) {
    this.#disk = disk
    this.#tail = tail
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

  append(write: LogWrite, done: Done): void {
    if (this.#writing !== undefined) throw new Error('a write is under way: wait for its end')
    const isVoid = (): boolean => this.#isAbandoned
    if (this.#failure !== undefined) {
      this.#disk.sync(
        isVoid,
        () => {},
        () => done(this.#failure),
      )
      return
    }
    this.#tail.write(write)
    if (write.snapshot !== undefined) this.#replacements++
    if (!write.mustSync && write.entries.length === 0 && write.snapshot === undefined) {
      this.#isHeldBack = true
      this.#disk.sync(
        isVoid,
        () => {},
        () => done(this.#failure),
      )
      return
    }
    const { hardState } = this.#tail
    this.#writing = write
    const change = (durable: LogTail): void => durable.write({ ...write, hardState })
    this.#disk.sync(isVoid, change, (error) => {
      this.#failure ??= error
      this.#writing = undefined
      this.#isHeldBack &&= this.#tail.hardState !== hardState
      for (const go of this.#waiting.splice(0)) go()
      done(error)
    })
  }

  compact(snapshot: Snapshot, keepFrom: number, done: Done): void {
    const replacements = this.#replacements
    const isReplaced = (): boolean =>
      this.#replacements !== replacements || snapshot.index < this.#tail.snapshot().index
    const go = (): void => {
      const keep = (durable: LogTail): void => {
        if (this.#failure !== undefined || isReplaced()) return
        const boundary = this.#tail.boundaryFor(snapshot.index, keepFrom)
        durable.compact(snapshot, boundary)
        this.#tail.compact(snapshot, boundary)
      }
      this.#disk.sync(
        () => this.#isAbandoned,
        keep,
        (error) => {
          this.#failure ??= error
          done(this.#failure)
        },
      )
    }
    if (this.#writing === undefined) go()
    else this.#waiting.push(go)
  }

  async close(): Promise<void> {
    if (this.#failure === undefined && !this.#isAbandoned && this.#isHeldBack) {
      await new Promise<void>((resolve) => {
        this.append({ entries: [], mustSync: true }, () => resolve())
      })
    }
    this.#failure ??= new Error('the log is closed')
  }

  /** Ends it without a word to anybody; gives what was under way. */
  abandon(): LostWrite | undefined {
    this.#isAbandoned = true
    if (this.#writing === undefined && !this.#isHeldBack) return undefined
    return { write: this.#writing, hardState: this.#tail.hardState }
  }
}
