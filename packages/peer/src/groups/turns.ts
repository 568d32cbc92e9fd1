/** How long microtasks may follow each other before timers and the network get their turn. */
const turnMsMax = 5

/**
 * Runs the turns of groups soon after what is under way.
 *
 * In company they wait for the end of the event loop's turn: what all sockets have brought by then is handled together,
 * and so is the next call of whoever was just answered, so that half as many messages leave. A peer that is alone has
 * nobody to wait for, and runs them as microtasks, several times as fast. But a caller that awaits one call after
 * another would then never leave the microtasks, and no timer or socket would ever be served: once a turn of the event
 * loop has taken a while, the next one is waited for.
 */
export class Turns {
  readonly #isAlone: () => boolean
  readonly #now: () => number
  #startMs = 0
  #isCounting = false

  constructor(isAlone: () => boolean, now: () => number = () => performance.now()) {
    this.#isAlone = isAlone
    this.#now = now
  }

  readonly defer = (task: () => void): void => {
    if (!this.#isAlone() || this.#isOver()) setImmediate(task)
    else queueMicrotask(task)
  }

  #isOver(): boolean {
    if (!this.#isCounting) {
      this.#isCounting = true
      this.#startMs = this.#now()
      setImmediate(() => {
        this.#isCounting = false
      })
    }
    return this.#now() - this.#startMs > turnMsMax
  }
}
