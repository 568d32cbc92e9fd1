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
  /** It is taken for frozen: it takes part in no space until it is heard again. */
  isStill = false
  /** The failure detector waits for its next frame. */
  isAwaited = false
  /** Groups talk over its channel. */
  isLinked = false
  lastHeardMs: number
  lastToldMs: number
  /** The longest pause between two frames since `#gapSinceMs`. */
  #gapMs = 0
  #gapSinceMs: number
  readonly #nameByNumber = new Map<number, string>()
  readonly #names = new Set<string>()

  constructor(channel: Channel, nowMs: number) {
    this.channel = channel
    this.peer = channel.peer
    this.lastHeardMs = nowMs
    this.lastToldMs = nowMs
    this.#gapSinceMs = nowMs
  }

  /** It takes part in what it has open. */
  get isUp(): boolean {
    return this.isIntroduced && !this.isLagging && !this.isStill
  }

  heard(nowMs: number): void {
    const gapMs = nowMs - this.lastHeardMs
    if (gapMs > this.#gapMs) this.#gapMs = gapMs
    this.lastHeardMs = nowMs
  }

  /** The longest pause of the last stretch of at least `stretchMs`; undefined while none has ended. */
  takeGap(nowMs: number, stretchMs: number): number | undefined {
    // A stretch in which nothing came has not ended.
    if (this.lastHeardMs - this.#gapSinceMs < stretchMs) return undefined
    const gapMs = this.#gapMs
    this.#gapMs = 0
    this.#gapSinceMs = nowMs
    return gapMs
  }

  /** All that was measured of its silence is void. */
  restart(nowMs: number): void {
    this.lastHeardMs = nowMs
    this.#gapMs = 0
    this.#gapSinceMs = nowMs
  }

  /** The spaces that it has open. */
  get spaces(): ReadonlySet<string> {
    return this.#names
  }

  has(space: string): boolean {
    return this.isUp && this.#names.has(space)
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
