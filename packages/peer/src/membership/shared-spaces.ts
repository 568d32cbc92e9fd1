import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { Echoes } from './echoes.ts'
import { type SpaceEvents } from './events.ts'
import { type Neighbour } from './neighbour.ts'
import { type Frame } from './wire.ts'

/** What the spaces need of membership. */
export interface SharedSpacesPorts {
  readonly spaces: SpaceEvents
  /** The neighbours, each by the channel that counts. */
  readonly active: ReadonlyMap<string, Neighbour>
  tell(neighbour: Neighbour, frame: Frame, isBulk?: boolean): void
  /** Those too that have not introduced themselves. */
  tellAll(frame: Frame): void
  /** Closes the channel of who sent what makes no sense. */
  refuse(neighbour: Neighbour, reason: string): void
}

/** The spaces that are open here, those that are open at neighbours, and what is sent in both. */
export class SharedSpaces {
  readonly #ports: SharedSpacesPorts
  readonly #numberBySpace = new Map<string, number>()
  readonly #echoes = new Echoes()
  #nextNumber = 0

  constructor(ports: SharedSpacesPorts) {
    this.#ports = ports
  }

  /** What an introduction says of the spaces that are open here. */
  introduction(): Frame[] {
    return [...this.#numberBySpace].map(([name, space]) => ({ kind: 'space-open', space, name }))
  }

  neighboursOf(space: string): string[] {
    const peers: string[] = []
    for (const neighbour of this.#ports.active.values())
      if (neighbour.has(space)) peers.push(neighbour.peer)
    return peers
  }

  elsewhere(): Set<string> {
    const names = new Set<string>()
    for (const neighbour of this.#ports.active.values()) {
      for (const name of neighbour.spaces) names.add(name)
    }
    return names
  }

  async open(space: string): Promise<void> {
    const ports = this.#ports
    const number = this.#nextNumber++
    this.#numberBySpace.set(space, number)
    ports.tellAll({ kind: 'space-open', space: number, name: space })
    for (const peer of this.neighboursOf(space)) ports.spaces.onNeighbourUp(space, peer)
    const listening = [...ports.active.values()].filter(({ isUp }) => isUp)
    await this.#echoes.collect(listening, (neighbour, token) => {
      ports.tell(neighbour, { kind: 'echo', token })
    })
  }

  close(space: string): void {
    const number = this.#numberBySpace.get(space)
    if (number === undefined) return
    this.#numberBySpace.delete(space)
    this.#ports.tellAll({ kind: 'space-close', space: number })
  }

  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void {
    this.#send(space, peer, (number) => ({ kind: 'message', space: number, bytes }), isBulk)
  }

  sendBatch(space: string, peer: string, bytes: Uint8Array): void {
    this.#send(space, peer, (number) => ({ kind: 'batch', space: number, bytes }))
  }

  sendAnnouncement(space: string, peer: string, origin: ReplicaId, last: number): void {
    this.#send(space, peer, (number) => ({ kind: 'announce', space: number, origin, last }))
  }

  /** The spaces that are open on both sides and run on this neighbour's channel now. */
  sharedWith(neighbour: Neighbour): string[] {
    if (!this.#isActive(neighbour)) return []
    return [...this.#numberBySpace.keys()].filter((space) => neighbour.has(space))
  }

  /** The neighbour takes part in `shared` from now on. */
  up(neighbour: Neighbour): void {
    for (const space of this.sharedWith(neighbour))
      this.#ports.spaces.onNeighbourUp(space, neighbour.peer)
  }

  /** It takes part no more in what it shared until now. */
  down({ peer }: Neighbour, shared: readonly string[]): void {
    for (const space of shared) this.#ports.spaces.onNeighbourDown(space, peer)
  }

  /** The neighbour is gone, or what was sent to it is dropped: its echoes do not come. */
  onGone(neighbour: Neighbour): void {
    this.#echoes.onGone(neighbour)
  }

  onEchoed(neighbour: Neighbour, token: number): void {
    this.#echoes.onAnswer(neighbour, token)
  }

  onOpen(neighbour: Neighbour, number: number, name: string): void {
    if (!neighbour.opened(number, name)) {
      this.#ports.refuse(neighbour, 'too many spaces')
      return
    }
    const isShared = this.#isActive(neighbour) && neighbour.has(name)
    if (isShared && this.#numberBySpace.has(name))
      this.#ports.spaces.onNeighbourUp(name, neighbour.peer)
  }

  onClose(neighbour: Neighbour, number: number): void {
    const wasUp = neighbour.isUp && this.#isActive(neighbour)
    const name = neighbour.closed(number)
    if (name !== undefined && wasUp && this.#numberBySpace.has(name))
      this.#ports.spaces.onNeighbourDown(name, neighbour.peer)
  }

  onTraffic(
    neighbour: Neighbour,
    frame: Extract<Frame, { kind: 'message' | 'batch' | 'announce' }>,
  ): void {
    const space = neighbour.nameOf(frame.space)
    if (space === undefined) {
      this.#ports.refuse(neighbour, `a ${frame.kind} for a space that is not open`)
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

  #isActive(neighbour: Neighbour): boolean {
    return this.#ports.active.get(neighbour.peer) === neighbour
  }

  #send(space: string, peer: string, frameFor: (number: number) => Frame, isBulk = false): void {
    const neighbour = this.#ports.active.get(peer)
    const number = this.#numberBySpace.get(space)
    if (neighbour === undefined || number === undefined || !neighbour.has(space)) return
    this.#ports.tell(neighbour, frameFor(number), isBulk)
  }
}
