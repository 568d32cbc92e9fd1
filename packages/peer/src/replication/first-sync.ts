import { type Message } from './core/message.ts'

/**
 * Waits until a replica that was just opened holds what the neighbours held that were there at the time: each has
 * answered to the end, or has shown the digest that we have too. What they say counts from the opening on; whom to
 * wait for is known a moment later, with `expect`.
 */
export class FirstSync {
  readonly #hashByPeer = new Map<string, bigint>()
  readonly #answered = new Set<string>()
  readonly #ownHash: () => bigint
  #expected: Set<string> | undefined
  #resolve!: () => void
  readonly done: Promise<void>

  constructor(ownHash: () => bigint) {
    this.#ownHash = ownHash
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  expect(peers: Iterable<string>): void {
    this.#expected = new Set(peers)
    this.#settle()
  }

  onMessage(peer: string, message: Message): void {
    if (message.kind === 'digest') this.#hashByPeer.set(peer, message.hash)
    // It has nothing yet, and waits as we do.
    if (message.kind === 'digest' && message.speaker.sender === 0n) this.#answered.add(peer)
    if (message.kind === 'answered' && !message.more) this.#answered.add(peer)
    this.#settle()
  }

  onDown(peer: string): void {
    this.#expected?.delete(peer)
    this.#settle()
  }

  #settle(): void {
    if (this.#expected === undefined) return
    const own = this.#ownHash()
    for (const peer of this.#expected) {
      if (this.#answered.has(peer) || this.#hashByPeer.get(peer) === own)
        this.#expected.delete(peer)
    }
    if (this.#expected.size === 0) this.#resolve()
  }
}
