import type { CallerClock } from '#consensus/caller/index.ts'
import type { VirtualClock } from '#test/simulation/virtual-clock.ts'

/** The process of a client: it has a clock of its own, can stand still, and can die. */
export class ClientProcess {
  readonly clock: CallerClock
  readonly #time: VirtualClock
  readonly #drift: number
  readonly #touched: () => void
  #backlog: (() => void)[] | undefined
  #isDead = false
  /** When it was last set going again after a standstill. */
  resumedMs = -Infinity

  /** `touched` is called whenever something of the process has run: promises are to have their turn then. */
  constructor(time: VirtualClock, drift: number, touched: () => void) {
    this.#time = time
    this.#drift = drift
    this.#touched = touched
    this.clock = {
      nowMs: () => time.nowMs * (1 + drift),
      after: (delayMs, task) => this.after(delayMs, task),
    }
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isPaused(): boolean {
    return this.#backlog !== undefined
  }

  /** Something arrives, or is due. */
  run(task: () => void): void {
    if (this.#isDead) return
    if (this.#backlog !== undefined) {
      this.#backlog.push(task)
      return
    }
    task()
    this.#touched()
  }

  after(delayMs: number, task: () => void): () => void {
    let isOff = false
    // As timers do, never before the time is there.
    this.#time.after(Math.ceil(Math.max(0, delayMs) / (1 + this.#drift)), () => {
      if (isOff) return
      this.run(() => {
        if (!isOff) task()
      })
    })
    return () => {
      isOff = true
    }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  pause(): void {
    this.#backlog ??= []
  }

  resume(): void {
    const backlog = this.#backlog
    if (backlog === undefined) return
    this.#backlog = undefined
    this.resumedMs = this.#time.nowMs
    for (const task of backlog) this.run(task)
  }

  die(): void {
    this.#isDead = true
    this.#backlog = undefined
  }
}
