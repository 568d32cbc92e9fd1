import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { invariant } from './invariant.ts'
import { Queue } from './queue.ts'

interface Entry {
  /** When it was applied here, as a count: this order is causal, so batches sent in it apply. */
  readonly order: number
  readonly origin: ReplicaId
  readonly first: number
  readonly last: number
  readonly bytes: Uint8Array
}

/** The latest batches applied here, for neighbours that lack only a few. */
export class BatchLog {
  readonly #bytesMax: number
  /** Invariant: each list is contiguous (`first` is the `last` before it, plus 1), never empty, ascending in order. */
  readonly #entriesByOrigin = new Map<ReplicaId, Queue<Entry>>()
  /** Invariant: the same entries, oldest first. */
  readonly #queue = new Queue<Entry>()
  #order = 0
  /** Invariant: the bytes of all entries in `#entriesByOrigin`; at most `#bytesMax` after each append. */
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds a batch that was just applied; the oldest go when there are too many. */
  append(origin: ReplicaId, first: number, last: number, bytes: Uint8Array): void {
    const entry = { order: this.#order++, origin, first, last, bytes: ownBytes(bytes) }
    const entries = this.#entriesByOrigin.get(origin) ?? new Queue<Entry>()
    if (entries.length === 0) this.#entriesByOrigin.set(origin, entries)
    else invariant(entries.at(entries.length - 1).last + 1 === first, 'a log has no gap or overlap')
    entries.push(entry)
    this.#queue.push(entry)
    this.#bytes += bytes.length
    while (this.#bytes > this.#bytesMax) this.#dropOldest()
  }

  /** Forgets origins whose updates came with a state: their batches no longer join up with what follows. */
  restart(origins: ReadonlySet<ReplicaId>): void {
    this.#queue.retain((entry) => !origins.has(entry.origin))
    for (const origin of origins) {
      const entries = this.#entriesByOrigin.get(origin) ?? new Queue<Entry>()
      while (entries.length > 0) this.#bytes -= entries.shift().bytes.length
      this.#entriesByOrigin.delete(origin)
    }
  }

  /** Tells whether the log has everything between `from` and `to`. */
  reaches(from: VersionVector, to: VersionVector): boolean {
    for (const [origin, last] of to.entries()) {
      if (from.has(origin, last)) continue
      // What a seal ends comes with a state.
      if (last === 'sealed') return false
      const after = from.lastOf(origin, Infinity)
      const entries = this.#entriesByOrigin.get(origin)
      if (entries === undefined || entries.at(0).first > after + 1) return false
    }
    return true
  }

  /** The batches after `from`, in the order in which they apply: about `bytesMax`, and one at least. */
  after(from: VersionVector, bytesMax: number): { batches: Entry[]; more: boolean } {
    const cursors: { readonly entries: Queue<Entry>; next: number }[] = []
    for (const [origin, entries] of this.#entriesByOrigin) {
      const next = firstAfter(entries, from.lastOf(origin, Infinity))
      if (next < entries.length) cursors.push({ entries, next })
    }
    const batches: Entry[] = []
    for (let bytes = 0; cursors.length > 0;) {
      const cursor = cursors.reduce((a, b) => (order(a) < order(b) ? a : b))
      const entry = cursor.entries.at(cursor.next)
      bytes += entry.bytes.length
      if (bytes > bytesMax && batches.length > 0) return { batches, more: true }
      batches.push(entry)
      if (++cursor.next === cursor.entries.length) cursors.splice(cursors.indexOf(cursor), 1)
    }
    return { batches, more: false }
  }

  /** How many bytes the batches after `from` have. */
  bytesAfter(from: VersionVector): number {
    let bytes = 0
    for (const [origin, entries] of this.#entriesByOrigin) {
      for (let i = firstAfter(entries, from.lastOf(origin, Infinity)); i < entries.length; i++) {
        bytes += entries.at(i).bytes.length
      }
    }
    return bytes
  }

  #dropOldest(): void {
    const entry = this.#queue.shift()
    const entries = this.#entriesByOrigin.get(entry.origin)!
    invariant(entries.shift() === entry, 'the oldest batch of all is the oldest of its origin')
    if (entries.length === 0) this.#entriesByOrigin.delete(entry.origin)
    this.#bytes -= entry.bytes.length
  }
}

/** A copy where `bytes` is a view: a batch of 100 bytes must not keep a message of 64 KiB alive. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function order(cursor: { readonly entries: Queue<Entry>; readonly next: number }): number {
  return cursor.entries.at(cursor.next).order
}

function firstAfter(entries: Queue<Entry>, last: number): number {
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries.at(middle).last > last) high = middle
    else low = middle + 1
  }
  return low
}
