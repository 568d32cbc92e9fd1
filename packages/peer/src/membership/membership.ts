/*
 * Who is there, and who has which space open. Every peer is connected to every other: a peer that connects is told all
 * members that its neighbour knows, and the others are told of it; the supervisor dials who is missing.
 *
 * A channel starts with an introduction from each side: `begin`, the members, the open spaces, `end`. From then on a
 * space that both have open is shared, and replication runs on it between the two. An introduction may be made again
 * on the same channel, after its queue had to be dropped; all that was said before is then void, as on a new channel.
 *
 * Two peers may for a moment have two channels. Both sides prefer the one dialled by the smaller id, and of two by the
 * same side the newer; the dialler closes the other one before anything but introductions went over it. Who finds the one
 * silent changes to the other at once, and closes the first: then the other side, which had no reason to, follows.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type Channel, type ChannelEvents } from '../network.ts'
import { type Condition } from './core/contract.ts'
import { FailureWatch } from './failure-watch.ts'
import { Forwarding } from './forwarding.ts'
import { type MembershipPorts } from './membership-ports.ts'
import { Neighbour } from './neighbour.ts'
import { isPreferred } from './preference.ts'
import { SharedSpaces } from './shared-spaces.ts'
import { decodeFrame, encodeFrame, type Frame, type Member, membersPerFrame } from './wire.ts'

/** Membership of one peer. */
export class Membership implements ChannelEvents {
  readonly #ports: MembershipPorts
  readonly #neighbourByChannel = new Map<Channel, Neighbour>()
  readonly #active = new Map<string, Neighbour>()
  readonly #spaces: SharedSpaces
  readonly #watch: FailureWatch
  readonly #forwarding: Forwarding

