import type { LogView, LogViewFailure } from '../raft/log-view.ts'
import type { ConfState, Entry, HardState, Snapshot } from '../raft/types.ts'
import type { LogWrite } from './log-storage.ts'

/** The last entry that is no longer in the log: its term is still asked for. */
export interface LogBoundary {
  readonly index: number
  readonly term: number
}

const emptyConfState: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

const emptySnapshot: Snapshot = {
  index: 0,
  term: 0,
  confState: emptyConfState,
  data: new Uint8Array(0),
}

/** Dropped places are given back when there are this many, and they are half of all: each entry is moved once or less. */
const droppedMin = 1024

/**
 * The state of a log in memory: what every storage shows as its view. Appending, truncating and dropping touch only the
 * entries they are about.
 */
export class LogTail implements LogView {
  /** Invariant: `#entries[#dropped + n]` has the index `#boundary.index + 1 + n`; places before `#dropped` are void. */
  #entries: (Entry | undefined)[] = []
  #dropped = 0
  #boundary: LogBoundary = { index: 0, term: 0 }
  #hardState: HardState = { term: 0, vote: 0, commit: 0 }
  #snapshot: Snapshot = emptySnapshot

  get hardState(): HardState {
    return this.#hardState
  }

  get boundary(): LogBoundary {
    return this.#boundary
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.#snapshot.confState }
  }

  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    if (low <= this.#boundary.index) return 'compacted'
    if (high > this.lastIndex() + 1) return 'unavailable'
    const found: Entry[] = []
    let bytes = 0
    for (let index = low; index < high; index++) {
      const entry = this.#at(index)
      bytes += entry.data.length
      if (bytes > bytesMax && found.length > 0) break
      found.push(entry)
    }
    return found
  }

  term(index: number): number | LogViewFailure {
    if (index === this.#boundary.index) return this.#boundary.term
    if (index < this.#boundary.index) return 'compacted'
    if (index > this.lastIndex()) return 'unavailable'
    return this.#at(index).term
  }

  firstIndex(): number {
    return this.#boundary.index + 1
  }

  lastIndex(): number {
    return this.#boundary.index + this.#entries.length - this.#dropped
  }

  snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Takes a write as a whole: the snapshot, then the entries, then the hard state. */
  write({ hardState, entries, snapshot }: LogWrite): void {
    if (snapshot !== undefined) this.reset(snapshot)
    this.append(entries)
    if (hardState !== undefined) this.#hardState = hardState
  }

  /**
   * Puts entries at their places; what stood at or after the first of them is gone. Those that are compacted already are
   * left out.
   */
  append(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index > this.lastIndex() + 1) {
      throw new Error(`the log ends at ${this.lastIndex()}: entry ${first.index} leaves a gap`)
    }
    const place = this.#dropped + Math.max(0, first.index - this.firstIndex())
    if (place < this.#entries.length) this.#entries.length = place
    for (let n = 0; n < entries.length; n++) {
      const entry = entries[n]!
      if (entry.index !== first.index + n) {
        throw new Error(`entry ${entry.index} stands where ${first.index + n} should`)
      }
      if (entry.index > this.#boundary.index) this.#entries.push(entry)
    }
  }

  /** Everything before the snapshot is gone, and everything after it too. */
  reset(snapshot: Snapshot): void {
    this.#snapshot = snapshot
    this.restart(snapshot)
  }

  /** Goes on after an entry that is not there, with nothing. */
  restart({ index, term }: LogBoundary): void {
    this.#entries = []
    this.#dropped = 0
    this.#boundary = { index, term }
  }

  /** Keeps a snapshot, and drops the entries up to the boundary. */
  compact(snapshot: Snapshot, boundary: LogBoundary): void {
    this.#snapshot = snapshot
    if (boundary.index <= this.#boundary.index) return
    const until = this.#dropped + boundary.index - this.#boundary.index
    this.#entries.fill(undefined, this.#dropped, until)
    this.#dropped = until
    this.#boundary = boundary
    if (this.#dropped < droppedMin || this.#dropped * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#dropped)
    this.#dropped = 0
  }

  /** The last entry that may be dropped when the log is to be kept from `keepFrom` on, behind a snapshot at `index`. */
  boundaryFor(index: number, keepFrom: number): LogBoundary {
    const at = Math.max(this.#boundary.index, Math.min(keepFrom - 1, index, this.lastIndex()))
    return at === this.#boundary.index ? this.#boundary : { index: at, term: this.#at(at).term }
  }

  /** Another one that starts with the same contents. */
  clone(): LogTail {
    const copy = new LogTail()
    copy.#entries = this.#entries.slice(this.#dropped)
    copy.#boundary = this.#boundary
    copy.#hardState = this.#hardState
    copy.#snapshot = this.#snapshot
    return copy
  }

  #at(index: number): Entry {
    return this.#entries[this.#dropped + index - this.#boundary.index - 1]!
  }
}
