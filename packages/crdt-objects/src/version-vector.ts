import type { Reader } from './codec/reader.ts'
import type { Writer } from './codec/writer.ts'
import type { ReplicaId } from './identity.ts'

const MIX = 0x9e3779b97f4a7c15n
const PRIME = 0xbf58476d1ce4e5b9n

/** What a replica has seen: of each replica, the number of its last update, all before it included. */
export class VersionVector {
  /** Invariant: no entry is 0; an absent one stands for 0. */
  private readonly lastByReplica = new Map<ReplicaId, number>()

  get size(): number {
    return this.lastByReplica.size
  }

  get(replica: ReplicaId): number {
    return this.lastByReplica.get(replica) ?? 0
  }

  set(replica: ReplicaId, last: number): void {
    if (last > 0) this.lastByReplica.set(replica, last)
    else this.lastByReplica.delete(replica)
  }

  entries(): Iterable<[ReplicaId, number]> {
    return this.lastByReplica.entries()
  }

  covers(other: VersionVector): boolean {
    for (const [replica, last] of other.lastByReplica) if (this.get(replica) < last) return false
    return true
  }

  equals(other: VersionVector): boolean {
    return this.size === other.size && this.covers(other) && other.covers(this)
  }

  /** The join: entry by entry, the greater. */
  merge(other: VersionVector): void {
    for (const [replica, last] of other.lastByReplica) {
      if (this.get(replica) < last) this.lastByReplica.set(replica, last)
    }
  }

  copy(): VersionVector {
    const copy = new VersionVector()
    for (const [replica, last] of this.lastByReplica) copy.lastByReplica.set(replica, last)
    return copy
  }

  /** 64 bits that equal vectors share, whatever the order of their entries. */
  hash(): bigint {
    let hash = 0n
    for (const [replica, last] of this.lastByReplica) {
      let mixed = BigInt.asUintN(64, (replica ^ (BigInt(last) * MIX)) * PRIME)
      mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 29n)) * MIX)
      hash = BigInt.asUintN(64, hash + (mixed ^ (mixed >> 32n)))
    }
    return hash
  }

  encode(writer: Writer): void {
    writer.varint(this.size)
    for (const [replica, last] of this.lastByReplica) {
      writer.u64(replica)
      writer.varint(last)
    }
  }

  static decode(reader: Reader): VersionVector {
    const vector = new VersionVector()
    for (let left = reader.count(9); left > 0; left--) {
      const replica = reader.u64()
      const last = reader.varint()
      if (last === 0) reader.fail('empty entry in a version vector')
      if (vector.lastByReplica.has(replica)) reader.fail('replica named twice')
      vector.lastByReplica.set(replica, last)
    }
    return vector
  }
}
