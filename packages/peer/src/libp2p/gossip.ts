import '../polyfill.ts'
import { type GossipSub, gossipsub, StrictNoSign } from '@chainsafe/libp2p-gossipsub'
import type { Connection } from '@libp2p/interface'
import { type Gossip } from '../network.ts'
import { plainBytes } from './plain-bytes.ts'

/** The first bytes of every message: no other one of its topic has them. */
export const messageIdBytes = 16

/** Beyond this, one peer's gossip is left to anti-entropy until it has read what waits. */
const backlogBytesMax = 8 * 2 ** 20

/**
 * gossipsub under the name of the design card: an npm alias, for the package of that name still speaks libp2p 2 only,
 * and with libp2p 3 starts without an error and never sees a peer. Its messages end at 4 MiB without a word; ours at
 * 256 KiB, beyond which a batch is announced and fetched.
 *
 * It is set for a trusted and fully connected cluster: what is published goes straight to every subscriber, once.
 *
 * Five of its traps are closed here: with the default scores, more than ten peers on one address leave every mesh
 * (`IPColocationFactorWeight`), and the scores of peers that are gone are kept for an hour (`retainScore`); more than
 * about 1,000 topics of a peer are ignored without a word (`maxTopicBytesPerPeer`); tagging takes time in the square of
 * the topics (`tagMeshPeers`); and `maxOutboundBufferSize` would end a slow peer's gossip for good, so it is left unset,
 * and `publish` looks at the backlog instead.
 */
export function gossipService(): ReturnType<typeof gossipsub> {
  return gossipsub({
    // Noise proved who is at the other end, and nothing is forwarded: a signature would double the cost.
    globalSignaturePolicy: StrictNoSign,
    msgIdFn,
    allowPublishToZeroTopicPeers: true,
    fallbackToFloodsub: false,
    emitSelf: false,
    tagMeshPeers: false,
    batchPublish: true,
    doPX: false,
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0, retainScore: 0 },
    idontwantMinDataSize: 1e9,
    maxTopicBytesPerPeer: 16 * 2 ** 20,
    floodPublish: true,
    D: 1,
    Dlo: 0,
    Dhi: 1,
    Dout: 0,
    Dscore: 0,
    Dlazy: 2,
    gossipFactor: 0,
    // Every message is kept so many seconds, whole, for those who ask again: here anti-entropy does that.
    mcacheLength: 2,
    mcacheGossip: 1,
  })
}

/**
 * With the topic: the writers of each space are numbered from one on, so two spaces have messages that begin alike. A
 * peer that has both would take the second for the first once more.
 */
function msgIdFn({ topic, data }: { topic: string; data: Uint8Array }): Uint8Array {
  return Buffer.concat([data.subarray(0, messageIdBytes), Buffer.from(topic)])
}

/** Gossip through gossipsub. */
export class PubsubGossip implements Gossip {
  readonly #pubsub: GossipSub
  readonly #connections: () => readonly Connection[]
  /** Whether some peer was far behind after the last message: only what is published adds to what waits. */
  #wasBacklogged = false
  bytesSent = 0
  bytesReceived = 0

  constructor(pubsub: GossipSub, connections: () => readonly Connection[]) {
    this.#pubsub = pubsub
    this.#connections = connections
  }

  subscribe(topic: string): void {
    this.#pubsub.subscribe(topic)
  }

  unsubscribe(topic: string): void {
    this.#pubsub.unsubscribe(topic)
  }

  /**
   * Publishes, unless some peer is far behind: gossipsub has no back-pressure, and buffers without a bound. Then the
   * message reaches nobody this way, and the caller learns it, as it does of every peer that gossip does not reach:
   * one without a subscription yet, or whose stream is lost with a second connection.
   */
  async publish(topic: string, data: Uint8Array): Promise<ReadonlySet<string>> {
    if (this.#wasBacklogged && this.#isBacklogged()) return new Set()
    try {
      const { recipients } = await this.#pubsub.publish(topic, data)
      this.#wasBacklogged = this.#isBacklogged()
      this.bytesSent += recipients.length * data.length
      return new Set(recipients.map((peer) => peer.toString()))
    } catch {
      // Duplicate, or stopped.
      return new Set()
    }
  }

  onMessage(listener: (topic: string, data: Uint8Array, from: string) => void): void {
    this.#pubsub.addEventListener('gossipsub:message', ({ detail }) => {
      const { topic, data } = detail.msg
      this.bytesReceived += data.length
      if (data.length < messageIdBytes) return
      listener(topic, plainBytes(data), detail.propagationSource.toString())
    })
  }

  #isBacklogged(): boolean {
    for (const connection of this.#connections()) {
      for (const stream of connection.streams) {
        if (stream.writeBufferLength < backlogBytesMax) continue
        if (this.#pubsub.protocols.includes(stream.protocol)) return true
      }
    }
    return false
  }
}
