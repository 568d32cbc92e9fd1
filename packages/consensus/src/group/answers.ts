/** Has `done` called with `result` at the end of the turn. */
export type Answer = <T>(done: (result: T) => void, result: T) => void

/**
 * Callbacks that are due at the end of a turn: after what the turn has to send and to write is on its way, so nobody's
 * code delays it, and never within the call that gave them.
 */
export class Answers {
  #calls: ((result: never) => void)[] = []
  /** Invariant: `#results[n]` is for `#calls[n]`. */
  #results: unknown[] = []

  add<T>(done: (result: T) => void, result: T): void {
    this.#calls.push(done)
    this.#results.push(result)
  }

  run(): void {
    const calls = this.#calls
    if (calls.length === 0) return
    const results = this.#results
    this.#calls = []
    this.#results = []
    for (let n = 0; n < calls.length; n++) calls[n]!(results[n] as never)
  }
}
