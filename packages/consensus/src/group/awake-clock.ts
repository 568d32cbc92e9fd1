import type { GroupClock } from './ports.ts'

/** Time between two ticks counts up to so many times `tickMs`. */
const COUNTED_TICKS_MAX = 2

/**
 * Time as far as this member was awake for it. While a process is stopped, or its loop is held up, it hears no renewal:
 * that time must not count against those who sent one.
 */
export class AwakeClock {
  readonly #clock: GroupClock
  readonly #tickMs: number
  #lastMs: number
  #awakeMs = 0

  constructor(clock: GroupClock, tickMs: number) {
    this.#clock = clock
    this.#tickMs = tickMs
    this.#lastMs = clock.monotonicMs()
  }

  get nowMs(): number {
    return this.#awakeMs
  }

  tick(): void {
    const nowMs = this.#clock.monotonicMs()
    this.#awakeMs += Math.min(nowMs - this.#lastMs, COUNTED_TICKS_MAX * this.#tickMs)
    this.#lastMs = nowMs
  }
}
