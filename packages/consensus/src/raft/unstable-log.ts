import type { Entry, Snapshot } from './types.ts'

/**
 * The end of the log that storage has not confirmed: a snapshot that a leader sent, and entries. Some of both may be on
 * their way to storage.
 *
 * Invariant: entry n has index offset + n; offset <= offsetInProgress <= offset + entries.length.
 */
export class UnstableLog {
  snapshot: Snapshot | undefined
  /** Index of the first entry that is not stable. */
  offset: number
  /** Index of the first entry that is not on its way to storage. */
  offsetInProgress: number
  isSnapshotInProgress = false
  #entries: Entry[] = []
  /** Entries before it are stable, and dropped in bulk: shifting an array for each would copy it each time. */
  #head = 0

  constructor(offset: number) {
    this.offset = offset
    this.offsetInProgress = offset
  }

  get length(): number {
    return this.#entries.length - this.#head
  }

  get hasNextEntries(): boolean {
    return this.offset + this.length > this.offsetInProgress
  }

  /** Undefined: storage knows. */
  lastIndex(): number | undefined {
    if (this.length > 0) return this.offset + this.length - 1
    return this.snapshot?.index
  }

  /** Undefined: storage may know. */
  term(index: number): number | undefined {
    if (index >= this.offset) return this.#entries[this.#head + index - this.offset]?.term
    return this.snapshot?.index === index ? this.snapshot.term : undefined
  }

  slice(low: number, high: number): Entry[] {
    const first = this.#head - this.offset
    return this.#entries.slice(first + low, first + high)
  }

  /** What is not on its way to storage yet. */
  nextEntries(): readonly Entry[] {
    return this.slice(this.offsetInProgress, this.offset + this.length)
  }

  nextSnapshot(): Snapshot | undefined {
    return this.isSnapshotInProgress ? undefined : this.snapshot
  }

  /** All there is is now on its way. */
  acceptInProgress(): void {
    if (this.length > 0) this.offsetInProgress = this.offset + this.length
    if (this.snapshot !== undefined) this.isSnapshotInProgress = true
  }

  /** Storage holds everything up to an entry, if that is still ours. False: it was replaced meanwhile. */
  stableTo(index: number, term: number): boolean {
    if (index < this.offset || this.term(index) !== term) return false
    this.#head += index + 1 - this.offset
    this.offset = index + 1
    this.offsetInProgress = Math.max(this.offsetInProgress, this.offset)
    if (this.#head === this.#entries.length) {
      this.#entries = []
      this.#head = 0
    } else if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
    return true
  }

  stableSnapshotTo(index: number): void {
    if (this.snapshot?.index !== index) return
    this.snapshot = undefined
    this.isSnapshotInProgress = false
  }

  restore(snapshot: Snapshot): void {
    this.snapshot = snapshot
    this.isSnapshotInProgress = false
    this.offset = snapshot.index + 1
    this.offsetInProgress = this.offset
    this.#entries = []
    this.#head = 0
  }

  /** Takes entries, in place of whatever stands at their indexes and after. */
  append(entries: readonly Entry[]): void {
    const first = entries[0]!.index
    if (first <= this.offset) {
      this.#entries = []
      this.#head = 0
      if (first < this.offset) this.offset = first
      this.offsetInProgress = first
    } else if (first < this.offset + this.length) {
      this.#entries.length = this.#head + first - this.offset
      // What storage is writing from there on will be overwritten in its turn.
      this.offsetInProgress = Math.min(this.offsetInProgress, first)
    }
    for (const entry of entries) this.#entries.push(entry)
  }
}
