interface Timer {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** Time that passes only when everything due has run; what is due at once runs in the order of its making. */
export class VirtualClock {
  /** Invariant: a binary heap, earliest first. */
  readonly #timers: Timer[] = []
  #order = 0
  #nowMs = 0

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): void {
    const timers = this.#timers
    timers.push({ atMs: this.#nowMs + delayMs, order: this.#order++, run })
    for (let at = timers.length - 1; at > 0;) {
      const parent = (at - 1) >> 1
      if (isBefore(timers[parent]!, timers[at]!)) break
      swap(timers, at, parent)
      at = parent
    }
  }

  /** Runs all that is due within `durationMs`, or until `isDone`. */
  run(durationMs: number, isDone: () => boolean = () => false): void {
    const untilMs = this.#nowMs + durationMs
    while (this.#timers.length > 0 && this.#timers[0]!.atMs <= untilMs) {
      const timer = this.#takeFirst()
      this.#nowMs = timer.atMs
      timer.run()
      if (isDone()) return
    }
    this.#nowMs = untilMs
  }

  #takeFirst(): Timer {
    const timers = this.#timers
    swap(timers, 0, timers.length - 1)
    const first = timers.pop()!
    for (let at = 0; ;) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < timers.length && isBefore(timers[child]!, timers[least]!)) least = child
      }
      if (least === at) return first
      swap(timers, at, least)
      at = least
    }
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function swap(timers: Timer[], a: number, b: number): void {
  const kept = timers[a]!
  timers[a] = timers[b]!
  timers[b] = kept
}
