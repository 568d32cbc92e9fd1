/** Who asked, and how it finds its question in the answer. */
export interface Asker {
  readonly to: string
  readonly token: number
}

interface Listening {
  readonly asker: Asker
  readonly sinceMs: number
}

/** Members that asked this peer after another one, and wait until it is heard. */
export class Listeners {
  /** Beyond, a question gets no answer: whoever asked has asked others too. */
  readonly sizeMax = 1024
  readonly #listenMs: number
  readonly #byPeer = new Map<string, Listening[]>()
  /** Invariant: at most `sizeMax`. */
  #size = 0

  constructor(listenMs: number) {
    this.#listenMs = listenMs
  }

  get size(): number {
    return this.#size
  }

  /** Whether somebody waits for a sign of `peer`. */
  hears(peer: string): boolean {
    return this.#byPeer.has(peer)
  }

  /** False when there are too many already. */
  add(peer: string, asker: Asker, nowMs: number): boolean {
    if (this.#size >= this.sizeMax) return false
    const listening = this.#byPeer.get(peer) ?? []
    listening.push({ asker, sinceMs: nowMs })
    this.#byPeer.set(peer, listening)
    this.#size++
    return true
  }

  /** Those who wait for a sign of `peer`: they wait no more. */
  takeFor(peer: string): readonly Asker[] {
    const listening = this.#byPeer.get(peer)
    if (listening === undefined) return []
    this.#byPeer.delete(peer)
    this.#size -= listening.length
    return listening.map(({ asker }) => asker)
  }

  /** Those who have waited for long enough. */
  expire(nowMs: number): readonly Asker[] {
    const over: Asker[] = []
    for (const [peer, listening] of this.#byPeer) {
      const isOver = ({ sinceMs }: Listening): boolean => nowMs - sinceMs >= this.#listenMs
      if (!listening.some(isOver)) continue
      over.push(...listening.filter(isOver).map(({ asker }) => asker))
      const kept = listening.filter((each) => !isOver(each))
      if (kept.length === 0) this.#byPeer.delete(peer)
      else this.#byPeer.set(peer, kept)
    }
    this.#size -= over.length
    return over
  }

  clear(): void {
    this.#byPeer.clear()
    this.#size = 0
  }
}
