import { type Channel } from '../network.ts'

/** How many spaces one neighbour may say are open. */
export const neighbourSpacesMax = 100_000

/** A peer that is connected and has introduced itself, or is about to: what it said on one channel. */
export class Neighbour {
  readonly peer: string
  readonly channel: Channel
  addresses: readonly string[] = []
  /** Has completed an introduction: only then do its spaces count. */
  isIntroduced = false
  /** Its queue overflowed: it takes part in no space until it reads again. */
  isLagging = false
  /** Groups talk over its channel. */
  isLinked = false
  lastHeardMs: number
  lastToldMs: number
  readonly #nameByNumber = new Map<number, string>()
  readonly #names = new Set<string>()

  constructor(channel: Channel, nowMs: number) {
    this.channel = channel
    this.peer = channel.peer
    this.lastHeardMs = nowMs
    this.lastToldMs = nowMs
  }

  /** The spaces that it has open. */
  get spaces(): ReadonlySet<string> {
    return this.#names
  }

  has(space: string): boolean {
    return this.isIntroduced && !this.isLagging && this.#names.has(space)
  }

  nameOf(number: number): string | undefined {
    return this.#nameByNumber.get(number)
  }

  /** False when it has more spaces than a neighbour may. */
  opened(number: number, name: string): boolean {
    if (this.#nameByNumber.size >= neighbourSpacesMax) return false
    this.#nameByNumber.set(number, name)
    this.#names.add(name)
    return true
  }

  closed(number: number): string | undefined {
    const name = this.#nameByNumber.get(number)
    if (name === undefined) return undefined
    this.#nameByNumber.delete(number)
    this.#names.delete(name)
    return name
  }

  forgetSpaces(): void {
    this.#nameByNumber.clear()
    this.#names.clear()
  }
}
