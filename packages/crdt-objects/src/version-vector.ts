/*
 * What a replica has seen, in as many entries as there are lives that are not sealed.
 *
 * Lives come and go, and each leaves something that was seen of it. An entry `sealed` for each slot would be exact, and
 * would stay for as long as the space does. So a vector says its epoch instead, and a life has no entry once it is sealed:
 *
 * - A life is numbered one more than the epoch in which it was leased. So at epoch e lives up to number e are sealed, or
 *   their records name them as going on; and those from e + 1 on are known to nobody but by their own updates.
 * - Where a slot has an entry, that life is seen as far as the entry says, lives before it are sealed, later ones unseen.
 * - Where it has none, lives up to the epoch's number are sealed, and later ones unseen.
 *
 * **Invariant: the vector of a replica has an entry of each life up to its epoch's number that is not sealed**, of nothing
 * if need be. Records see to that: each names the lives that were leased in the epoch before it and go on (`born`).
 * Without such an entry somebody who has seen nothing of a life yet would take all of it for seen.
 *
 * What is seen of each life is then a function, and joins, comparisons and hashes are those of these functions. One that
 * is put together from some entries is of epoch 0: it claims no seal but of lives before those that it names.
 */
import type { Reader } from './codec/reader.ts'
import { decodeReplica, encodeReplica, REPLICA_BYTES_MIN } from './codec/replica-id.ts'
import type { Writer } from './codec/writer.ts'
import { isLeased, lifeOf, slotKeyOf, type ReplicaId, type SlotKey } from './identity.ts'

const MIX = 0x9e3779b97f4a7c15n
const PRIME = 0xbf58476d1ce4e5b9n

/**
 * How far a life of a slot is seen: the number of its last update, or `sealed`, which stands for every update of it and
 * of all lives of its slot before it. What a seal has cut is among these: nobody will ever apply it.
 */
export type Reach = number | 'sealed'

interface Entry {
  /** The life of the slot. */
  readonly replica: ReplicaId
  readonly last: number
}

/** Whether a life is one that a vector of this epoch takes for sealed where its slot has no entry. */
export function isOfEpoch(replica: ReplicaId, epoch: number): boolean {
  return isLeased(replica) && lifeOf(replica) <= epoch
}

/** What a replica has seen: an epoch, and one entry for each life that goes on. */
export class VersionVector {
  /** Invariant: a `last` of 0 is of a life up to `#epoch`; of others an absent entry says the same. */
  private readonly entryBySlot = new Map<SlotKey, Entry>()
  private latestEpoch: number
  /** The sum of the mixed entries, modulo 2^64; undefined before anybody has asked for the hash. */
  private sum: bigint | undefined

  /** `entries` are of lives that are not sealed: no two of one slot. */
  constructor(epoch = 0, entries: Iterable<readonly [ReplicaId, number]> = []) {
    this.latestEpoch = epoch
    for (const [replica, last] of entries) this.put({ replica, last })
  }

  /** The lives that were sealed up to this epoch have no entry. */
  get epoch(): number {
    return this.latestEpoch
  }

  /** Whether it says nothing at all. */
  get isEmpty(): boolean {
    return this.latestEpoch === 0 && this.size === 0
  }

  get size(): number {
    return this.entryBySlot.size
  }

