import { incarnationOf, type ReplicaId, slotOf } from '@joinery/crdt-objects/engine'

/** One life of a slot, in two numbers: what a {@link ReplicaId} packs. */
export interface Incarnation {
  readonly slot: number
  /** One more than the epoch in which it was leased. */
  readonly inc: number
}

/** Takes an id apart. */
export function unpack(id: ReplicaId): Incarnation {
  return { slot: slotOf(id), inc: incarnationOf(id) }
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
