import { cutToSize, entriesSize } from './entry-size.ts'
import { invariant } from './invariant.ts'
import type { LogView, LogViewFailure } from './log-view.ts'
import type { Entry, Snapshot } from './types.ts'
import { UnstableLog } from './unstable-log.ts'

const noEntries: readonly Entry[] = []

/**
 * A member's log: what storage holds, and over it what is not stable yet.
 *
 * Invariant: applied <= applying <= committed <= lastIndex.
 */
export class RaftLog {
  readonly unstable: UnstableLog
  /** The highest index that a quorum is known to hold. */
  committed: number
  /** The highest index that was handed out to be applied. */
  applying: number
  /** The highest index that was applied. */
  applied: number
  readonly #view: LogView
  readonly #applyingBytesMax: number
  #applyingBytes = 0
  #isApplyingPaused = false

  constructor(view: LogView, applyingBytesMax: number) {
    this.#view = view
    this.#applyingBytesMax = applyingBytesMax
    this.unstable = new UnstableLog(view.lastIndex() + 1)
    this.committed = view.firstIndex() - 1
    this.applying = this.committed
    this.applied = this.committed
  }

  firstIndex(): number {
    const snapshot = this.unstable.snapshot
    return snapshot === undefined ? this.#view.firstIndex() : snapshot.index + 1
  }

  lastIndex(): number {
    return this.unstable.lastIndex() ?? this.#view.lastIndex()
  }

  lastTerm(): number {
    const term = this.term(this.lastIndex())
    invariant(typeof term === 'number', 'the term of the last entry is known')
    return term
  }

  term(index: number): number | LogViewFailure {
    const term = this.unstable.term(index)
    if (term !== undefined) return term
    // That of the entry before the first is known too: appends match against it.
    if (index + 1 < this.firstIndex()) return 'compacted'
    if (index > this.lastIndex()) return 'unavailable'
    return this.#view.term(index)
  }

  matches(index: number, term: number): boolean {
    return this.term(index) === term
  }

  /** Whether a log that ends thus is at least as up to date as ours (Raft §5.4.1). */
  isUpToDate(lastIndex: number, lastTerm: number): boolean {
    const ours = this.lastTerm()
    return lastTerm > ours || (lastTerm === ours && lastIndex >= this.lastIndex())
  }

  /** Entries from `low` on, at most `bytesMax` of them but never none. */
  entriesFrom(low: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    const last = this.lastIndex()
    return low > last ? noEntries : this.#slice(low, last + 1, bytesMax)
  }

  /** Entries that are in the log already are left alone: an old append must not cut off what came after it. */
  appendAfter(previousIndex: number, entries: readonly Entry[]): void {
    let known = 0
    while (known < entries.length) {
      const { index, term } = entries[known]!
      if (this.term(index) !== term) break
      known++
    }
    if (known === entries.length) return
    invariant(previousIndex + known >= this.committed, 'no committed entry is replaced')
    this.unstable.append(known === 0 ? entries : entries.slice(known))
  }

  /** The last place, at or before `index`, whose term is `term` or an earlier one: the logs can match no later. */
  lastIndexUpToTerm(
    index: number,
    term: number,
  ): { readonly index: number; readonly term: number } {
    for (let place = index; place > 0; place--) {
      const ours = this.term(place)
      // What is compacted may match: term 0 says that it is not known.
      if (typeof ours !== 'number') return { index: place, term: 0 }
      if (ours <= term) return { index: place, term: ours }
    }
    return { index: 0, term: 0 }
  }

  commitTo(index: number): void {
    if (index <= this.committed) return
    invariant(index <= this.lastIndex(), 'what is committed is in the log')
    this.committed = index
  }

  /** Only an entry of the leader's own term commits by being counted (Raft §5.4.2, Figure 8). */
  commitIfOfTerm(index: number, term: number): boolean {
    if (index <= this.committed || !this.matches(index, term)) return false
    this.commitTo(index)
    return true
  }

  get hasSnapshot(): boolean {
    return this.unstable.snapshot !== undefined
  }

  hasNextCommitted(allowUnstable: boolean): boolean {
    if (this.#isApplyingPaused || this.hasSnapshot) return false
    return this.applying < this.#appliableIndex(allowUnstable)
  }

  /** Committed entries to be applied next. Not before a snapshot is: they come after it. */
  nextCommitted(allowUnstable: boolean): readonly Entry[] {
    if (!this.hasNextCommitted(allowUnstable)) return noEntries
    const bytesMax = this.#applyingBytesMax - this.#applyingBytes
    const high = this.#appliableIndex(allowUnstable) + 1
    const entries = this.#slice(this.applying + 1, high, bytesMax)
    invariant(typeof entries !== 'string', 'entries that are not applied are in the log')
    return entries
  }

  /** Entries up to `index` were handed out. */
  acceptApplying(index: number, bytes: number, allowUnstable: boolean): void {
    this.applying = index
    this.#applyingBytes += bytes
    // If less was handed out than there is, the next entry is over the bound.
    this.#isApplyingPaused =
      this.#applyingBytes >= this.#applyingBytesMax || index < this.#appliableIndex(allowUnstable)
  }

  appliedTo(index: number, bytes: number): void {
    invariant(index <= this.committed && index >= this.applied, 'applied <= committed, and grows')
    this.applied = index
    this.applying = Math.max(this.applying, index)
    this.#applyingBytes = Math.max(0, this.#applyingBytes - bytes)
    this.#isApplyingPaused = this.#applyingBytes >= this.#applyingBytesMax
  }

  snapshot(): Snapshot | 'snapshot-temporarily-unavailable' {
    return this.unstable.snapshot ?? this.#view.snapshot()
  }

  restore(snapshot: Snapshot): void {
    this.committed = snapshot.index
    this.unstable.restore(snapshot)
  }

  /** Pages through entries that are committed and not applied. */
  someUnapplied(predicate: (entry: Entry) => boolean): boolean {
    const high = this.committed + 1
    for (let low = this.applied + 1; low < high;) {
      const entries = this.#slice(low, high, 1024 * 1024)
      invariant(typeof entries !== 'string', 'entries that are not applied are in the log')
      if (entries.some(predicate)) return true
      low += entries.length
    }
    return false
  }

  #appliableIndex(allowUnstable: boolean): number {
    return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1)
  }

  #slice(low: number, high: number, bytesMax: number): readonly Entry[] | LogViewFailure {
    const { offset } = this.unstable
    if (low < this.firstIndex()) return 'compacted'
    if (low >= offset) return cutToSize(this.unstable.slice(low, high), bytesMax)
    const cut = Math.min(high, offset)
    const stable = this.#view.entries(low, cut, bytesMax)
    if (typeof stable === 'string' || high <= offset || stable.length < cut - low) return stable
    const unstable = this.unstable.slice(offset, high)
    return bytesMax === Infinity
      ? stable.concat(unstable)
      : stable.concat(fitting(unstable, bytesMax - entriesSize(stable)))
  }
}

/** As many of `entries` as fit, be it none. */
function fitting(entries: readonly Entry[], bytesMax: number): readonly Entry[] {
  if (bytesMax <= 0) return noEntries
  const cut = cutToSize(entries, bytesMax)
  return cut.length === 1 && entriesSize(cut) > bytesMax ? noEntries : cut
}
