import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Batch } from './member-contract.ts'

/** Batches by origin and first number: those that are staged. */
export class BatchShelf<Body> {
  readonly #byOrigin = new Map<ReplicaId, Map<number, Batch<Body>>>()
  #size = 0

  /** The sizes of all that is here. */
  get size(): number {
    return this.#size
  }

  get origins(): Iterable<ReplicaId> {
    return this.#byOrigin.keys()
  }

  add(batch: Batch<Body>): void {
    const batches = this.#byOrigin.get(batch.origin) ?? new Map<number, Batch<Body>>()
    this.#byOrigin.set(batch.origin, batches)
    this.#size += batch.size - (batches.get(batch.first)?.size ?? 0)
    batches.set(batch.first, batch)
  }

  get(origin: ReplicaId, first: number): Batch<Body> | undefined {
    return this.#byOrigin.get(origin)?.get(first)
  }

  *of(origin: ReplicaId): Iterable<Batch<Body>> {
    yield* this.#byOrigin.get(origin)?.values() ?? []
  }

  *all(): Iterable<Batch<Body>> {
    for (const batches of this.#byOrigin.values()) yield* batches.values()
  }

  delete({ origin, first, size }: Batch<Body>): void {
    const batches = this.#byOrigin.get(origin)
    if (batches?.delete(first) !== true) return
    this.#size -= size
    if (batches.size === 0) this.#byOrigin.delete(origin)
  }

  /** Drops what `isDone` says of one origin, or of all. */
  drop(isDone: (batch: Batch<Body>) => boolean, origin?: ReplicaId): void {
    for (const [of, batches] of this.#byOrigin) {
      if (origin !== undefined && of !== origin) continue
      for (const batch of batches.values()) {
        if (!isDone(batch)) continue
        batches.delete(batch.first)
        this.#size -= batch.size
      }
      if (batches.size === 0) this.#byOrigin.delete(of)
    }
  }
}
