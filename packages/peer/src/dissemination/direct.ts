import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type DirectChannels, type Dissemination } from './dissemination.ts'

/**
 * Sends each batch to each neighbour of the space itself, over the direct streams: the cheapest way in a small
 * cluster, with back-pressure. Its cost at the sender grows with the number of peers.
 */
export class DirectDissemination implements Dissemination {
  readonly #channels: DirectChannels

  constructor(channels: DirectChannels) {
    this.#channels = channels
  }

  join(_space: string): void {
    // Neighbours tell each other which spaces they have open: there is nothing to subscribe to.
  }

  leave(_space: string): void {
    // As above.
  }

  publish(space: string, _origin: ReplicaId, _last: number, batch: Uint8Array): void {
    for (const peer of this.#channels.neighboursOf(space)) {
      this.#channels.sendBatch(space, peer, batch)
    }
  }

  announce(space: string, origin: ReplicaId, last: number): void {
    for (const peer of this.#channels.neighboursOf(space)) {
      this.#channels.sendAnnouncement(space, peer, origin, last)
    }
  }
}
