/*
 * Who is there, and who has which space open. Every peer is connected to every other: a peer that connects is told all
 * members that its neighbour knows, and the others are told of it; the supervisor dials who is missing.
 *
 * A channel starts with an introduction from each side: `begin`, the members, the open spaces, `end`. From then on a
 * space that both have open is shared, and replication runs on it between the two. An introduction may be made again
 * on the same channel, after its queue had to be dropped; all that was said before is then void, as on a new channel.
 *
 * Two peers may for a moment have two channels. Both sides prefer the one dialled by the smaller id, and of two by the
 * same side the newer; the dialler closes the other one before anything but introductions went over it.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Channel, type ChannelEvents } from '../network.ts'
import { type Reporter } from '../report.ts'
import { Echoes } from './echoes.ts'
import { type LinkEvents, type SpaceEvents } from './events.ts'
import { Neighbour } from './neighbour.ts'
import { decodeFrame, encodeFrame, type Frame, type Member, membersPerFrame } from './wire.ts'

/** What membership needs of its surroundings. */
export interface MembershipPorts {
  readonly selfId: string
  addresses(): readonly string[]
  now(): number
  readonly report: Reporter
  learn(member: Member): void
  forget(peer: string): void
  onConnected(peer: string): void
  onLost(peer: string): void
  readonly spaces: SpaceEvents
  readonly links: LinkEvents
}

const aliveAfterMs = 2000
const silentMaxMs = 15_000
const tickLateMs = 2500

/** Membership of one peer. */
export class Membership implements ChannelEvents {
  readonly #ports: MembershipPorts
  readonly #neighbourByChannel = new Map<Channel, Neighbour>()
  readonly #active = new Map<string, Neighbour>()
  readonly #numberBySpace = new Map<string, number>()
  readonly #echoes = new Echoes()
  #nextNumber = 0
  #lastTickMs: number

  constructor(ports: MembershipPorts) {
    this.#ports = ports
    this.#lastTickMs = ports.now()
  }

  isConnected(peer: string): boolean {
    return this.#active.has(peer)
  }

