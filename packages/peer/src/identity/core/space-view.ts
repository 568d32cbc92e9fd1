import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type EpochRecord, type SpaceView, type Standing } from './control-contract.ts'
import { keeperView } from './keeper-set.ts'
import { targetOf } from './seal-rule.ts'
import { type SpaceControl } from './space-control.ts'

/** About how much of records goes into one view, whatever has been sealed meanwhile. */
const RECORD_BYTES_MAX = 256 * 2 ** 10
/** What a record, a seal and a life that goes on take at the most, of numbers that come up. */
const bytesEach = { record: 14, seal: 16, born: 8 } as const

/** What `member` is told, whose replica is in epoch `epoch`. */
export function viewOf(space: SpaceControl, member: ReplicaId, epoch: number): SpaceView {
  return {
    space: space.name,
    member,
    generation: space.generation,
    founded: space.founding.generation,
    lifetime: space.founding.lifetime,
    revision: space.revision,
    epoch: space.epoch,
    floor: space.floor(),
    settledFloor: space.settledFloor(),
    records: recordsAfter(space, epoch),
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
    standingSettled: space.slotOf(member)?.settled ?? 0,
    standingNumber: space.slotOf(member)?.number ?? 0,
    standingIsUsed: space.slotOf(member)?.isUsed ?? false,
    standingSession: space.slotOf(member)?.session ?? '',
    genesis: space.isFounded ? undefined : space.bornBefore(),
  }
}

/** The first that there is room for, one at least: they are entered in their order, so who lacks more asks again. */
function recordsAfter(space: SpaceControl, epoch: number): EpochRecord[] {
  const records: EpochRecord[] = []
  let left = RECORD_BYTES_MAX
  for (const record of space.records) {
    if (record.epoch <= epoch) continue
    const { seals, born } = record
    left -= bytesEach.record + bytesEach.seal * seals.length + bytesEach.born * born.length
    if (left < 0 && records.length > 0) break
    records.push(record)
  }
  return records
}

function standingOf(space: SpaceControl, member: ReplicaId): Standing {
  const slot = space.slotOf(member)
  if (slot === undefined) return { status: 'sealed', last: space.graveById.get(member)?.last }
  if (slot.status === 'leased') return { status: slot.isActive ? 'active' : 'leased' }
  return { status: space.sealingOf(member)?.claimed === undefined ? 'sealing' : 'retiring' }
}
