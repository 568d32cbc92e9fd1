/**
 * Names one life of one replica: 64 bits.
 *
 * As a rule a replica holds a *slot*, a short number that others use again once this life of it, its *incarnation*, is
 * sealed. Incarnations are numbered one more than the epoch in which they were leased, so a slot's have gaps. What is kept
 * of replicas is then bounded by the lives that go on, however many replicas ever lived.
 *
 * Some hold none: those that nobody numbers yet, whose ids are random, and the one replica of an object in strong mode.
 * Each of these counts as a slot of its own with one life, which is never sealed.
 */
export type ReplicaId = bigint & { readonly '~replicaId'?: never }

/** Where replica ids come from. */
export interface Identity {
  /** The id of this replica. Invariant: no two lives of any replica ever share one. */
  readonly replica: ReplicaId
}

const INCARNATION_BITS = 40n
/** The greatest slot, and the greatest number of a life. High bits beyond it, and 0, belong to replicas without a slot. */
export const SLOT_MAX = 2 ** 23 - 2
export const INCARNATION_MAX = 2 ** 40 - 1
const TOP_BIT = 1n << 63n

/** Ids are taken apart for each entry of a vector: operations on big numbers make new ones, and take five times as long. */
const BITS = new DataView(new ArrayBuffer(8))

function bitsOf(replica: ReplicaId): DataView {
  BITS.setBigUint64(0, replica)
  return BITS
}

/** The id of incarnation `inc`, from 1 on, of `slot`: one more than the slot in the high 24 bits, `inc` in the low 40. */
export function packReplica(slot: number, inc: number): ReplicaId {
  if (!Number.isInteger(slot) || slot < 0 || slot > SLOT_MAX) throw new RangeError(`slot ${slot}`)
  if (!Number.isInteger(inc) || inc < 1 || inc > INCARNATION_MAX)
    throw new RangeError(`incarnation ${inc}`)
  return (BigInt(slot + 1) << INCARNATION_BITS) | BigInt(inc)
}

/** The id of a replica without a slot, of 63 random bits. */
export function unleasedReplica(random: bigint): ReplicaId {
  return TOP_BIT | BigInt.asUintN(63, random)
}

/** Whether a replica holds a slot. */
export function isLeased(replica: ReplicaId): boolean {
  const slot = slotOf(replica)
  // No life has number 0: whoever sends such an id has no slot.
  return slot >= 0 && slot <= SLOT_MAX && incarnationOf(replica) > 0
}

/** The slot that a replica holds. */
export function slotOf(replica: ReplicaId): number {
  return (bitsOf(replica).getUint32(0) >>> 8) - 1
}

/** Which life of its slot a replica is, from 1 on. */
export function incarnationOf(replica: ReplicaId): number {
  return bitsOf(replica).getUint8(3) * 2 ** 32 + BITS.getUint32(4)
}

/** What entries are kept by: the slot, or the id of a replica that holds none. */
export type SlotKey = number | ReplicaId

export function slotKeyOf(replica: ReplicaId): SlotKey {
  return isLeased(replica) ? slotOf(replica) : replica
}

/** Which life of its {@link SlotKey} a replica is. */
export function lifeOf(replica: ReplicaId): number {
  return isLeased(replica) ? incarnationOf(replica) : 1
}

/** A replica as people and events name it: 16 hex digits. */
export function replicaName(replica: ReplicaId): string {
  return replica.toString(16).padStart(16, '0')
}

/**
 * The number by which engines that number their authors know a replica: its slot, which all lives of it share, so that
 * a document does not grow with them; of a replica without one 53 bits, all of its id folded in. A pure function, so
 * that everybody knows a replica by the same number; equal for two without a slot about once in 10^16 pairs.
 */
export function clientNumber(replica: ReplicaId): number {
  if (isLeased(replica)) return slotOf(replica)
  return Number(BigInt.asUintN(53, replica ^ (replica >> 53n)))
}

/** The first life that the slot of this {@link clientNumber} could have had. */
export function firstLifeOf(client: number): ReplicaId {
  return (BigInt(client + 1) << INCARNATION_BITS) | 1n
}
