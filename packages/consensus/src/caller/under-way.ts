/** Something under way that its owner can end. */
export interface Stoppable {
  /** Its place among what is {@link UnderWay}; for that alone to use. */
  place: number
  /** Fails it with `reason`, whatever becomes of it. */
  stop(reason: unknown): void
}

/** What is under way at one owner. Not a `Set`, for the reason that `SequenceMap` gives. */
export class UnderWay {
  /** Invariant: each has the place that it says. */
  private readonly all: Stoppable[] = []

  add(one: Stoppable): void {
    one.place = this.all.length
    this.all.push(one)
  }

  delete(one: Stoppable): void {
    if (this.all[one.place] !== one) return
    const last = this.all.pop()!
    if (last === one) return
    this.all[one.place] = last
    last.place = one.place
  }

  stop(reason: unknown): void {
    for (const one of [...this.all]) one.stop(reason)
  }
}
