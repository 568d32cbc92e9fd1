/*
 * Gossip says that all went well when it did not: in the first moments after a connection the other side's
 * subscription is not known, after a lost second connection messages go one way only, above its size limit they go
 * nowhere. All of these show in the list of those to whom a message was handed. So a neighbour of the space that is
 * not on that list gets the batch directly, and gossip's delays stay out of what users see.
 */
import { type ReplicaId, Slab } from '@joinery/crdt-objects/engine'
import { type Gossip } from '../network.ts'
import {
  type DirectChannels,
  type Dissemination,
  type DisseminationEvents,
} from './dissemination.ts'

const topicPrefix = '/joinery/1/'
/** Origin, last number, kind. */
const headBytes = 17
const kindOfBatch = 0
const kindOfAnnouncement = 1

const slab = new Slab()
const head = new DataView(new ArrayBuffer(headBytes))
const headAsBytes = new Uint8Array(head.buffer)

/** Encodes what travels by gossip: 16 bytes that no other message shares (origin, last number), a kind, the batch. */
export function encodeEnvelope(origin: ReplicaId, last: number, batch?: Uint8Array): Uint8Array {
  head.setBigUint64(0, origin)
  head.setUint32(8, Math.floor(last / 2 ** 32))
  head.setUint32(12, last % 2 ** 32)
  head.setUint8(16, batch === undefined ? kindOfAnnouncement : kindOfBatch)
  const envelope = slab.allocate(headBytes + (batch?.length ?? 0))
  envelope.set(headAsBytes)
  if (batch !== undefined) envelope.set(batch, headBytes)
  return envelope
}

/** Disseminates through gossip: a topic for each space. */
export class GossipDissemination implements Dissemination {
  readonly #gossip: Gossip
  readonly #channels: DirectChannels
  readonly #events: DisseminationEvents
  readonly #joined = new Set<string>()

  constructor(gossip: Gossip, channels: DirectChannels, events: DisseminationEvents) {
    this.#gossip = gossip
    this.#channels = channels
    this.#events = events
    gossip.onMessage((topic, data, from) => {
      this.#take(topic, data, from)
    })
  }

  join(space: string): void {
    this.#joined.add(space)
    this.#gossip.subscribe(topicPrefix + space)
  }

  leave(space: string): void {
    this.#joined.delete(space)
    this.#gossip.unsubscribe(topicPrefix + space)
  }

  publish(space: string, origin: ReplicaId, last: number, batch: Uint8Array): void {
    void this.#spread(space, encodeEnvelope(origin, last, batch), (peer) => {
      this.#channels.sendBatch(space, peer, batch)
    })
  }

  announce(space: string, origin: ReplicaId, last: number): void {
    void this.#spread(space, encodeEnvelope(origin, last), (peer) => {
      this.#channels.sendAnnouncement(space, peer, origin, last)
    })
  }

  async #spread(
    space: string,
    envelope: Uint8Array,
    sendDirectly: (peer: string) => void,
  ): Promise<void> {
    const reached = await this.#gossip.publish(topicPrefix + space, envelope)
    for (const peer of this.#channels.neighboursOf(space)) {
      if (!reached.has(peer)) sendDirectly(peer)
    }
  }

  #take(topic: string, data: Uint8Array, from: string): void {
    const space = topic.slice(topicPrefix.length)
    if (!topic.startsWith(topicPrefix) || !this.#joined.has(space)) return
    // A hint that is none is none.
    if (data.length < headBytes) return
    const kind = data[16]
    if (kind === kindOfBatch) {
      this.#events.onBatch(space, from, data.subarray(headBytes))
    } else if (kind === kindOfAnnouncement) {
      const view = new DataView(data.buffer, data.byteOffset)
      const last = Number(view.getBigUint64(8))
      this.#events.onAnnounced(space, from, view.getBigUint64(0), last)
    }
  }
}
