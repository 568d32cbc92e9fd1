import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { ownBytes } from './batch-log.ts'
import { type SpaceBatch } from './space-batch.ts'

/** A batch that came. */
export interface Received {
  readonly batch: SpaceBatch
  /** The neighbour that gave it. */
  readonly from: string | undefined
}

/** What must be here before a batch can be applied: updates of one origin, or an epoch. */
export type Blocker =
  { readonly origin: ReplicaId; readonly last: number } | { readonly epoch: number }

interface Held {
  readonly received: Received
  readonly key: BlockerKey
  /** Up to which update of the blocking origin it waits, or for which epoch. */
  readonly last: number
  readonly sinceTick: number
}

/** Under what a batch waits: an origin, epochs, or an engine that is not loaded yet. */
type BlockerKey = ReplicaId | 'epoch' | 'engine'

/** Batches that came before what they build on, or before the engine that decodes them. Bounded: what is not kept can be fetched. */
export class HoldBack {
  readonly #batchesMax: number
  readonly #bytesMax: number
  /** Invariant: the same batches as in `#byBlocker`, by origin and first number. */
  readonly #byName = new Map<string, Held>()
  /** Each batch under the one thing it is known to lack. Invariant: no set is empty. */
  readonly #byBlocker = new Map<BlockerKey, Set<Held>>()
  /** Invariant: the bytes of all batches here; at most `#bytesMax`. */
  #bytes = 0

  constructor(batchesMax: number, bytesMax: number) {
    this.#batchesMax = batchesMax
    this.#bytesMax = bytesMax
  }

  get size(): number {
    return this.#byName.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a batch until its blocker is there; false when there is no room. */
  add(received: Received, blocker: Blocker | 'engine', tick: number): boolean {
    const { batch, from } = received
    const name = nameOf(batch)
    if (this.#byName.has(name)) return true
    if (this.#byName.size >= this.#batchesMax) return false
    if (this.#bytes + batch.size > this.#bytesMax) return false
    const kept = { batch: { ...batch, body: ownBytes(batch.body) }, from }
    const [key, last] = keyOf(blocker)
    const held = { received: kept, key, last, sinceTick: tick }
    this.#byName.set(name, held)
    this.#bytes += batch.size
    const blocked = this.#byBlocker.get(key)
    if (blocked === undefined) this.#byBlocker.set(key, new Set([held]))
    else blocked.add(held)
    return true
  }

  /** Takes out the batches that waited for `origin` up to `last`; they may lack something else yet. */
  release(origin: ReplicaId, last: number): Received[] {
    return this.#release(origin, last)
  }

  /** Takes out all that waited for what `vector` has: an epoch has all of the lives that it seals. */
  releaseAll(vector: VersionVector): Received[] {
    return [...this.#byBlocker.keys()].flatMap((key) => {
      if (key === 'engine') return []
      return this.#release(key, key === 'epoch' ? vector.epoch : vector.lastOf(key, Infinity))
    })
  }

  /** Takes out the batches that waited for an engine. */
  releaseForEngine(): Received[] {
    return this.#release('engine', 0)
  }

  #release(key: BlockerKey, last: number): Received[] {
    const released = [...(this.#byBlocker.get(key) ?? [])].filter((held) => held.last <= last)
    for (const held of released) this.#remove(held)
    return released.map((held) => held.received)
  }

  /** Drops what was put here before `tick`: nothing came to free it, and it can be fetched. */
  dropBefore(tick: number): void {
    // Insertion order is age, so the first young one ends it.
    for (const held of this.#byName.values()) {
      if (held.sinceTick >= tick) return
      this.#remove(held)
    }
  }

  /** Drops everything. */
  clear(): void {
    for (const held of this.#byName.values()) this.#remove(held)
  }

  #remove(held: Held): void {
    this.#byName.delete(nameOf(held.received.batch))
    this.#bytes -= held.received.batch.size
    const blocked = this.#byBlocker.get(held.key)!
    blocked.delete(held)
    if (blocked.size === 0) this.#byBlocker.delete(held.key)
  }
}

function keyOf(blocker: Blocker | 'engine'): [BlockerKey, number] {
  if (blocker === 'engine') return [blocker, 0]
  return 'epoch' in blocker ? ['epoch', blocker.epoch] : [blocker.origin, blocker.last]
}

function nameOf(batch: SpaceBatch): string {
  return `${batch.origin} ${batch.first}`
}
