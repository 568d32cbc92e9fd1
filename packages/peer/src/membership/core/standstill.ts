/** What a tick says of this process. */
export interface Punctuality {
  /** How much later than it should this tick came. */
  readonly lateMs: number
  /** The process stood still, for about so long: none of its timers is to be believed. */
  readonly stoodStillMs: number | undefined
}

/**
 * Finds that this process stood still, from ticks that should come every `tickMs`.
 *
 * A stopped process (SIGSTOP, a frozen container) finds its monotonic clock advanced: the ticks alone were missing. Where
 * the whole machine was paused, that clock may have stood still too, and only the wall clock tells. A wall clock that
 * somebody set forward looks the same; then nothing was wrong, and saying `alive` once more does no harm.
 */
export class Standstill {
  readonly #tickMs: number
  readonly #afterMs: number
  #last: { readonly monotonicMs: number; readonly wallMs: number } | undefined

  /** `afterMs`: how late a tick has to be. */
  constructor(tickMs: number, afterMs: number) {
    this.#tickMs = tickMs
    this.#afterMs = afterMs
  }

  tick(monotonicMs: number, wallMs: number): Punctuality {
    const last = this.#last ?? { monotonicMs, wallMs }
    this.#last = { monotonicMs, wallMs }
    const passedMs = monotonicMs - last.monotonicMs
    const lateMs = Math.max(0, passedMs - this.#tickMs)
    const stillMs = Math.max(lateMs, wallMs - last.wallMs - this.#tickMs)
    return { lateMs, stoodStillMs: stillMs > this.#afterMs ? stillMs : undefined }
  }
}
