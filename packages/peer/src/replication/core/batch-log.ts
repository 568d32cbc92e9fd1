import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { invariant } from './invariant.ts'
import { Queue } from './queue.ts'

/** What a log keeps. */
export interface Loggable {
  readonly origin: ReplicaId
  readonly first: number
  readonly last: number
  readonly size: number
}

interface Entry<Batch> {
  /** When it was applied here, as a count: this order is causal, so batches sent in it apply. */
  readonly order: number
  readonly batch: Batch
  isDropped: boolean
}

/** The latest batches applied here, for neighbours that lack only a few. */
export class BatchLog<Batch extends Loggable> {
  readonly #sizeMax: number
  /** Invariant: each list is contiguous (`first` is the `last` before it, plus 1), never empty, ascending in order. */
  readonly #entriesByOrigin = new Map<ReplicaId, Queue<Entry<Batch>>>()
  /** Invariant: the same entries, oldest first, and fewer than as many that are dropped (or 16). */
  readonly #queue = new Queue<Entry<Batch>>()
  #count = 0
  #order = 0
  /** Invariant: the sizes of all entries in `#entriesByOrigin`; at most `#sizeMax` after each append. */
  #size = 0

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get size(): number {
    return this.#size
  }

  get origins(): Iterable<ReplicaId> {
    return this.#entriesByOrigin.keys()
  }

  /** Adds a batch that was just applied; the oldest go when there are too many. */
  append(batch: Batch): void {
    const { origin, first } = batch
    const known = this.#entriesByOrigin.get(origin)
    const end = known?.at(known.length - 1).batch.last ?? first - 1
    invariant(end === first - 1, 'a log has no gap or overlap')
    const entries = known ?? new Queue<Entry<Batch>>()
    if (known === undefined) this.#entriesByOrigin.set(origin, entries)
    const entry = { order: this.#order++, batch, isDropped: false }
    entries.push(entry)
    this.#queue.push(entry)
    this.#count++
    this.#size += batch.size
    while (this.#size > this.#sizeMax) this.#dropOldest()
  }

  /**
   * Adds one that came with a state which has it applied, in the order in which its giver applied it. Nothing that was here
   * before builds on it: what does not join up with it goes.
   */
  fill(batch: Batch): void {
    if (this.end(batch.origin) !== batch.first - 1) this.forget(batch.origin)
    this.append(batch)
  }

  /** The last update of `origin` that is here; 0 for none. */
  end(origin: ReplicaId): number {
    const entries = this.#entriesByOrigin.get(origin)
    return entries === undefined ? 0 : entries.at(entries.length - 1).batch.last
  }

  /** Forgets an origin whose updates came with a state: its batches no longer join up with what follows. */
  forget(origin: ReplicaId): void {
    this.drop(origin, () => true)
  }

  /** Drops the first batches of `origin`, as far as they are done with. */
  drop(origin: ReplicaId, isDone: (batch: Batch) => boolean): void {
    const entries = this.#entriesByOrigin.get(origin)
    if (entries === undefined) return
    while (entries.length > 0 && isDone(entries.at(0).batch)) this.#dropped(entries.shift())
    if (entries.length === 0) this.#entriesByOrigin.delete(origin)
    const waste = this.#queue.length - this.#count
    if (waste > Math.max(16, this.#count)) this.#queue.retain(({ isDropped }) => !isDropped)
  }

  /** Whether everything of `origin` after `from` and up to `to` is here. */
  reaches(origin: ReplicaId, from: number, to: number): boolean {
    if (from >= to) return true
    const entries = this.#entriesByOrigin.get(origin)
    if (entries === undefined || entries.at(0).batch.first > from + 1) return false
    return entries.at(entries.length - 1).batch.last >= to
  }

  /** Those of one origin after its update `from`, in order. */
  *of(origin: ReplicaId, from = 0): Iterable<Batch> {
    const entries = this.#entriesByOrigin.get(origin)
    if (entries === undefined) return
    for (let at = firstAfter(entries, from); at < entries.length; at++) yield entries.at(at).batch
  }

  /** The latest of all, of `sizeMax` together at the most, in the order in which they were applied. */
  latest(sizeMax: number): Batch[] {
    const latest: Batch[] = []
    let size = 0
    for (let at = this.#queue.length - 1; at >= 0; at--) {
      const { batch, isDropped } = this.#queue.at(at)
      if (isDropped) continue
      size += batch.size
      if (size > sizeMax) break
      latest.push(batch)
    }
    return latest.reverse()
  }

  /** The batches after `from`, in the order in which they apply: about `sizeMax`, and one at least. */
  after(from: VersionVector, sizeMax: number): { batches: Batch[]; more: boolean } {
    const cursors: { readonly entries: Queue<Entry<Batch>>; next: number }[] = []
    for (const [origin, entries] of this.#entriesByOrigin) {
      const next = firstAfter(entries, from.lastOf(origin, Infinity))
      if (next < entries.length) cursors.push({ entries, next })
    }
    const batches: Batch[] = []
    for (let size = 0; cursors.length > 0;) {
      const cursor = cursors.reduce((a, b) => (order(a) < order(b) ? a : b))
      const { batch } = cursor.entries.at(cursor.next)
      size += batch.size
      if (size > sizeMax && batches.length > 0) return { batches, more: true }
      batches.push(batch)
      if (++cursor.next === cursor.entries.length) cursors.splice(cursors.indexOf(cursor), 1)
    }
    return { batches, more: false }
  }

  /** The sizes of the batches after `from`. */
  sizeAfter(from: VersionVector): number {
    let size = 0
    for (const origin of this.#entriesByOrigin.keys()) {
      for (const batch of this.of(origin, from.lastOf(origin, Infinity))) size += batch.size
    }
    return size
  }

  #dropOldest(): void {
    const entry = this.#queue.shift()
    if (entry.isDropped) return
    const { origin } = entry.batch
    const entries = this.#entriesByOrigin.get(origin)!
    invariant(entries.shift() === entry, 'the oldest batch of all is the oldest of its origin')
    if (entries.length === 0) this.#entriesByOrigin.delete(origin)
    this.#dropped(entry)
  }

  #dropped(entry: Entry<Batch>): void {
    entry.isDropped = true
    this.#count--
    this.#size -= entry.batch.size
  }
}

/** A copy where `bytes` is a view: a batch of 100 bytes must not keep a message of 64 KiB alive. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function order<Batch>(cursor: {
  readonly entries: Queue<Entry<Batch>>
  readonly next: number
}): number {
  return cursor.entries.at(cursor.next).order
}

function firstAfter<Batch extends Loggable>(entries: Queue<Entry<Batch>>, last: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries.at(middle).batch.last > last) high = middle
    else low = middle + 1
  }
  return low
}
