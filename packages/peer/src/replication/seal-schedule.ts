/*
 * When to seal what was written. A write after a pause leaves in the same turn, so that a single operation is not held
 * up. Writes in a row wait for a window, and merge in it: peers pay for each batch that arrives, so the window grows
 * with the number of peers that write (measured: 20 to 50 batches a second from each is where more gains little).
 */
const writerSeenForMs = 5000
const sweptMin = 64

/** How long writes in a row are gathered when so many peers write. */
export function windowMsFor(writers: number): number {
  if (writers <= 10) return 25
  return writers <= 30 ? 50 : 250
}

/** Decides when pending writes of one space are sealed, and calls `seal` then. */
export class SealSchedule {
  readonly #seal: () => void
  readonly #now: () => number
  /** Invariant: those of the last seconds, and at most as many besides, or `sweptMin`: others come and go for ever. */
  readonly #seenMsByWriter = new Map<bigint, number>()
  #sweepAt = sweptMin
  #lastSealMs = -Infinity
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(seal: () => void, now: () => number = () => performance.now()) {
    this.#seal = seal
    this.#now = now
  }

  /** The number of other replicas that wrote lately. */
  get writers(): number {
    const oldestMs = this.#now() - writerSeenForMs
    for (const [writer, seenMs] of this.#seenMsByWriter) {
      if (seenMs < oldestMs) this.#seenMsByWriter.delete(writer)
    }
    return this.#seenMsByWriter.size
  }

  /** How many are remembered. */
  get remembered(): number {
    return this.#seenMsByWriter.size
  }

  /** A batch of another replica has come. */
  noteWriter(writer: bigint): void {
    this.#seenMsByWriter.set(writer, this.#now())
    if (this.#seenMsByWriter.size > this.#sweepAt)
      this.#sweepAt = Math.max(sweptMin, 2 * this.writers)
  }

  /** Something is pending. */
  onPending(): void {
    if (this.#timer !== undefined || this.#immediate !== undefined) return
    const waitMs = this.#lastSealMs + windowMsFor(this.writers + 1) - this.#now()
    if (waitMs <= 0) {
      // The end of the turn: what the caller writes in one go leaves in one batch.
      this.#immediate = setImmediate(() => {
        this.#immediate = undefined
        this.#seal()
      })
    } else {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#seal()
      }, waitMs)
    }
  }

  /** What was pending is sealed, for whatever reason. */
  onSealed(): void {
    this.#lastSealMs = this.#now()
    this.stop()
  }

  stop(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    if (this.#immediate !== undefined) clearImmediate(this.#immediate)
    this.#timer = undefined
    this.#immediate = undefined
  }
}
