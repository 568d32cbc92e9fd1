/** A flush that fewer peers hold than it waits for. */
export interface FlushWaiter {
  readonly id: number
  /** The last of our own updates that it covers. */
  readonly last: number
  /** How many peers shall hold them, this one counted. */
  readonly replicas: number
}

/** The flushes under way; as many as callers wait. */
export class FlushWaiters {
  readonly #waiterById = new Map<number, FlushWaiter>()

  get size(): number {
    return this.#waiterById.size
  }

  add(waiter: FlushWaiter): void {
    this.#waiterById.set(waiter.id, waiter)
  }

  cancel(id: number): void {
    this.#waiterById.delete(id)
  }

  /** The distinct ends that flushes wait for. */
  ends(): Set<number> {
    return new Set([...this.#waiterById.values()].map((waiter) => waiter.last))
  }

  /** Takes out the flushes that enough peers hold, by `count(last)`. */
  settle(count: (last: number) => number): { readonly id: number; readonly replicas: number }[] {
    const settled = []
    for (const { id, last, replicas } of this.#waiterById.values()) {
      const holders = count(last)
      if (holders < replicas) continue
      this.#waiterById.delete(id)
      settled.push({ id, replicas: holders })
    }
    return settled
  }
}
