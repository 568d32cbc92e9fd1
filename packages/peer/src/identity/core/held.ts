import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type BatchShelf } from './batch-shelf.ts'
import { type SlotVector } from './slot-vector.ts'

/**
 * How far a member holds each of `ids`: applied, or staged without a gap and with all its dependencies held. Without
 * the dependencies it could be asked for what it can never show.
 */
export function heldOf<Body>(
  ids: Iterable<ReplicaId>,
  vector: SlotVector,
  staged: BatchShelf<Body>,
): Map<ReplicaId, number> {
  const heldById = new Map<ReplicaId, number>()
  for (const id of [...ids, ...staged.origins]) heldById.set(id, vector.lastOf(id))
  const isHeld = (id: ReplicaId, reach: number | 'sealed'): boolean =>
    vector.covers(id, reach) || (reach !== 'sealed' && (heldById.get(id) ?? 0) >= reach)
  for (let hasGrown = true; hasGrown;) {
    hasGrown = false
    for (const [id, held] of heldById) {
      const next = staged.get(id, held + 1)
      if (next === undefined || !next.dependencies.every(([of, reach]) => isHeld(of, reach)))
        continue
      heldById.set(id, next.last)
      hasGrown = true
    }
  }
  return heldById
}
