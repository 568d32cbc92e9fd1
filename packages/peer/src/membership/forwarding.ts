/*
 * Peers that listen nowhere reach those that do over the connections that they open themselves, and each other by way
 * of a member that is connected to both. Both learn of each other from the members that such a forwarder tells of;
 * the one with the smaller id opens a path, and a channel on it (see ForwardedChannel) is a channel like any other: what
 * spaces and groups have to say travels on it unchanged.
 *
 * A forwarder sees what it forwards: members trust each other.
 */
import { type ChannelEvents } from '../network.ts'
import { type ForwardContent } from './core/forward-contract.ts'
import { type ForwardInput, ForwardTable } from './core/forward-table.ts'
import { ForwardedChannel } from './forwarded-channel.ts'
import { type Frame, type Member } from './wire.ts'

/** What forwarding needs of membership. */
export interface ForwardingPorts {
  readonly selfId: string
  /** Whether others can connect to this peer. */
  isListening(): boolean
  now(): number
  /** Whether there is a connection of its own to `peer`, in use. */
  isDirect(peer: string): boolean
  isConnected(peer: string): boolean
  /** Over the connection to a neighbour; false when there is none, or what was queued for it is dropped. */
  tell(peer: string, frame: Frame): boolean
  readonly events: ChannelEvents
}

/** Peers to be reached by a forwarder that are remembered at once; further ones are not reached. */
const absentMax = 1024
/** Forwarders that are remembered for one peer. */
const forwardersMax = 4
/** A path that does not come about is tried again after this, then after twice as long, and so on. */
const againFirstMs = 1000
const againMaxMs = 30_000

interface Absent {
  readonly forwarders: Set<string>
  notBeforeMs: number
  againMs: number
}

/** Channels by way of others, and paths of others by way of this peer. */
export class Forwarding {
  readonly #ports: ForwardingPorts
  readonly #table = new ForwardTable()
  readonly #channels = new Map<string, ForwardedChannel>()
  /**
   * Members that listen nowhere, as told by neighbours, and that this peer reaches out to. Invariant: at most `absentMax`,
   * with larger ids: those with smaller ones reach out to this peer, and nothing would tell it that they are gone.
   */
  readonly #absent = new Map<string, Absent>()
  #nextPath = 0

  constructor(ports: ForwardingPorts) {
    this.#ports = ports
  }

  /** Paths of others that run through this peer. */
  get paths(): number {
    return this.#table.size
  }

  /** `forwarder` told of a member: perhaps in its introduction, before it can be used. */
  learn(forwarder: string, { id, addresses }: Member): void {
    if (addresses.length > 0) {
      this.#absent.delete(id)
      return
    }
    if (id <= this.#ports.selfId) return
    let absent = this.#absent.get(id)
    if (absent === undefined) {
      if (this.#absent.size >= absentMax) return
      absent = { forwarders: new Set(), notBeforeMs: 0, againMs: againFirstMs }
      this.#absent.set(id, absent)
    }
    if (absent.forwarders.size < forwardersMax) absent.forwarders.add(forwarder)
    this.#reach(id, absent)
  }

  forget(peer: string): void {
    this.#absent.delete(peer)
  }

  /** To be called from time to time: opens paths that are missing. */
  tick(): void {
    for (const [peer, absent] of this.#absent) this.#reach(peer, absent)
  }

  onFrame(from: string, frame: Extract<Frame, { kind: 'forward' | 'forwarded' }>): void {
    const { peer, path, content } = frame
    if (frame.kind === 'forwarded') {
      this.#onForwarded(from, peer, path, content)
      return
    }
    const isReachable = this.#ports.isDirect(peer)
    this.#forward({ kind: 'forward', from, to: peer, path, content, isReachable })
  }

  /** A neighbour has no connection any more: whom it told of, it tells of again when it is back. */
  onDisconnected(peer: string): void {
    for (const [id, absent] of this.#absent) this.#dropForwarder(id, absent, peer)
  }

  /** The connection to a neighbour is gone, perhaps for another one, or what was queued for it. */
  onLost(peer: string): void {
    this.#forward({ kind: 'lost', peer })
    for (const channel of [...this.#channels.values()]) if (channel.via === peer) channel.end()
  }

  #forward(input: ForwardInput): void {
    for (const { to, from, path, content } of this.#table.step(input)) {
      const isSent = this.#ports.tell(to, { kind: 'forwarded', peer: from, path, content })
      if (!isSent) this.#forward({ kind: 'lost', peer: to })
    }
  }

  #reach(peer: string, absent: Absent): void {
    const ports = this.#ports
    if (ports.isListening()) return
    if (ports.isConnected(peer) || this.#channels.has(peer)) return
    const direct = [...absent.forwarders].filter((via) => ports.isDirect(via))
    if (direct.length === 0 || ports.now() < absent.notBeforeMs) return
    absent.notBeforeMs = ports.now() + absent.againMs
    absent.againMs = Math.min(againMaxMs, 2 * absent.againMs)
    for (const via of direct) {
      const path = this.#nextPath++
      if (this.#send(via, peer, path, { kind: 'open' })) {
        this.#open({ peer, via, path, isDialled: true })
        return
      }
    }
  }

  #dropForwarder(peer: string, absent: Absent, forwarder: string): void {
    absent.forwarders.delete(forwarder)
    // Whoever is connected to it next will tell of it.
    if (absent.forwarders.size === 0) this.#absent.delete(peer)
  }

  #onForwarded(via: string, peer: string, path: number, content: ForwardContent): void {
    const channel = this.#channels.get(peer)
    if (content.kind === 'open') {
      channel?.end()
      this.#open({ peer, via, path, isDialled: false })
    } else if (channel?.via === via && channel.path === path) {
      // Who does not know the peer any more will tell of it when it comes again.
      const isUnknown = content.kind === 'end' && content.reason === 'unknown'
      const absent = this.#absent.get(peer)
      if (isUnknown && absent !== undefined) this.#dropForwarder(peer, absent, via)
      // The other end is there: should this path break, the next one is tried soon.
      else if (absent !== undefined && content.kind !== 'end') absent.againMs = againFirstMs
      channel.take(content)
    } else if (content.kind !== 'end') {
      this.#send(via, peer, path, { kind: 'end', reason: 'unknown' })
    }
  }

  #open(ends: Pick<ForwardedChannel, 'peer' | 'via' | 'path' | 'isDialled'>): void {
    const { peer, via, path } = ends
    const { events } = this.#ports
    const channel: ForwardedChannel = new ForwardedChannel(ends, {
      events,
      send: (content) => this.#send(via, peer, path, content),
      onClosed: () => {
        if (this.#channels.get(peer) === channel) this.#channels.delete(peer)
      },
    })
    this.#channels.set(peer, channel)
    events.onOpened(channel)
  }

  #send(via: string, peer: string, path: number, content: ForwardContent): boolean {
    return this.#ports.tell(via, { kind: 'forward', peer, path, content })
  }
}
