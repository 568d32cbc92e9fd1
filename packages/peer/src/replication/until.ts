/** Waits for something that is tried again whenever something happened. */
export class Until {
  readonly #waits = new Set<() => void>()
  #isOver = false

  /** Resolves once `test` passes, or nothing happens any more. */
  async until(test: () => boolean): Promise<void> {
    while (!test() && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#waits.add(resolve)
      })
    }
  }

  /** Something happened. */
  settle(): void {
    if (this.#waits.size === 0) return
    for (const resolve of this.#waits) resolve()
    this.#waits.clear()
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#isOver = true
    this.settle()
  }
}
