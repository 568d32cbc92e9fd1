import { type Message } from './core/message.ts'

/** What a first sync looks at. */
export interface FirstSyncPorts {
  /** Of what is here. */
  hash(): bigint
  /** Whether the state that comes is this neighbour's. */
  takesStateOf(peer: string): boolean
  /** Whether a state that has come is not in yet. */
  isReading(): boolean
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
  /** Whose states were not taken, because another's was coming: the end of such an answer is the end of nothing. */
  readonly #discarded = new Set<string>()
  #expected: Set<string> | undefined
  #resolve!: () => void
  readonly done: Promise<void>

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
    if (message.kind === 'piece' && !this.#ports.takesStateOf(peer)) this.#discarded.add(peer)
    const isEnd = message.kind === 'answered' && !message.more
    if (isEnd && !this.#discarded.delete(peer)) this.#answered.add(peer)
    this.settle()
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
    if (this.#expected.size === 0) this.#resolve()
  }
}
