/*
 * When a seal closes, and at what. Every current member must have reported (so it has fenced the incarnation, and takes
 * no more of it), and every one must hold all up to the highest report. Then any single survivor is a complete source,
 * and whoever was a member enters the epoch without anybody's help. A majority, or "somebody holds it", would do until
 * the holders die after the seal: the rest could never enter the epoch.
 */
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type HeldReport, type SealRecord } from './control-contract.ts'
import { type Sealing, type SpaceControl } from './space-control.ts'

/** Besides the sealed one: the word of a single member is not enough, for it may be dead already. */
const MEMBERS_MIN = 2
/** A holder that retires is alive, and counts as the second. */
export const MEMBERS_MIN_AT_RETIRING = 1

/** Up to where members stage: the highest report of a current member, and what a retiring holder claimed. */
export function targetOf(space: SpaceControl, sealing: Sealing): number {
  let target = sealing.claimed ?? 0
  for (const [member, held] of sealing.heldByMember) {
    if (space.isMember(member)) target = Math.max(target, held)
  }
  return target
}

/** The seals that can close now. */
export function readySeals(space: SpaceControl): SealRecord[] {
  const members = space.members()
  return [...space.sealingBySlot].flatMap(([index, sealing]) => {
    const incarnation = space.idAt(index)
    // It never was a member, so it never wrote.
    if (!space.slots[index]!.isActive) return [{ incarnation, last: 0 }]
    const last = agreedEnd(space, incarnation, sealing, members)
    return last === undefined ? [] : [{ incarnation, last }]
  })
}

/** Those that close with the next epoch. With a full table of records only what holds its floor down may still go. */
export function closableSeals(space: SpaceControl, recordsMax: number): SealRecord[] {
  const seals = readySeals(space)
  if (space.records.length < recordsMax) return seals
  const floor = space.floor()
  const holdsFloor = ({ incarnation }: SealRecord): boolean => {
    const slot = space.slotOf(incarnation)
    return slot?.isActive === true && slot.epoch === floor
  }
  return seals.some(holdsFloor) ? seals : []
}

function agreedEnd(
  space: SpaceControl,
  incarnation: ReplicaId,
  sealing: Sealing,
  members: readonly ReplicaId[],
): number | undefined {
  const others = members.filter((member) => member !== incarnation)
  const least = sealing.claimed === undefined ? MEMBERS_MIN : MEMBERS_MIN_AT_RETIRING
  if (others.length < least) return undefined
  // Cheaper than what follows, and mostly all there is to see.
  if (sealing.heldByMember.size < others.length) return undefined
  const last = targetOf(space, sealing)
  if (others.some((member) => sealing.heldByMember.get(member) !== last)) return undefined
  if (sealing.claimed === undefined && !enoughKeepers(space, incarnation, sealing)) return undefined
  return last
}

/** Whether any write that the keepers acknowledged is known to one that reports. Who retires claims its own writes. */
function enoughKeepers(space: SpaceControl, sealed: ReplicaId, sealing: Sealing): boolean {
  const { keepers, durability } = space.keepers
  const missing = keepers.filter(
    (keeper) => keeper === sealed || !space.isMember(keeper) || !sealing.heldByMember.has(keeper),
  )
  return missing.length < durability
}

/** Members that keep a seal from closing: they have not reported, or hold less than others. */
export function blockersOf(space: SpaceControl, incarnation: ReplicaId): ReplicaId[] {
  const sealing = space.sealingOf(incarnation)
  if (sealing === undefined) return []
  const target = targetOf(space, sealing)
  return space
    .members()
    .filter((member) => member !== incarnation && sealing.heldByMember.get(member) !== target)
}

/** Whether a holder that was sealed for blocking would block again: it holds less than is asked of it. */
export function wouldBlock(
  space: SpaceControl,
  member: ReplicaId,
  held: readonly HeldReport[],
): boolean {
  if (space.sealingOf(member)?.isForBlocking !== true) return false
  return held.some(({ incarnation, held: last }) => {
    const sealing = space.sealingOf(incarnation)
    return sealing !== undefined && last < targetOf(space, sealing)
  })
}