  /** Connected peers that have introduced themselves. */
  get neighbours(): readonly Member[] {
    return [...this.#active.values()].map(({ peer, addresses }) => ({ id: peer, addresses }))
  }

  /** The neighbours that have `space` open. */
  neighboursOf(space: string): string[] {
    const peers: string[] = []
    for (const neighbour of this.#active.values())
      if (neighbour.has(space)) peers.push(neighbour.peer)
    return peers
  }

  /** The names of the spaces that are open at some neighbour. */
  spacesElsewhere(): Set<string> {
    const names = new Set<string>()
    for (const neighbour of this.#active.values()) {
      for (const name of neighbour.spaces) names.add(name)
    }
    return names
  }

  /**
   * Opens `space` here: neighbours are told, and those who have it open come up in it. Resolves when all have been
   * told, and what they had said of their own spaces by then has arrived.
   */
  async openSpace(space: string): Promise<void> {
    const number = this.#nextNumber++
    this.#numberBySpace.set(space, number)
    this.#tellAll({ kind: 'space-open', space: number, name: space })
    for (const peer of this.neighboursOf(space)) this.#ports.spaces.onNeighbourUp(space, peer)
    const listening = [...this.#active.values()].filter(({ isLagging }) => !isLagging)
    await this.#echoes.collect(listening, (neighbour, token) => {
      this.#tell(neighbour, { kind: 'echo', token })
    })
  }

  closeSpace(space: string): void {
    const number = this.#numberBySpace.get(space)
    if (number === undefined) return
    this.#numberBySpace.delete(space)
    this.#tellAll({ kind: 'space-close', space: number })
  }

  /** `isBulk`: part of an answer. */
  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void {
    this.#send(space, peer, (number) => ({ kind: 'message', space: number, bytes }), isBulk)
  }

  sendBatch(space: string, peer: string, bytes: Uint8Array): void {
    this.#send(space, peer, (number) => ({ kind: 'batch', space: number, bytes }))
  }

  sendAnnouncement(space: string, peer: string, origin: ReplicaId, last: number): void {
    this.#send(space, peer, (number) => ({ kind: 'announce', space: number, origin, last }))
  }

  /** Sends what a group has to say; false when there is no link to `peer`. */
  sendOnLink(peer: string, bytes: Uint8Array, isBulk: boolean): boolean {
    const neighbour = this.#active.get(peer)
    if (neighbour?.isLinked !== true) return false
    this.#tell(neighbour, { kind: 'groups', bytes }, isBulk)
    return neighbour.isLinked
  }

  /** Bytes that wait for `peer` to read them. */
  queueBytesOf(peer: string): number {
    return this.#active.get(peer)?.channel.queueBytes ?? 0
  }

  /** Tells the neighbours that this peer does not come back. */
  leave(): void {
    this.#tellAll({ kind: 'leave' })
  }

  /**
   * To be called every second: breaks silence, and closes channels that were silent for too long. A tick that is late
   * means that this process stood still, and not that the others did: it starts all clocks anew.
   */
  tick(): void {
    const now = this.#ports.now()
    const isLate = now - this.#lastTickMs > tickLateMs
    this.#lastTickMs = now
    for (const neighbour of [...this.#neighbourByChannel.values()]) {
      if (isLate) neighbour.lastHeardMs = now
      const silentMs = now - neighbour.lastHeardMs
      if (silentMs > silentMaxMs) {
        this.#ports.report({ kind: 'peer-silent', peer: neighbour.peer, silentMs })
        neighbour.channel.close('silent')
      } else if (now - neighbour.lastToldMs > aliveAfterMs) {
        this.#tell(neighbour, { kind: 'alive' })
      }
    }
  }

  onOpened(channel: Channel): void {
    const neighbour = new Neighbour(channel, this.#ports.now())
    this.#neighbourByChannel.set(channel, neighbour)
    this.#introduce(neighbour)
  }

  onFrame(channel: Channel, bytes: Uint8Array): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    neighbour.lastHeardMs = this.#ports.now()
    try {
      this.#handle(neighbour, decodeFrame(bytes))
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.#refuse(neighbour, error.details.reason)
    }
  }

  onOverflow(channel: Channel, bytes: number): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    this.#ports.report({ kind: 'peer-slow', peer: neighbour.peer, bytes })
    const shared = this.#isActive(neighbour) ? this.#sharedWith(neighbour) : []
    neighbour.isLagging = true
    this.#echoes.onGone(neighbour)
    this.#updateLink(neighbour)
    for (const space of shared) this.#ports.spaces.onNeighbourDown(space, neighbour.peer)
  }

  onDrained(channel: Channel): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    neighbour.isLagging = false
    this.#introduce(neighbour)
    if (!this.#isActive(neighbour)) return
    for (const space of this.#sharedWith(neighbour)) {
      this.#ports.spaces.onNeighbourUp(space, neighbour.peer)
    }
    this.#updateLink(neighbour)
  }

  onInvalid(channel: Channel, reason: string): void {
    this.#ports.report({ kind: 'frame-invalid', peer: channel.peer, reason })
  }

  onClosed(channel: Channel): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    this.#neighbourByChannel.delete(channel)
    this.#echoes.onGone(neighbour)
    if (this.#active.get(neighbour.peer) !== neighbour) return
    this.#deactivate(neighbour)
    this.#ports.onLost(neighbour.peer)
  }

  #handle(neighbour: Neighbour, frame: Frame): void {
    switch (frame.kind) {
      case 'begin':
        this.#onBegin(neighbour, frame.addresses)
        break
      case 'members':
        for (const member of frame.members) this.#ports.learn(member)
        break
      case 'space-open':
        this.#onSpaceOpen(neighbour, frame.space, frame.name)
        break
      case 'space-close':
        this.#onSpaceClose(neighbour, frame.space)
        break
      case 'end':
        this.#onIntroduced(neighbour)
        break
      case 'message':
      case 'batch':
      case 'announce':
        this.#onTraffic(neighbour, frame)
        break
      case 'echo':
        this.#tell(neighbour, { kind: 'echoed', token: frame.token })
        break
      case 'echoed':
        this.#echoes.onAnswer(neighbour, frame.token)
        break
      case 'groups':
        if (neighbour.isLinked) this.#ports.links.onLinkBytes(neighbour.peer, frame.bytes)
        break
      case 'leave':
        this.#ports.forget(neighbour.peer)
        break
      case 'alive':
    }
  }