  /** How far `replica` is seen; `sealed` also for a life before the one that is seen now. */
  get(replica: ReplicaId): Reach {
    const entry = this.entryBySlot.get(slotKeyOf(replica))
    if (entry === undefined) return isOfEpoch(replica, this.latestEpoch) ? 'sealed' : 0
    if (entry.replica === replica) return entry.last
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

  /** Whether `replica` may begin, or has begun: all lives of its slot before it are sealed here. */
  hasBegun(replica: ReplicaId): boolean {
    const entry = this.entryBySlot.get(slotKeyOf(replica))
    if (entry !== undefined) return lifeOf(entry.replica) >= lifeOf(replica)
    return !isLeased(replica) || isOfEpoch(replica, this.latestEpoch + 1)
  }

  /** Notes that updates of `replica` up to `last` are seen, unless more of it is, or it is sealed. */
  advance(replica: ReplicaId, last: number): void {
    if (!this.has(replica, last)) this.put({ replica, last })
  }

  /** Enters the next epoch: these lives are over, and those were leased in the epoch before and go on. */
  enter(sealed: Iterable<ReplicaId>, born: Iterable<ReplicaId>): void {
    this.latestEpoch++
    for (const replica of sealed) {
      const slot = slotKeyOf(replica)
      const entry = this.entryBySlot.get(slot)
      if (entry?.replica === replica) this.remove(slot, entry)
    }
    for (const replica of born) {
      if (this.get(replica) === 'sealed') this.put({ replica, last: 0 })
    }
  }

  *entries(): Iterable<[ReplicaId, number]> {
    for (const { replica, last } of this.entryBySlot.values()) yield [replica, last]
  }

  /** Whether all that `other` has seen is seen here: what an epoch has sealed, all later ones have. */
  covers(other: VersionVector): boolean {
    if (this.latestEpoch < other.latestEpoch) return false
    for (const { replica, last } of other.entryBySlot.values()) {
      if (!this.has(replica, last) || !this.hasBegun(replica)) return false
    }
    return true
  }

  equals(other: VersionVector): boolean {
    return this.size === other.size && this.covers(other) && other.covers(this)
  }

  /** The join: of each life what either has seen of it. */
  merge(other: VersionVector): void {
    if (other.latestEpoch > this.latestEpoch) this.dropSealedIn(other)
    for (const [slot, entry] of other.entryBySlot) {
      const { replica, last } = entry
      const mine = this.entryBySlot.get(slot)
      const isNews =
        mine === undefined
          ? !isOfEpoch(replica, this.latestEpoch)
          : lifeOf(replica) > lifeOf(mine.replica) || !this.has(replica, last)
      if (isNews) this.set(slot, entry)
    }
    this.latestEpoch = Math.max(this.latestEpoch, other.latestEpoch)
  }

  private dropSealedIn(later: VersionVector): void {
    for (const [slot, entry] of this.entryBySlot) {
      const hasEntry = later.entryBySlot.has(slot)
      if (!hasEntry && isOfEpoch(entry.replica, later.latestEpoch)) this.remove(slot, entry)
    }
  }

  copy(): VersionVector {
    return new VersionVector(this.latestEpoch, this.entries())
  }

  /** 64 bits that equal vectors share, whatever the order of their entries. From the first call on it is kept up to date. */
  hash(): bigint {
    if (this.sum === undefined) {
      this.sum = 0n
      for (const entry of this.entryBySlot.values()) this.add(mixedEntry(entry))
    }
    return BigInt.asUintN(64, mixed(BigInt(this.latestEpoch)) + this.sum)
  }

  encode(writer: Writer): void {
    writer.varint(this.latestEpoch)
    writer.varint(this.size)
    for (const { replica, last } of this.entryBySlot.values()) {
      encodeReplica(writer, replica, this.latestEpoch)
      writer.varint(last)
    }
  }

  static decode(reader: Reader): VersionVector {
    const vector = new VersionVector(reader.varint())
    for (let left = reader.count(REPLICA_BYTES_MIN + 1); left > 0; left--) {
      const replica = decodeReplica(reader, vector.latestEpoch)
      const last = reader.varint()
      checkEntry(reader, replica, last, vector.latestEpoch)
      if (vector.entryBySlot.has(slotKeyOf(replica))) reader.fail('slot named twice')
      vector.put({ replica, last })
    }
    return vector
  }

  private put(entry: Entry): void {
    const { replica, last } = entry
    if (last > 0 || isOfEpoch(replica, this.latestEpoch)) this.set(slotKeyOf(replica), entry)
  }

  private set(slot: SlotKey, entry: Entry): void {
    if (this.sum !== undefined) {
      const before = this.entryBySlot.get(slot)
      if (before !== undefined) this.add(-mixedEntry(before))
      this.add(mixedEntry(entry))
    }
    this.entryBySlot.set(slot, entry)
  }

  private remove(slot: SlotKey, entry: Entry): void {
    if (this.sum !== undefined) this.add(-mixedEntry(entry))
    this.entryBySlot.delete(slot)
  }

  private add(bits: bigint): void {
    this.sum = BigInt.asUintN(64, (this.sum ?? 0n) + bits)
  }
}

function mixedEntry({ replica, last }: Entry): bigint {
  return mixed(replica ^ (BigInt(last) * MIX))
}

function mixed(bits: bigint): bigint {
  let mixed = BigInt.asUintN(64, bits * PRIME)
  mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 29n)) * MIX)
  return mixed ^ (mixed >> 32n)
}

/** Refuses an entry that a vector of this epoch cannot have: of nothing, and of a life that its records do not name. */
export function checkEntry(reader: Reader, replica: ReplicaId, last: number, epoch: number): void {
  if (last === 0 && !isOfEpoch(replica, epoch)) reader.fail('an entry of nothing')
}
