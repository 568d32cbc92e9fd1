import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { type BatchShelf } from './batch-shelf.ts'
import { type Batch } from './member-contract.ts'

/**
 * How far a member holds each incarnation: applied, or staged without a gap and with all its dependencies held. Without
 * the dependencies it could be asked for what it can never show.
 *
 * What is held only grows with what is applied and staged, so it is worked out on from where it was: a tail that waits for
 * its seal may be of thousands of batches, and each that comes asks how far it goes.
 */
export class Held<Body> {
  readonly #staged: BatchShelf<Body>
  /** Invariant: of what was asked for or staged since it was forgotten; at or below what is held. */
  readonly #heldById = new Map<ReplicaId, number>()

  constructor(staged: BatchShelf<Body>) {
    this.#staged = staged
  }

  /** Something that was staged is gone, and not because it is applied. */
  forget(): void {
    this.#heldById.clear()
  }

  /** How far one is held, where `vector` is applied. */
  of(id: ReplicaId, vector: VersionVector): number {
    return this.ofAll([id], vector).get(id) ?? 0
  }

  /** How far each of `ids` is held, and others of which something is staged. */
  ofAll(ids: Iterable<ReplicaId>, vector: VersionVector): ReadonlyMap<ReplicaId, number> {
    const heldById = this.#heldById
    for (const id of [...ids, ...this.#staged.origins]) {
      heldById.set(id, Math.max(vector.lastOf(id, Infinity), heldById.get(id) ?? 0))
    }
    for (let hasGrown = true; hasGrown;) {
      hasGrown = false
      for (const id of this.#staged.origins) if (this.#grow(id, vector)) hasGrown = true
    }
    return heldById
  }

  #grow(id: ReplicaId, vector: VersionVector): boolean {
    const before = this.#heldById.get(id) ?? 0
    let held = before
    for (
      let next = this.#staged.get(id, held + 1);
      next !== undefined && this.#isReady(next, vector);
      next = this.#staged.get(id, held + 1)
    ) {
      held = next.last
      this.#heldById.set(id, held)
    }
    return held > before
  }

  /** Whether `batch` would be held with what is: then it may be kept although it cannot be shown yet. */
  with(batch: Batch<Body>, vector: VersionVector): boolean {
    const { origin, first } = batch
    const isNext = vector.hasBegun(origin) && this.of(origin, vector) === first - 1
    return isNext && this.#isReady(batch, vector)
  }

  /** Whether what a batch builds on is held. An epoch is: only by who has entered it. */
  #isReady({ epoch, dependencies }: Batch<Body>, vector: VersionVector): boolean {
    return (
      epoch <= vector.epoch &&
      dependencies.every(
        ([id, last]) => vector.has(id, last) || (this.#heldById.get(id) ?? 0) >= last,
      )
    )
  }
}
