import { incarnationOf, packReplica, type ReplicaId, slotOf } from '@joinery/crdt-objects/engine'

/** One life of a slot, in two numbers: what a {@link ReplicaId} packs. */
export interface Incarnation {
  readonly slot: number
  /** From 1 on. */
  readonly inc: number
}

/** Takes an id apart. */
export function unpack(id: ReplicaId): Incarnation {
  return { slot: slotOf(id), inc: incarnationOf(id) }
}

/** The life of the same slot before this one; undefined for the first. */
export function predecessor(id: ReplicaId): ReplicaId | undefined {
  const { slot, inc } = unpack(id)
  return inc === 1 ? undefined : packReplica(slot, inc - 1)
}

/** As logs and reasons name an incarnation: `slot.incarnation`. */
export function nameOf(id: ReplicaId): string {
  return `${slotOf(id)}.${incarnationOf(id)}`
}

/** The name of one update. */
export interface Dot {
  readonly origin: ReplicaId
  readonly seq: number
}
