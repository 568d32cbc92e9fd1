import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { type BatchShelf } from './batch-shelf.ts'
import { type Batch } from './member-contract.ts'

/**
 * How far a member holds each of `ids`: applied, or staged without a gap and with all its dependencies held. Without
 * the dependencies it could be asked for what it can never show.
 */
export function heldOf<Body>(
  ids: Iterable<ReplicaId>,
  vector: VersionVector,
  staged: BatchShelf<Body>,
): Map<ReplicaId, number> {
  const heldById = new Map<ReplicaId, number>()
  for (const id of [...ids, ...staged.origins]) heldById.set(id, vector.lastOf(id, Infinity))
  const isHeld = isHeldBy(heldById, vector)
  for (let hasGrown = true; hasGrown;) {
    hasGrown = false
    for (const [id, held] of heldById) {
      const next = staged.get(id, held + 1)
      if (next === undefined || !isHeld(next)) continue
      heldById.set(id, next.last)
      hasGrown = true
    }
  }
  return heldById
}

/** Whether `batch` would be held with what is: then it may be kept although it cannot be shown yet. */
export function wouldBeHeld<Body>(
  batch: Batch<Body>,
  vector: VersionVector,
  staged: BatchShelf<Body>,
): boolean {
  const { origin, first } = batch
  const heldById = heldOf([origin], vector, staged)
  const isNext = vector.hasBegun(origin) && heldById.get(origin) === first - 1
  return isNext && isHeldBy(heldById, vector)(batch)
}

/** Whether what a batch builds on is held. An epoch is: only by who has entered it. */
function isHeldBy(
  heldById: ReadonlyMap<ReplicaId, number>,
  vector: VersionVector,
): (batch: Pick<Batch<unknown>, 'epoch' | 'dependencies'>) => boolean {
  return ({ epoch, dependencies }) =>
    epoch <= vector.epoch &&
    dependencies.every(([id, last]) => vector.has(id, last) || (heldById.get(id) ?? 0) >= last)
}
