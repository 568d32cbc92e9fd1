import { incarnationOf, packReplica, type ReplicaId, slotOf } from '@joinery/crdt-objects/engine'

/**
 * How far an incarnation is seen: the number of its last update, or `sealed`, which stands for every update of it and of
 * all lives of its slot before it that was not cut.
 */
export type Reach = number | 'sealed'

interface Entry {
  readonly inc: number
  readonly reach: Reach
}

/** What a replica has applied: one entry for each slot, however many lives the slot has had. */
export class SlotVector {
  readonly #entryBySlot = new Map<number, Entry>()

  get size(): number {
    return this.#entryBySlot.size
  }

  /** How far `id` is seen; `sealed` also for a life before the one that is seen now. */
  reach(id: ReplicaId): Reach {
    const entry = this.#entryBySlot.get(slotOf(id))
    const inc = incarnationOf(id)
    if (entry === undefined || entry.inc < inc) return 0
    return entry.inc > inc ? 'sealed' : entry.reach
  }

  /** As {@link reach}, as a number: infinite where it is sealed. */
  lastOf(id: ReplicaId): number {
    const reach = this.reach(id)
    return reach === 'sealed' ? Infinity : reach
  }

  covers(id: ReplicaId, seen: Reach): boolean {
    const reach = this.reach(id)
    if (reach === 'sealed' || seen === 'sealed') return reach === 'sealed'
    return seen <= reach
  }

  coversAll(other: SlotVector): boolean {
    for (const [id, reach] of other.entries()) if (!this.covers(id, reach)) return false
    return true
  }

  /** Whether `id` may begin, or has begun: its predecessor is sealed here. This step is the gate between epochs. */
  hasBegun(id: ReplicaId): boolean {
    const entry = this.#entryBySlot.get(slotOf(id))
    const inc = incarnationOf(id)
    if (entry === undefined) return inc === 1
    return entry.inc >= inc || (entry.inc === inc - 1 && entry.reach === 'sealed')
  }

  /** Whether update `seq` of `id` is the one that follows what is seen of it. */
  isNext(id: ReplicaId, seq: number): boolean {
    return this.hasBegun(id) && this.reach(id) === seq - 1
  }

  set(id: ReplicaId, reach: Reach): void {
    this.#entryBySlot.set(slotOf(id), { inc: incarnationOf(id), reach })
  }

  /** The join: of each slot the entry that covers the other. */
  merge(other: SlotVector): void {
    for (const [id, reach] of other.entries()) if (!this.covers(id, reach)) this.set(id, reach)
  }

  *entries(): Iterable<[ReplicaId, Reach]> {
    for (const [slot, { inc, reach }] of this.#entryBySlot) yield [packReplica(slot, inc), reach]
  }

  copy(): SlotVector {
    const copy = new SlotVector()
    for (const [slot, entry] of this.#entryBySlot) copy.#entryBySlot.set(slot, entry)
    return copy
  }
}
