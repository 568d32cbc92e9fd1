import { type ReplicaId } from '@joinery/crdt-objects/engine'

/**
 * Brings new batches to the other peers that have a space open: soon, and mostly. A batch may be lost, come twice or
 * out of order; replication makes up for all of that. Every adapter passes the suite in `test/suites/dissemination.ts`.
 */
export interface Dissemination {
  /** From now on batches of `space` arrive. */
  join(space: string): void
  leave(space: string): void
  /** Sends a batch of at most 256 KiB, which ends at update `last` of `origin`, to whoever has the space open. */
  publish(space: string, origin: ReplicaId, last: number, batch: Uint8Array): void
  /** Tells whoever has the space open that updates up to `last` exist, in a batch that is too large to publish. */
  announce(space: string, origin: ReplicaId, last: number): void
}

/** What comes out of dissemination at the other peers. */
export interface DisseminationEvents {
  onBatch(space: string, peer: string, batch: Uint8Array): void
  onAnnounced(space: string, peer: string, origin: ReplicaId, last: number): void
}

/** Direct channels to the neighbours of a space. What is sent comes out as the neighbour's `DisseminationEvents`. */
export interface DirectChannels {
  neighboursOf(space: string): readonly string[]
  sendBatch(space: string, peer: string, batch: Uint8Array): void
  sendAnnouncement(space: string, peer: string, origin: ReplicaId, last: number): void
}
