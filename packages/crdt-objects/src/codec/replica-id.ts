/*
 * How a replica id travels where an epoch is told beside it. Nobody knows a life that is numbered beyond the epoch after
 * the one that was entered, and most lives that are named are recent. So an id takes two or three bytes, and not eight:
 *
 *     varint   one more than its slot
 *     varint   0 for the first life that the slot could have had, which stands for all of them in a text; else one more than
 *              how far its number is from the greatest that is known
 *
 * or, of one without a slot, or of a later life, 0 and its 8 bytes.
 */
import {
  INCARNATION_MAX,
  incarnationOf,
  isLeased,
  packReplica,
  SLOT_MAX,
  slotOf,
  type ReplicaId,
} from '../identity.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** The least that an id takes. */
export const REPLICA_BYTES_MIN = 2

/** The id that was read last: as a rule the next one is the same. */
let lastSlot = -1
let lastInc = -1
let lastId: ReplicaId = 0n

/** Writes `id`; who reads it must know `epoch`. */
export function encodeReplica(writer: Writer, id: ReplicaId, epoch: number): void {
  const slot = slotOf(id)
  const inc = incarnationOf(id)
  if (isShort(slot, inc, epoch)) {
    writer.varint(slot + 1)
    writer.varint(inc === 1 ? 0 : epoch + 2 - inc)
  } else {
    writer.byte(0)
    writer.u64(id)
  }
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeReplica(reader: Reader, epoch: number): ReplicaId {
  const slot = reader.varint() - 1
  if (slot < 0) return decodeLong(reader, epoch)
  const distance = reader.varint()
  const inc = distance === 0 ? 1 : epoch + 2 - distance
  // One id is written in one way, or equal states would not be equal bytes.
  if (!isShort(slot, inc, epoch) || (inc === 1 && distance > 0)) reader.fail('no replica id')
  if (slot === lastSlot && inc === lastInc) return lastId
  lastSlot = slot
  lastInc = inc
  lastId = packReplica(slot, inc)
  return lastId
}

function decodeLong(reader: Reader, epoch: number): ReplicaId {
  const id = reader.u64()
  const couldBeShort = isLeased(id) && incarnationOf(id) <= epoch + 1
  return couldBeShort ? reader.fail('a replica id that is longer than it is') : id
}

function isShort(slot: number, inc: number, epoch: number): boolean {
  return slot >= 0 && slot <= SLOT_MAX && inc > 0 && inc <= INCARNATION_MAX && inc <= epoch + 1
}
