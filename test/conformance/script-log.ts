import { cutToSize } from '#consensus/raft/entry-size.ts'
import type { LogView, LogViewFailure } from '#consensus/raft/log-view.ts'
import type { ConfState, Entry, HardState, Snapshot } from '#consensus/raft/types.ts'

/** The storage of a member in a script: what it holds is durable at once. */
export class ScriptLog implements LogView {
  /** Of the state machine, one for each entry applied: the latest is what a leader sends. */
  readonly history: Snapshot[]
  #hardState: HardState
  #entries: Entry[] = []
  /** Of the entry before the first. */
  #previous: { readonly index: number; readonly term: number } = { index: 0, term: 0 }

  /** Holds a snapshot, and after it an entry for each of `terms`. */
  constructor(snapshot: Snapshot, terms: readonly number[] = []) {
    this.history = [snapshot]
    if (snapshot.index > 0) this.#previous = snapshot
    this.#entries = terms.map((term, place) => {
      const index = snapshot.index + 1 + place
      const data = new TextEncoder().encode(`${term}.${index}`)
      return { type: 'normal', term, index, data }
    })
    this.#hardState = { term: terms.at(-1) ?? 0, vote: 0, commit: snapshot.index }
  }

  initialState(): { readonly hardState: HardState; readonly confState: ConfState } {
    return { hardState: this.#hardState, confState: this.snapshot().confState }
  }

  firstIndex(): number {
    return this.#previous.index + 1
  }

  lastIndex(): number {
    return this.#previous.index + this.#entries.length
  }

  term(index: number): number | LogViewFailure {
    if (index < this.#previous.index) return 'compacted'
    if (index === this.#previous.index) return this.#previous.term
    return this.#entries[index - this.firstIndex()]?.term ?? 'unavailable'
  }

  entries(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    if (low < this.firstIndex()) return 'compacted'
    if (high > this.lastIndex() + 1) return 'unavailable'
    const entries = this.#entries.slice(low - this.firstIndex(), high - this.firstIndex())
    return cutToSize(entries, bytesMax)
  }

  snapshot(): Snapshot {
    return this.history.at(-1)!
  }

  write(write: {
    readonly hardState: HardState | undefined
    readonly entries: readonly Entry[]
    readonly snapshot: Snapshot | undefined
  }): void {
    const { hardState, entries, snapshot } = write
    if (hardState !== undefined) this.#hardState = hardState
    if (snapshot !== undefined) {
      this.#previous = snapshot
      this.#entries = []
      this.history.push(snapshot)
    }
    const first = entries[0]
    if (first === undefined) return
    const keep = first.index - this.firstIndex()
    if (keep < 0 || keep > this.#entries.length) throw new Error(`a gap before ${first.index}`)
    this.#entries = [...this.#entries.slice(0, keep), ...entries]
  }

  /** Drops everything up to `index`; a text says why not. */
  compact(index: number): string | undefined {
    const term = this.term(index)
    if (index <= this.#previous.index) return 'requested index is unavailable due to compaction'
    if (typeof term === 'string') throw new Error(`nothing to compact up to ${index}`)
    this.#entries = this.#entries.slice(index + 1 - this.firstIndex())
    this.#previous = { index, term }
    return undefined
  }
}
