import type { Reader } from './codec/reader.ts'
import type { Writer } from './codec/writer.ts'
import { isLeased, lifeOf, slotKeyOf, type ReplicaId, type SlotKey } from './identity.ts'

const MIX = 0x9e3779b97f4a7c15n
const PRIME = 0xbf58476d1ce4e5b9n
/** What a sealed entry is on the wire and in hashes, where no number of an update is. */
const SEALED_CODE = 0

/**
 * How far a life of a slot is seen: the number of its last update, or `sealed`, which stands for every update of it and
 * of all lives of its slot before it. What a seal has cut is among these: nobody will ever apply it.
 */
export type Reach = number | 'sealed'

interface Entry {
  /** The life of the slot. */
  readonly replica: ReplicaId
  readonly reach: Reach
}

/** What a replica has seen: one entry for each slot, however many lives the slot has had. */
export class VersionVector {
  /** Invariant: no reach is 0; an absent entry stands for a first life of which nothing is seen. */
  private readonly entryBySlot = new Map<SlotKey, Entry>()

  get size(): number {
    return this.entryBySlot.size
  }

  /** How far `replica` is seen; `sealed` also for a life before the one that is seen now. */
  get(replica: ReplicaId): Reach {
    const entry = this.entryBySlot.get(slotKeyOf(replica))
    if (entry === undefined) return 0
    if (entry.replica === replica) return entry.reach
    return lifeOf(entry.replica) > lifeOf(replica) ? 'sealed' : 0
  }

  /** As {@link VersionVector.get}, as a number: the caller says what a sealed life counts as. */
  lastOf(replica: ReplicaId, sealed: number): number {
    const reach = this.get(replica)
    return reach === 'sealed' ? sealed : reach
  }

  /** Whether all updates of `replica` up to `reach` are seen. */
  has(replica: ReplicaId, reach: Reach): boolean {
    const seen = this.get(replica)
    return seen === 'sealed' || (reach !== 'sealed' && reach <= seen)
  }

  /**
   * Whether `replica` may begin, or has begun: its predecessor is sealed here. This step is the gate between epochs:
   * batches need no other comparison of epochs.
   */
  hasBegun(replica: ReplicaId): boolean {
    const entry = this.entryBySlot.get(slotKeyOf(replica))
    const life = lifeOf(replica)
    if (entry === undefined) return life === 1
    const latest = lifeOf(entry.replica)
    return latest >= life || (latest === life - 1 && entry.reach === 'sealed')
  }

  /** Sets the entry of its slot, whatever that was. */
  set(replica: ReplicaId, reach: Reach): void {
    const slot = slotKeyOf(replica)
    if (reach === 0) this.entryBySlot.delete(slot)
    else this.entryBySlot.set(slot, { replica, reach })
  }

  *entries(): Iterable<[ReplicaId, Reach]> {
    for (const { replica, reach } of this.entryBySlot.values()) yield [replica, reach]
  }

  covers(other: VersionVector): boolean {
    for (const { replica, reach } of other.entryBySlot.values()) {
      if (!this.has(replica, reach)) return false
    }
    return true
  }

  equals(other: VersionVector): boolean {
    return this.size === other.size && this.covers(other) && other.covers(this)
  }

  /** The join: of each slot the entry that covers the other. */
  merge(other: VersionVector): void {
    for (const [slot, entry] of other.entryBySlot) {
      if (!this.has(entry.replica, entry.reach)) this.entryBySlot.set(slot, entry)
    }
  }

  copy(): VersionVector {
    const copy = new VersionVector()
    for (const [slot, entry] of this.entryBySlot) copy.entryBySlot.set(slot, entry)
    return copy
  }

  /** 64 bits that equal vectors share, whatever the order of their entries. */
  hash(): bigint {
    let hash = 0n
    for (const { replica, reach } of this.entryBySlot.values()) {
      let mixed = BigInt.asUintN(64, (replica ^ (BigInt(codeOf(reach)) * MIX)) * PRIME)
      mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 29n)) * MIX)
      hash = BigInt.asUintN(64, hash + (mixed ^ (mixed >> 32n)))
    }
    return hash
  }

  encode(writer: Writer): void {
    writer.varint(this.size)
    for (const { replica, reach } of this.entryBySlot.values()) {
      writer.u64(replica)
      writer.varint(codeOf(reach))
    }
  }

  static decode(reader: Reader): VersionVector {
    const vector = new VersionVector()
    for (let left = reader.count(9); left > 0; left--) {
      const replica = reader.u64()
      const slot = slotKeyOf(replica)
      if (vector.entryBySlot.has(slot)) reader.fail('slot named twice')
      vector.entryBySlot.set(slot, { replica, reach: decodeReach(reader, replica) })
    }
    return vector
  }
}

function codeOf(reach: Reach): number {
  return reach === 'sealed' ? SEALED_CODE : reach
}

export function encodeReach(writer: Writer, reach: Reach): void {
  writer.varint(codeOf(reach))
}

export function decodeReach(reader: Reader, replica: ReplicaId): Reach {
  const code = reader.varint()
  if (code !== SEALED_CODE) return code
  return isLeased(replica) ? 'sealed' : reader.fail('seal of a replica without a slot')
}