  #onBegin(neighbour: Neighbour, addresses: readonly string[]): void {
    const shared = this.#isActive(neighbour) ? this.#sharedWith(neighbour) : []
    neighbour.addresses = addresses
    neighbour.isIntroduced = false
    neighbour.forgetSpaces()
    this.#updateLink(neighbour)
    for (const space of shared) this.#ports.spaces.onNeighbourDown(space, neighbour.peer)
  }

  #onSpaceOpen(neighbour: Neighbour, number: number, name: string): void {
    if (!neighbour.opened(number, name)) {
      this.#refuse(neighbour, 'too many spaces')
      return
    }
    const isShared = this.#isActive(neighbour) && neighbour.has(name)
    if (isShared && this.#numberBySpace.has(name)) {
      this.#ports.spaces.onNeighbourUp(name, neighbour.peer)
    }
  }

  #onSpaceClose(neighbour: Neighbour, number: number): void {
    const wasUp = neighbour.isIntroduced && !neighbour.isLagging && this.#isActive(neighbour)
    const name = neighbour.closed(number)
    if (name !== undefined && wasUp && this.#numberBySpace.has(name)) {
      this.#ports.spaces.onNeighbourDown(name, neighbour.peer)
    }
  }

  #onIntroduced(neighbour: Neighbour): void {
    neighbour.isIntroduced = true
    const { peer, addresses } = neighbour
    const other = this.#active.get(peer)
    if (other !== undefined && other !== neighbour) {
      if (!this.#isPreferred(neighbour.channel, other.channel)) {
        if (neighbour.channel.isDialled) neighbour.channel.close('a second connection')
        return
      }
      this.#deactivate(other)
      if (other.channel.isDialled) other.channel.close('a second connection')
    }
    this.#active.set(peer, neighbour)
    for (const space of this.#sharedWith(neighbour)) this.#ports.spaces.onNeighbourUp(space, peer)
    if (other === undefined) {
      this.#ports.learn({ id: peer, addresses })
      this.#tellAll({ kind: 'members', members: [{ id: peer, addresses }] }, neighbour)
      this.#ports.onConnected(peer)
    }
    this.#updateLink(neighbour)
  }

  #onTraffic(
    neighbour: Neighbour,
    frame: Extract<Frame, { kind: 'message' | 'batch' | 'announce' }>,
  ): void {
    const space = neighbour.nameOf(frame.space)
    if (space === undefined) {
      this.#refuse(neighbour, `a ${frame.kind} for a space that is not open`)
      return
    }
    // Closed here a moment ago, or not by the channel that counts: the sender will hear of it.
    if (!this.#numberBySpace.has(space) || !this.#isActive(neighbour)) return
    const { spaces } = this.#ports
    if (frame.kind === 'message') spaces.onMessage(space, neighbour.peer, frame.bytes)
    // A copy: a batch that is kept must not keep the whole chunk it came in.
    else if (frame.kind === 'batch') spaces.onBatch(space, neighbour.peer, frame.bytes.slice())
    else spaces.onAnnounced(space, neighbour.peer, frame.origin, frame.last)
  }

  #isPreferred(channel: Channel, over: Channel): boolean {
    if (channel.isDialled === over.isDialled) return true
    return channel.isDialled === this.#ports.selfId < channel.peer
  }

  #isActive(neighbour: Neighbour): boolean {
    return this.#active.get(neighbour.peer) === neighbour
  }

  #deactivate(neighbour: Neighbour): void {
    const shared = this.#sharedWith(neighbour)
    this.#active.delete(neighbour.peer)
    this.#updateLink(neighbour)
    for (const space of shared) this.#ports.spaces.onNeighbourDown(space, neighbour.peer)
  }

  #updateLink(neighbour: Neighbour): void {
    const { isIntroduced, isLagging, isLinked, peer } = neighbour
    const isUp = isIntroduced && !isLagging && this.#isActive(neighbour)
    if (isUp === isLinked) return
    neighbour.isLinked = isUp
    if (isUp) this.#ports.links.onLinkUp(peer)
    else this.#ports.links.onLinkDown(peer)
  }

  /** The spaces that are open on both sides and run on this neighbour's channel now. */
  #sharedWith(neighbour: Neighbour): string[] {
    const shared: string[] = []
    for (const space of this.#numberBySpace.keys()) if (neighbour.has(space)) shared.push(space)
    return shared
  }

  #introduce(neighbour: Neighbour): void {
    const { channel } = neighbour
    const tell = (frame: Frame): void => {
      channel.sendAlways(encodeFrame(frame))
    }
    tell({ kind: 'begin', addresses: this.#ports.addresses() })
    const members = this.neighbours.filter(({ id }) => id !== neighbour.peer)
    for (let i = 0; i < members.length; i += membersPerFrame) {
      tell({ kind: 'members', members: members.slice(i, i + membersPerFrame) })
    }
    for (const [name, space] of this.#numberBySpace) tell({ kind: 'space-open', space, name })
    tell({ kind: 'end' })
    neighbour.lastToldMs = this.#ports.now()
  }

  #send(space: string, peer: string, frameFor: (number: number) => Frame, isBulk = false): void {
    const neighbour = this.#active.get(peer)
    const number = this.#numberBySpace.get(space)
    if (neighbour === undefined || number === undefined || !neighbour.has(space)) return
    this.#tell(neighbour, frameFor(number), isBulk)
  }

  #tellAll(frame: Frame, except?: Neighbour): void {
    for (const neighbour of [...this.#neighbourByChannel.values()]) {
      if (neighbour !== except) this.#tell(neighbour, frame)
    }
  }

  #tell(neighbour: Neighbour, frame: Frame, isBulk = false): void {
    neighbour.lastToldMs = this.#ports.now()
    neighbour.channel.send(encodeFrame(frame), isBulk)
  }

  #refuse(neighbour: Neighbour, reason: string): void {
    this.onInvalid(neighbour.channel, reason)
    neighbour.channel.close(reason)
  }
}
