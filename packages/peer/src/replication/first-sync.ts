import { type Message } from './core/message.ts'
import { type ReplicationCore } from './core/replication-core.ts'
import { settledWithin } from './settled-within.ts'

/** What a first sync looks at. */
export interface FirstSyncPorts {
  /** Of what is here. */
  hash(): bigint
  /** Whether the state that comes is this neighbour's. */
  takesStateOf(peer: string): boolean
  /** Whether a state that has come is not in yet. */
  isReading(): boolean
  /** Whether there is a replica that what others send can go into: without one they give a state, or nothing. */
  hasBegun(): boolean
}

/**
 * Waits until a replica that was just opened holds what the neighbours held that were there at the time: each has
 * answered to the end, and what it sent is in, or has shown the digest that we have too. What they say counts from the
 * opening on; whom to wait for is known a moment later, with `expect`.
 */
export class FirstSync {
  readonly #ports: FirstSyncPorts
  readonly #hashByPeer = new Map<string, bigint>()
  readonly #answered = new Set<string>()
  /** Whose states are not taken, because another's is coming: the end of such an answer is the end of nothing. */
  readonly #discarded = new Set<string>()
  /** Whose states are taken. */
  readonly #giving = new Set<string>()
  #expected: Set<string> | undefined
  #resolve!: (isDone: true) => void
  readonly done: Promise<true>

  constructor(ports: FirstSyncPorts) {
    this.#ports = ports
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Who is still waited for, as far as it is known. */
  get expected(): string[] {
    return [...(this.#expected ?? [])]
  }

  expect(peers: Iterable<string>): void {
    this.#expected = new Set(peers)
    this.settle()
  }

  /** To be called when the message has been taken. */
  onMessage(peer: string, message: Message): void {
    if (message.kind === 'digest') this.#hashByPeer.set(peer, message.hash)
    // It has nothing yet, and waits as we do.
    if (message.kind === 'digest' && message.speaker.sender === 0n) this.#answered.add(peer)
    if (message.kind === 'piece')
      (this.#ports.takesStateOf(peer) ? this.#giving : this.#discarded).add(peer)
    if (message.kind === 'answered' && !message.more) this.#onEnd(peer)
    this.settle()
  }

  #onEnd(peer: string): void {
    const isTaken = this.#giving.delete(peer)
    const isDiscarded = this.#discarded.delete(peer)
    // One that gives states to as many as it can has none for us yet: it is asked again once there is a replica.
    const isRefused = !isTaken && !this.#ports.hasBegun()
    if (!isDiscarded && !isRefused) this.#answered.add(peer)
  }

  /** Whether it is done within `timeoutMs`. */
  async isDoneWithin(timeoutMs: number): Promise<boolean> {
    return (await settledWithin(this.done, timeoutMs)) ?? false
  }

  onDown(peer: string): void {
    this.#expected?.delete(peer)
    this.settle()
  }

  /** To be called whenever more may be here. */
  settle(): void {
    if (this.#expected === undefined || this.#ports.isReading()) return
    const own = this.#ports.hash()
    for (const peer of this.#expected) {
      if (this.#answered.has(peer) || this.#hashByPeer.get(peer) === own)
        this.#expected.delete(peer)
    }
    if (this.#expected.size === 0) this.#resolve(true)
  }
}

/** That of a replica which `core` is about to open. */
export function firstSyncOf(core: ReplicationCore): FirstSync {
  return new FirstSync({
    hash: () => core.vector.hash(),
    takesStateOf: (peer) => core.streams.receivesFrom(peer),
    isReading: () => core.streams.isReading,
    hasBegun: () => core.member.replica !== undefined,
  })
}
