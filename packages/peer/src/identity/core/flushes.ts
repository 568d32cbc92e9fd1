interface Flush {
  readonly id: number
  /** The last of our own updates that it covers. */
  readonly last: number
  /** How many keepers shall hold them. */
  readonly replicas: number
}

/** The flushes under way. At the bound another is refused. */
export class Flushes {
  readonly #flushesMax: number
  /** Invariant: at most `#flushesMax`. */
  #flushes: Flush[] = []

  constructor(flushesMax: number) {
    this.#flushesMax = flushesMax
  }

  /** Tells whether there was room. */
  add(flush: Flush): boolean {
    if (this.#flushes.length >= this.#flushesMax) return false
    this.#flushes.push(flush)
    return true
  }

  cancel(id: number): void {
    this.#flushes = this.#flushes.filter((flush) => flush.id !== id)
  }

  /** Takes out those that enough keepers hold, by `count(last)`. */
  settle(count: (last: number) => number): { readonly id: number; readonly replicas: number }[] {
    const settled: { readonly id: number; readonly replicas: number }[] = []
    this.#flushes = this.#flushes.filter(({ id, last, replicas }) => {
      const holders = count(last)
      if (holders >= replicas) settled.push({ id, replicas: holders })
      return holders < replicas
    })
    return settled
  }

  /** Takes out all: the life is sealed, and all that its seal has not cut, up to `last`, every member holds. */
  end(last: number): { readonly held: readonly number[]; readonly cut: readonly number[] } {
    const ids = (isWanted: (flush: Flush) => boolean): number[] =>
      this.#flushes.filter(isWanted).map(({ id }) => id)
    const ended = {
      held: ids((flush) => flush.last <= last),
      cut: ids((flush) => flush.last > last),
    }
    this.#flushes = []
    return ended
  }
}