  constructor(ports: MembershipPorts) {
    this.#ports = ports
    this.#spaces = new SharedSpaces({
      spaces: ports.spaces,
      active: this.#active,
      tell: (neighbour, frame, isBulk) => {
        this.#tell(neighbour, frame, isBulk)
      },
      tellAll: (frame) => this.#tellAll(frame),
      refuse: (neighbour, reason) => this.#refuse(neighbour, reason),
    })
    this.#watch = new FailureWatch({
      ...ports,
      neighbourOf: (peer) => this.#active.get(peer),
      tell: (neighbour, frame) => {
        this.#tell(neighbour, frame)
      },
      onStill: (neighbour) => this.#pause(neighbour, 'isStill'),
      onHeardAgain: (neighbour) => this.#resume(neighbour, 'isStill'),
    })
    this.#forwarding = new Forwarding({
      selfId: ports.selfId,
      isListening: () => ports.addresses().length > 0,
      now: () => ports.now(),
      isDirect: (peer) => this.#directTo(peer) !== undefined,
      isConnected: (peer) => this.isConnected(peer),
      tell: (peer, frame) => {
        const neighbour = this.#directTo(peer)
        return neighbour !== undefined && this.#tell(neighbour, frame)
      },
      events: this,
    })
  }

  isConnected(peer: string): boolean {
    return this.#active.has(peer)
  }

  /** Connected peers that have introduced themselves. */
  get neighbours(): readonly Member[] {
    return [...this.#active.values()].map(({ peer, addresses }) => ({ id: peer, addresses }))
  }

  /** What is made of each peer that is connected, or was lately. */
  get conditions(): ReadonlyMap<string, Condition> {
    return this.#watch.conditions
  }

  /** The neighbours that have `space` open. */
  neighboursOf(space: string): string[] {
    return this.#spaces.neighboursOf(space)
  }

  /** The names of the spaces that are open at some neighbour. */
  spacesElsewhere(): Set<string> {
    return this.#spaces.elsewhere()
  }

  /**
   * Opens `space` here: neighbours are told, and those who have it open come up in it. Resolves when all have been
   * told, and what they had said of their own spaces by then has arrived.
   */
  async openSpace(space: string): Promise<void> {
    await this.#spaces.open(space)
  }

  closeSpace(space: string): void {
    this.#spaces.close(space)
  }

  /** `isBulk`: part of an answer. */
  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void {
    this.#spaces.sendMessage(space, peer, bytes, isBulk)
  }

  sendBatch(space: string, peer: string, bytes: Uint8Array): void {
    this.#spaces.sendBatch(space, peer, bytes)
  }

  sendAnnouncement(space: string, peer: string, origin: ReplicaId, last: number): void {
    this.#spaces.sendAnnouncement(space, peer, origin, last)
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

  /** Tells the neighbours that this peer does not come back, and how many of its updates nobody is known to hold. */
  leave(unsent: number): void {
    this.#tellAll({ kind: 'leave', unsent })
  }

  /** To be called every `tickMs`: breaks silence, and looks after who is silent. */
  tick(): void {
    this.#watch.tick([...this.#neighbourByChannel.values()])
    this.#forwarding.tick()
  }

  onOpened(channel: Channel): void {
    const neighbour = new Neighbour(channel, this.#ports.now())
    this.#neighbourByChannel.set(channel, neighbour)
    this.#introduce(neighbour)
  }

  onFrame(channel: Channel, bytes: Uint8Array): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    neighbour.heard(this.#ports.now())
    try {
      if (this.#isActive(neighbour)) this.#watch.onHeard(neighbour)
      this.#handle(neighbour, decodeFrame(bytes))
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.#refuse(neighbour, error.details.reason)
    }
  }

  onOverflow(channel: Channel, bytes: number): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    const { peer } = neighbour
    this.#ports.report({ kind: 'peer-slow', peer, bytes })
    this.#pause(neighbour, 'isLagging')
    if (!this.#isActive(neighbour)) return
    this.#watch.step({ kind: 'behind', peer, nowMs: this.#ports.now() })
    if (channel.via === undefined) this.#forwarding.onLost(peer)
  }

  onDrained(channel: Channel): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    const { peer } = neighbour
    if (this.#isActive(neighbour))
      this.#watch.step({ kind: 'drained', peer, nowMs: this.#ports.now() })
    this.#resume(neighbour, 'isLagging')
  }

  onInvalid(channel: Channel, reason: string): void {
    this.#ports.report({ kind: 'frame-invalid', peer: channel.peer, reason })
  }

  onClosed(channel: Channel): void {
    const neighbour = this.#neighbourByChannel.get(channel)
    if (neighbour === undefined) return
    this.#neighbourByChannel.delete(channel)
    this.#spaces.onGone(neighbour)
    if (this.#active.get(neighbour.peer) !== neighbour) return
    this.#deactivate(neighbour)
    if (this.#changeOver(neighbour.peer)) return
    if (channel.via === undefined) this.#forwarding.onDisconnected(neighbour.peer)
    this.#ports.onLost(neighbour.peer)
    this.#watch.step({ kind: 'disconnected', peer: neighbour.peer, nowMs: this.#ports.now() })
  }

  /**
   * Goes on over another connection to the same peer, if there is one: the other side had found this one silent, and the
   * other counts there already. What came by it did not count here, so both begin anew. A dial would find the two connected.
   */
  #changeOver(peer: string): boolean {
    const spare = [...this.#neighbourByChannel.values()].find(
      ({ peer: to, channel, isIntroduced }) =>
        to === peer && isIntroduced && channel.via === undefined,
    )
    if (spare === undefined) return false
    this.#introduce(spare)
    this.#activate(spare)
    return true
  }

  #handle(neighbour: Neighbour, frame: Frame): void {
    switch (frame.kind) {
      case 'begin':
        this.#onBegin(neighbour, frame.addresses)
        break
      case 'members':
        for (const member of frame.members) {
          this.#ports.learn(member)
          if (neighbour.channel.via === undefined) this.#forwarding.learn(neighbour.peer, member)
        }
        break
      case 'space-open':
        this.#spaces.onOpen(neighbour, frame.space, frame.name)
        break
      case 'space-close':
        this.#spaces.onClose(neighbour, frame.space)
        break
      case 'end':
        this.#onIntroduced(neighbour)
        break
      case 'message':
      case 'batch':
      case 'announce':
        this.#spaces.onTraffic(neighbour, frame)
        break
      case 'echo':
        this.#tell(neighbour, { kind: 'echoed', token: frame.token })
        break
      case 'echoed':
        this.#spaces.onEchoed(neighbour, frame.token)
        break
      case 'groups':
        if (neighbour.isLinked) this.#ports.links.onLinkBytes(neighbour.peer, frame.bytes)
        break
      case 'leave':
        this.#onLeave(neighbour, frame.unsent)
        break
      case 'ping':
        this.#tell(neighbour, { kind: 'alive' })
        break
      case 'inquire':
      case 'inquired':
      case 'suspect':
        this.#watch.onFrame(neighbour, frame)
        break
      case 'forward':
      case 'forwarded':
        this.#onForward(neighbour, frame)
        break
      case 'alive':
    }
  }

  #onBegin(neighbour: Neighbour, addresses: readonly string[]): void {
    const shared = this.#spaces.sharedWith(neighbour)
    neighbour.addresses = addresses
    neighbour.isIntroduced = false
    neighbour.forgetSpaces()
    this.#updateLink(neighbour)
    this.#spaces.down(neighbour, shared)
  }

  #onIntroduced(neighbour: Neighbour): void {
    neighbour.isIntroduced = true
    // Again, it is after it had to drop what waited for us, echoes among it; what they stood for it has told of now.
    this.#spaces.onGone(neighbour)
    const { peer, addresses } = neighbour
    const other = this.#active.get(peer)
    if (other !== undefined && other !== neighbour) {
      if (!isPreferred(this.#ports.selfId, neighbour, other)) {
        if (neighbour.channel.isDialled) neighbour.channel.close('a second connection')
        return
      }
      this.#deactivate(other)
      if (other.channel.isDialled || other.isStill) other.channel.close('a second connection')
    }
    this.#activate(neighbour)
    if (other !== undefined) return
    this.#ports.learn({ id: peer, addresses })
    this.#tellAll({ kind: 'members', members: [{ id: peer, addresses }] }, neighbour)
    this.#ports.onConnected(peer)
  }

  #activate(neighbour: Neighbour): void {
    const { peer } = neighbour
    this.#active.set(peer, neighbour)
    this.#watch.step({ kind: 'connected', peer, nowMs: this.#ports.now() })
    this.#spaces.up(neighbour)
    this.#updateLink(neighbour)
    this.#forwarding.tick()
  }

  #onLeave({ peer }: Neighbour, unsent: number): void {
    this.#ports.forget(peer)
    this.#forwarding.forget(peer)
    this.#watch.step({ kind: 'left', peer })
    if (unsent > 0) this.#ports.report({ kind: 'peer-left', peer, unsent })
  }

  /** Of what this peer forwards, and of what is forwarded to it, both ends have connections of their own here. */
  #onForward(neighbour: Neighbour, frame: Extract<Frame, { kind: 'forward' | 'forwarded' }>): void {
    if (neighbour.channel.via !== undefined) this.#refuse(neighbour, 'a second hop of forwarding')
    else if (this.#isActive(neighbour)) this.#forwarding.onFrame(neighbour.peer, frame)
  }

  #directTo(peer: string): Neighbour | undefined {
    const neighbour = this.#active.get(peer)
    return neighbour?.channel.via === undefined ? neighbour : undefined
  }

  /** Takes a neighbour out of all that it takes part in: it reads nothing for now. */
  #pause(neighbour: Neighbour, reason: 'isLagging' | 'isStill'): void {
    const shared = this.#spaces.sharedWith(neighbour)
    neighbour[reason] = true
    this.#spaces.onGone(neighbour)
    this.#updateLink(neighbour)
    this.#spaces.down(neighbour, shared)
  }

  /** Takes it in again: what was said before is void, at both sides. */
  #resume(neighbour: Neighbour, reason: 'isLagging' | 'isStill'): void {
    neighbour[reason] = false
    if (neighbour.isLagging || neighbour.isStill) return
    this.#introduce(neighbour)
    this.#spaces.up(neighbour)
    this.#updateLink(neighbour)
  }

  #isActive(neighbour: Neighbour): boolean {
    return this.#active.get(neighbour.peer) === neighbour
  }

  #deactivate(neighbour: Neighbour): void {
    const shared = this.#spaces.sharedWith(neighbour)
    this.#active.delete(neighbour.peer)
    if (neighbour.channel.via === undefined) this.#forwarding.onLost(neighbour.peer)
    this.#updateLink(neighbour)
    this.#spaces.down(neighbour, shared)
  }

  #updateLink(neighbour: Neighbour): void {
    const { isLinked, peer } = neighbour
    const isUp = neighbour.isUp && this.#isActive(neighbour)
    if (isUp === isLinked) return
    neighbour.isLinked = isUp
    if (isUp) this.#ports.links.onLinkUp(peer)
    else this.#ports.links.onLinkDown(peer)
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
    for (const frame of this.#spaces.introduction()) tell(frame)
    tell({ kind: 'end' })
    neighbour.lastToldMs = this.#ports.now()
  }

  #tellAll(frame: Frame, except?: Neighbour): void {
    for (const neighbour of [...this.#neighbourByChannel.values()]) {
      if (neighbour !== except) this.#tell(neighbour, frame)
    }
  }

  #tell(neighbour: Neighbour, frame: Frame, isBulk = false): boolean {
    neighbour.lastToldMs = this.#ports.now()
    return neighbour.channel.send(encodeFrame(frame), isBulk)
  }

  #refuse(neighbour: Neighbour, reason: string): void {
    this.onInvalid(neighbour.channel, reason)
    neighbour.channel.close(reason)
  }
}
