import { type Message } from './core/message.ts'

/**
 * Waits until a replica that was just opened holds what the neighbours held that were there at the time: each has
 * answered to the end, or has shown the digest that we have too.
 */
export class FirstSync {
  readonly #hashByPeer = new Map<string, bigint | undefined>()
  readonly #ownHash: () => bigint
  #resolve!: () => void
  readonly done: Promise<void>

  constructor(peers: Iterable<string>, ownHash: () => bigint) {
    this.#ownHash = ownHash
    for (const peer of peers) this.#hashByPeer.set(peer, undefined)
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#settle()
  }

  get isDone(): boolean {
    return this.#hashByPeer.size === 0
  }

  onMessage(peer: string, message: Message): void {
    if (!this.#hashByPeer.has(peer)) return
    if (message.kind === 'digest') this.#hashByPeer.set(peer, message.hash)
    if (message.kind === 'answered' && !message.more) this.#hashByPeer.delete(peer)
    const own = this.#ownHash()
    for (const [waited, hash] of this.#hashByPeer) {
      if (hash === own) this.#hashByPeer.delete(waited)
    }
    this.#settle()
  }

  onDown(peer: string): void {
    this.#hashByPeer.delete(peer)
    this.#settle()
  }

  #settle(): void {
    if (this.isDone) this.#resolve()
  }
}
