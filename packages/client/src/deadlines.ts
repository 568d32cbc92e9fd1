/** A timer that fired this much too late was not late itself: the process stood still. */
const thawMs = 500
/** After a thaw, answers that have arrived meanwhile get this long to be read. */
const graceMs = 250

/**
 * One timer for the deadlines of all calls: setting one for each call would cost more than the call. `expire` ends what
 * is due at the given time and returns the next deadline, if any.
 */
export class Deadlines {
  private readonly expire: (nowMs: number) => number | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private dueMs = Infinity

  constructor(expire: (nowMs: number) => number | undefined) {
    this.expire = expire
  }

  /** Sees to it that something happens at `dueMs` at the latest. */
  add(dueMs: number): void {
    if (dueMs < this.dueMs) this.set(dueMs, performance.now())
  }

  stop(): void {
    clearTimeout(this.timer)
    this.dueMs = Infinity
  }

  private set(dueMs: number, nowMs: number): void {
    clearTimeout(this.timer)
    this.dueMs = dueMs
    this.timer = setTimeout(this.fire, Math.max(0, Math.min(dueMs - nowMs, 2 ** 31 - 1)))
  }

  private readonly fire = (): void => {
    const nowMs = performance.now()
    if (nowMs < this.dueMs - 1) return this.set(this.dueMs, nowMs)
    if (nowMs - this.dueMs > thawMs) return this.set(nowMs + graceMs, nowMs)
    this.dueMs = Infinity
    const nextMs = this.expire(nowMs)
    if (nextMs !== undefined) this.add(nextMs)
  }
}
