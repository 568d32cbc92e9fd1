/** Stamps a millisecond: a hybrid clock counts within one. 2^53 / 1024 ms lasts until the year 2248. */
export const STAMPS_PER_MS = 1024
const DAY_MS = 86_400_000

/** A hybrid logical clock (Kulkarni et al. 2014): later than all stamps that were made and seen here. */
export class HybridClock {
  private readonly wall: () => number
  /** The greatest stamp made or seen. To be set where this very clock was. */
  latest = 0
  /** A day after a time that the wall clock has shown: stamps up to here are followed. */
  private ceiling = 0

  /** `wall` is in ms. It may jump: stamps never go back. */
  constructor(wall: () => number) {
    this.wall = wall
  }

  next(): number {
    this.latest = Math.max(this.latest + 1, Math.floor(this.wall() * STAMPS_PER_MS))
    return this.latest
  }

  /**
   * Takes note of a stamp from elsewhere. One from the far future is not followed: it would leave no room for later
   * ones. A `set` that has seen it wins all the same, because it replaces what it has seen.
   */
  observe(stamp: number): void {
    if (stamp <= this.latest) return
    // The wall clock is only looked at when it may matter: it costs more than all the rest.
    if (stamp > this.ceiling) this.ceiling = (this.wall() + DAY_MS) * STAMPS_PER_MS
    if (stamp <= this.ceiling) this.latest = stamp
  }
}
