import '../polyfill.ts'
import { type Libp2p, type PeerId } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'

/** For so long at the least libp2p is left what it knows of a peer: it looks that up as it tells of the end of a connection. */
const forgottenAfterMs = 15_000

/**
 * What libp2p knows of peers that are gone, which it keeps for hours: who stays while containers come and go would hold
 * some kilobytes for each. A peer that comes back is asked anew what it offers.
 */
export class DepartedPeers {
  readonly #node: Pick<Libp2p, 'getConnections' | 'peerStore'>
  /** Since the last sweep, and before it. */
  #recent = new Map<string, PeerId>()
  #former = new Map<string, PeerId>()
  #timer: NodeJS.Timeout | undefined

  constructor(node: Pick<Libp2p, 'getConnections' | 'peerStore'>) {
    this.#node = node
  }

  start(): void {
    this.#timer = setInterval(() => this.sweep(), forgottenAfterMs).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** A connection to it ended. */
  left(peer: PeerId): void {
    this.#recent.set(peer.toString(), peer)
  }

  /** It was dialled at this address: libp2p remembers that also where nobody answered. */
  dialled(address: string): void {
    const id = /\/p2p\/([^/]+)$/.exec(address)?.[1]
    if (id !== undefined && !this.#recent.has(id)) this.left(peerIdFromString(id))
  }

  /** Has forgotten those that were gone at the last sweep already. */
  sweep(): void {
    const gone = this.#former
    this.#former = this.#recent
    this.#recent = new Map()
    for (const [id, peer] of gone) {
      // One that is back is told of again when it goes.
      if (this.#former.has(id) || this.#node.getConnections(peer).length > 0) continue
      void Promise.resolve(this.#node.peerStore.delete(peer)).catch(() => undefined)
    }
  }
}
