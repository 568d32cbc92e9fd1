/*
 * The links on which the groups of two peers talk. All that the groups have to say to one neighbour in one turn, from
 * heartbeats to replies, leaves in one payload: with many groups it is the number of sends that costs.
 *
 * A request is answered once: by a reply, or by `lost` when the link goes down, for what was on its way then is gone.
 * Parts of snapshots are bulk; the next one leaves when the neighbour has taken the last.
 */
import { SequenceMap } from '@joinery/consensus/caller'
import type { NodeId } from '@joinery/consensus/group'
import { type LinkEvents } from '../membership/events.ts'
import { type Presence } from './core/presence.ts'
import { cutPayload, FragmentJoiner, payloadBytesMax } from './fragments.ts'
import { decodeItems, encodeItems, type LinkItem } from './link-codec.ts'

/** What links need of the connections under them. */
export interface LinkPorts {
  /** False when there is no link. */
  send(peer: string, bytes: Uint8Array, isBulk: boolean): boolean
  /** Bytes that wait for the neighbour to read them. */
  queueBytesOf(peer: string): number
  /** Runs `task` in this turn, after what is under way. */
  defer(task: () => void): void
}

/** What happens on links. */
export interface LinkHandlers {
  /** What this peer says of itself now. */
  presence(): Presence
  onPresence(peer: string, presence: Presence): void
  onDown(peer: string): void
  onMessage(peer: string, group: number, message: MemberBytes): void
  /** A part was taken, or is lost. */
  onPartSent(peer: string, group: number, ok: boolean): void
  /** Carries out a request; gives what ends it early, when it is not waited for any more. */
  serve(peer: string, body: Uint8Array, reply: (body: Uint8Array) => void): () => void
}

/** Bytes for a member of a group. */
export interface MemberBytes {
  readonly to: NodeId
  readonly bytes: Uint8Array
}

/** What came of a request: the reply, or why there is none. `busy` and `down`: nothing was sent. */
export type RequestResult = Uint8Array | 'lost' | 'busy' | 'down'

/** Beyond this, messages to a neighbour are dropped, which Raft makes up for, and requests are refused. */
const queueBytesMax = 4 * 2 ** 20
/** How many requests of one neighbour may wait here. */
const servedMax = 65_536

interface Link {
  readonly joiner: FragmentJoiner
  readonly waiting: SequenceMap<(result: RequestResult) => void>
  readonly served: SequenceMap<() => void>
  readonly parts: Set<number>
  outbox: LinkItem[]
  nextRequest: number
}

/** The links of one peer to all its neighbours. */
export class GroupLinks implements LinkEvents {
  readonly #ports: LinkPorts
  readonly #handlers: LinkHandlers
  readonly #links = new Map<string, Link>()

  constructor(ports: LinkPorts, handlers: LinkHandlers) {
    this.#ports = ports
    this.#handlers = handlers
  }

  isUp(peer: string): boolean {
    return this.#links.has(peer)
  }

  /** Tells all neighbours what this peer says of itself now. */
  announce(): void {
    for (const peer of this.#links.keys()) this.#tellPresence(peer)
  }

  /** A message to the other side's member of a group; may be lost. */
  sendMessage(peer: string, group: number, message: MemberBytes): void {
    if (this.#isFull(peer)) return
    this.#put(peer, { kind: 'message', group, ...message })
  }

  /** A part of a snapshot; `onPartSent` is called in the end. */
  sendPart(peer: string, group: number, message: MemberBytes): void {
    const link = this.#links.get(peer)
    const isTaken =
      link !== undefined &&
      message.bytes.length < payloadBytesMax &&
      this.#sendItems(peer, [{ kind: 'part', group, ...message }], true)
    if (isTaken) link.parts.add(group)
    else this.#ports.defer(() => this.#handlers.onPartSent(peer, group, false))
  }

  /** Asks the peer; `done` is called once, never at once. Gives what says that the answer is no longer waited for. */
  request(peer: string, body: Uint8Array, done: (result: RequestResult) => void): () => void {
    const link = this.#links.get(peer)
    if (link === undefined || this.#isFull(peer)) {
      this.#ports.defer(() => done(link === undefined ? 'down' : 'busy'))
      return () => undefined
    }
    const id = link.nextRequest++
    link.waiting.set(id, done)
    this.#put(peer, { kind: 'request', id, body })
    return () => {
      if (link.waiting.delete(id)) this.#put(peer, { kind: 'cancel', id })
    }
  }

  onLinkUp(peer: string): void {
    this.#links.set(peer, {
      joiner: new FragmentJoiner(),
      ...{ waiting: new SequenceMap(), served: new SequenceMap(), parts: new Set() },
      ...{ outbox: [], nextRequest: 0 },
    })
    this.#tellPresence(peer)
  }

