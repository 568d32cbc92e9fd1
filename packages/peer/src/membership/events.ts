import { type ReplicaId } from '@joinery/crdt-objects/engine'

/** What happens in a space that is open here, and at neighbours. */
export interface SpaceEvents {
  /** Told again for a neighbour that is up: what was on its way may be lost. */
  onNeighbourUp(space: string, peer: string): void
  onNeighbourDown(space: string, peer: string): void
  /** @throws JoineryError ENCODING_INVALID, and the channel is closed */
  onMessage(space: string, peer: string, bytes: Uint8Array): void
  onBatch(space: string, peer: string, batch: Uint8Array): void
  onAnnounced(space: string, peer: string, origin: ReplicaId, last: number): void
}

/**
 * The link to a neighbour, on which the groups of both sides talk. From up to down everything arrives, in order; what
 * was on its way when it goes down is lost.
 */
export interface LinkEvents {
  onLinkUp(peer: string): void
  onLinkDown(peer: string): void
  /** @throws JoineryError ENCODING_INVALID, and the channel is closed */
  onLinkBytes(peer: string, bytes: Uint8Array): void
}
