import type { GroupClock } from './ports.ts'

/** How much faster than time itself agreed time goes while it is behind the leader's wall clock. */
const CATCH_UP = 0.1
/** Further behind than this, nobody was there to keep the time: it is set, and not caught up with. */
const BEHIND_MS_MAX = 60_000

/**
 * The time that a leader stamps into entries. It goes on from the group's time as this member saw it, by the monotonic
 * clock, and follows the wall clock only slowly: were a new leader's wall clock a few seconds ahead and taken at its
 * word, leases would end before their holders could know. Where the group's time is ahead it goes on all the same:
 * otherwise no timer would fire until the wall clock has caught up.
 */
export class AgreedClock {
  readonly #clock: GroupClock
  #baseMs = 0
  #baseMonotonicMs = 0

  constructor(clock: GroupClock) {
    this.#clock = clock
  }

  /**
   * The group's time is `agreedMs` now. Of an entry by another leader only: our own come back late, and each would
   * hold up the clock.
   */
  observe(agreedMs: number): void {
    if (agreedMs === this.#baseMs) return
    this.#baseMs = agreedMs
    this.#baseMonotonicMs = this.#clock.monotonicMs()
  }

  nowMs(): number {
    const wallMs = this.#clock.wallMs()
    const elapsedMs = this.#clock.monotonicMs() - this.#baseMonotonicMs
    const steadyMs = this.#baseMs + elapsedMs
    if (wallMs - steadyMs > BEHIND_MS_MAX) {
      this.observe(wallMs)
      return Math.floor(wallMs)
    }
    const soonestMs = Math.min(wallMs, steadyMs + elapsedMs * CATCH_UP)
    return Math.floor(Math.max(steadyMs, soonestMs))
  }
}