  onLinkDown(peer: string): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    this.#links.delete(peer)
    for (const end of link.served.values()) end()
    for (const group of link.parts) this.#handlers.onPartSent(peer, group, false)
    this.#handlers.onDown(peer)
    for (const done of link.waiting.values()) done('lost')
  }

  onLinkBytes(peer: string, bytes: Uint8Array): void {
    const link = this.#links.get(peer)
    const payload = link?.joiner.take(bytes)
    if (link === undefined || payload === undefined) return
    for (const item of decodeItems(payload)) {
      this.#handle(peer, link, item)
      // Handling an item may have closed the channel.
      if (this.#links.get(peer) !== link) return
    }
  }

  #handle(peer: string, link: Link, item: LinkItem): void {
    switch (item.kind) {
      case 'presence':
        this.#handlers.onPresence(peer, item.presence)
        break
      case 'message':
        this.#handlers.onMessage(peer, item.group, item)
        break
      case 'part':
        this.#handlers.onMessage(peer, item.group, kept(item))
        this.#put(peer, { kind: 'part-taken', group: item.group })
        break
      case 'part-taken':
        if (link.parts.delete(item.group)) this.#handlers.onPartSent(peer, item.group, true)
        break
      case 'request':
        this.#serve(peer, link, item.id, item.body)
        break
      case 'reply': {
        link.waiting.take(item.id)?.(item.body)
        break
      }
      case 'cancel':
        link.served.take(item.id)?.()
    }
  }

  #serve(peer: string, link: Link, id: number, body: Uint8Array): void {
    if (link.served.has(id) || link.served.size >= servedMax) {
      // An empty reply says that nothing was done.
      this.#put(peer, { kind: 'reply', id, body: new Uint8Array(0) })
      return
    }
    let isAnswered = false
    const end = this.#handlers.serve(peer, body, (reply) => {
      if (isAnswered) return
      isAnswered = true
      link.served.delete(id)
      if (this.#links.get(peer) === link) this.#put(peer, { kind: 'reply', id, body: reply })
    })
    if (!isAnswered) link.served.set(id, end)
  }

  #tellPresence(peer: string): void {
    this.#put(peer, { kind: 'presence', presence: this.#handlers.presence() })
  }

  #isFull(peer: string): boolean {
    return this.#ports.queueBytesOf(peer) > queueBytesMax
  }

  #put(peer: string, item: LinkItem): void {
    const link = this.#links.get(peer)
    if (link === undefined) return
    link.outbox.push(item)
    if (link.outbox.length > 1) return
    this.#ports.defer(() => {
      const items = link.outbox
      link.outbox = []
      if (this.#links.get(peer) === link) this.#sendItems(peer, items, false)
    })
  }

  #sendItems(peer: string, items: readonly LinkItem[], isBulk: boolean): boolean {
    const payload = encodeItems(items)
    for (const fragment of cutPayload(payload)) {
      if (!this.#ports.send(peer, fragment, isBulk)) return false
    }
    return true
  }
}

/** A copy: a part that is kept must not keep the whole chunk it came in. */
function kept({ to, bytes }: MemberBytes): MemberBytes {
  return { to, bytes: bytes.slice() }
}
