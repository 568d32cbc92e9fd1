/*
 * A network on which every copy is counted. Direct frames go from one peer to another in order. Gossip is what gossipsub
 * does with the settings of peers (`gossipService`): a publisher hands a message to every subscriber, and each of them
 * passes it on to the one peer of its mesh, unless that is where it came from.
 */
import { type Random } from '#test/simulation/random.ts'
import { type VirtualClock } from '#test/simulation/virtual-clock.ts'

/** Beside the envelope: the topic's name, and the fields of the message around it. */
const gossipExtraBytes = 36
/** In front of a frame on a stream. */
const frameLengthBytes = 2

/** A peer as the network sees it. */
export interface Endpoint {
  takeFrame(from: number, frame: Uint8Array): void
  takeGossip(from: number, batch: Uint8Array): void
}

/** What one peer sent and got. */
export interface Traffic {
  bytesSent: number
  bytesReceived: number
  sent: number
  received: number
  /** Of what it received: copies of what it had. */
  repeated: number
}

/** Of a message of gossip. */
export interface GossipMessage {
  readonly id: number
  readonly envelope: Uint8Array
  readonly batch: Uint8Array
}

export class ScaleNetwork {
  readonly traffic: readonly Traffic[]
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #endpoints: Endpoint[] = []
  /** By sender and receiver: when the last frame on its way arrives. */
  readonly #arrivalMs: Float64Array
  /** The one peer of each peer's mesh. */
  readonly #mesh: readonly number[]
  /** Part of the copies of gossip that is lost. */
  readonly #lost: number
  readonly #peers: number
  #messages = 0

  constructor(options: {
    readonly clock: VirtualClock
    readonly random: Random
    readonly peers: number
    readonly lost: number
  }) {
    const { clock, random, peers, lost } = options
    this.#clock = clock
    this.#random = random
    this.#peers = peers
    this.#lost = lost
    this.#arrivalMs = new Float64Array(peers * peers)
    this.#mesh = pairs(peers)
    this.traffic = Array.from({ length: peers }, () => emptyTraffic())
  }

  attach(endpoint: Endpoint): void {
    this.#endpoints.push(endpoint)
  }

  send(from: number, to: number, frame: Uint8Array): void {
    const bytes = frame.length + frameLengthBytes
    this.#count(from, to, bytes)
    const link = from * this.#peers + to
    const arrivalMs = Math.max(this.#arrivalMs[link]!, this.#clock.nowMs + this.#lagMs())
    this.#arrivalMs[link] = arrivalMs
    this.#clock.after(arrivalMs - this.#clock.nowMs, () => {
      this.#endpoints[to]!.takeFrame(from, frame)
    })
  }

  publish(from: number, envelope: Uint8Array, batch: Uint8Array): void {
    const message = { id: this.#messages++, envelope, batch }
    const seen = new Set([from])
    for (let to = 0; to < this.#peers; to++) if (to !== from) this.#pass(from, to, message, seen)
  }

  #pass(from: number, to: number, message: GossipMessage, seen: Set<number>): void {
    this.#count(from, to, message.envelope.length + gossipExtraBytes)
    if (this.#random.chance(this.#lost)) return
    this.#clock.after(this.#lagMs(), () => {
      if (seen.has(to)) {
        this.traffic[to]!.repeated++
        return
      }
      seen.add(to)
      this.#endpoints[to]!.takeGossip(from, message.batch)
      const next = this.#mesh[to]!
      if (next !== from && next !== to) this.#pass(to, next, message, seen)
    })
  }

  #count(from: number, to: number, bytes: number): void {
    const sender = this.traffic[from]!
    sender.bytesSent += bytes
    sender.sent++
    const receiver = this.traffic[to]!
    receiver.bytesReceived += bytes
    receiver.received++
  }

  #lagMs(): number {
    return 0.5 + 1.5 * this.#random.next()
  }
}

export function emptyTraffic(): Traffic {
  return { bytesSent: 0, bytesReceived: 0, sent: 0, received: 0, repeated: 0 }
}

/** The mesh of degree one: peers in pairs; one that is left over has nobody, and is its own. */
function pairs(peers: number): number[] {
  return Array.from({ length: peers }, (_, peer) => {
    const other = peer % 2 === 0 ? peer + 1 : peer - 1
    return other < peers ? other : peer
  })
}
