import { strict as assert } from 'node:assert'
import { isLeased, type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import type { SpaceControl } from '#peer/identity/core/space-control.ts'

/**
 * A member's vector has entries of lives that go on, and of those only whose seal closed in an epoch that it has not
 * entered; and what goes on does not count as sealed.
 */
export function checkEntries(space: SpaceControl, owner: ReplicaId, vector: VersionVector): void {
  if (space.slotOf(owner)?.isActive !== true) return
  const later = space.records.filter(({ epoch }) => epoch > vector.epoch)
  const closing = new Set(later.flatMap(({ seals }) => seals.map(({ incarnation }) => incarnation)))
  for (const [id] of vector.entries()) {
    const goesOn = !isLeased(id) || space.slotOf(id) !== undefined || closing.has(id)
    assert.ok(goesOn, `${nameOf(owner)} has an entry of ${nameOf(id)}, which is sealed`)
  }
  for (const [index, { status }] of space.slots.entries()) {
    const isTaken = status !== 'free' && vector.get(space.idAt(index)) === 'sealed'
    assert.ok(!isTaken, `${nameOf(owner)} takes ${nameOf(space.idAt(index))} for sealed`)
  }
}
