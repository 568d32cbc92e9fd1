import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type SpaceView, type Standing } from './control-contract.ts'
import { keeperView } from './keeper-set.ts'
import { targetOf } from './seal-rule.ts'
import { type SpaceControl } from './space-control.ts'

/** What `member` is told, whose replica is in epoch `epoch`. */
export function viewOf(space: SpaceControl, member: ReplicaId, epoch: number): SpaceView {
  return {
    space: space.name,
    member,
    generation: space.generation,
    revision: space.revision,
    epoch: space.epoch,
    floor: space.floor(),
    records: space.records.filter((record) => record.epoch > epoch),
    sealings: [...space.sealingBySlot].map(([index, sealing]) => ({
      incarnation: space.idAt(index),
      round: sealing.round,
      target: targetOf(space, sealing),
      reported: sealing.heldByMember.get(member),
    })),
    members: space.members(),
    unsealed: space.unsealed(),
    keepers: keeperView(space.keepers, (id) => space.isMember(id)),
    standing: standingOf(space, member),
    standingEpoch: space.slotOf(member)?.epoch ?? 0,
    standingNumber: space.slotOf(member)?.number ?? 0,
    standingSession: space.slotOf(member)?.session ?? '',
    genesis: space.isFounded ? undefined : space.sealed(),
  }
}

function standingOf(space: SpaceControl, member: ReplicaId): Standing {
  const slot = space.slotOf(member)
  if (slot === undefined) return { status: 'sealed', last: space.graveById.get(member)?.last }
  if (slot.status === 'leased') return { status: slot.isActive ? 'active' : 'leased' }
  return { status: space.sealingOf(member)?.claimed === undefined ? 'sealing' : 'retiring' }
}
