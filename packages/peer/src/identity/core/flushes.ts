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

  get size(): number {
    return this.#flushes.length
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

  /** Takes out those that enough keepers hold, by `count(last, replicas)`. */
  settle(
    count: (last: number, replicas: number) => number,
  ): { readonly id: number; readonly replicas: number }[] {
    const settled: { readonly id: number; readonly replicas: number }[] = []
    this.#flushes = this.#flushes.filter(({ id, last, replicas }) => {
      const holders = count(last, replicas)
      if (holders >= replicas) settled.push({ id, replicas: holders })
      return holders < replicas
    })
    return settled
  }

  /**
   * Takes out all: the life is sealed, and all that its seal has not cut, up to `last`, all of so many members hold. What
   * is cut, or held by fewer than are wanted, is to be flushed anew.
   */
  end(
    last: number,
    members: number,
  ): { readonly held: readonly number[]; readonly open: readonly number[] } {
    const isHeld = (flush: Flush): boolean => flush.last <= last && flush.replicas <= members
    const held = this.#flushes.filter(isHeld).map(({ id }) => id)
    const open = this.#flushes.filter((flush) => !isHeld(flush)).map(({ id }) => id)
    this.#flushes = []
    return { held, open }
  }
}
