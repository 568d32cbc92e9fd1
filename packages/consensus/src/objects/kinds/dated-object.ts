import { StrongObject } from '../strong-object.ts'

/** What is due when, between what is due before and after it; 0 is none. */
type Dated = readonly [dueMs: number, before: number, after: number]

/**
 * An object some of whose parts are due at times of their own, as leases are. Its dates are a linked list in order of
 * time, so that most take one step to enter: leases of one length are made in the order in which they run out. One timer
 * waits for the first of them, however many there are.
 *
 * Invariant: while the list is not empty, a timer comes no later than its first date.
 */
export abstract class DatedObject extends StrongObject {
  protected dates = new Map<number, Dated>()
  protected firstDated = 0
  protected lastDated = 0
  /** When the timers under way come, the earliest last: each was begun to come before those that were there. */
  protected timersMs: number[] = []

  /** Called once for each part that is due; it has no date any more. */
  protected abstract overdue(id: number): void

  protected setDue(id: number, delayMs: number): void {
    const dueMs = this.now + delayMs
    let before = this.lastDated
    while (before !== 0 && this.dates.get(before)![0] > dueMs) before = this.dates.get(before)![1]
    const after = before === 0 ? this.firstDated : this.dates.get(before)![2]
    this.dates.set(id, [dueMs, before, after])
    this.link(before, after, id, id)
    this.arm()
  }

  protected clearDue(id: number): void {
    const dated = this.dates.get(id)
    if (dated === undefined) return
    this.dates.delete(id)
    const [, before, after] = dated
    this.link(before, after, after, before)
  }

  /** What follows `before` and precedes `after` from now on. */
  protected link(before: number, after: number, next: number, previous: number): void {
    if (before === 0) this.firstDated = next
    else {
      const [dueMs, earlier] = this.dates.get(before)!
      this.dates.set(before, [dueMs, earlier, next])
    }
    if (after === 0) this.lastDated = previous
    else {
      const [dueMs, , later] = this.dates.get(after)!
      this.dates.set(after, [dueMs, previous, later])
    }
  }

  protected arm(): void {
    if (this.firstDated === 0) return
    const [dueMs] = this.dates.get(this.firstDated)!
    const timerMs = this.timersMs.at(-1)
    if (timerMs !== undefined && timerMs <= dueMs) return
    this.timersMs.push(dueMs)
    this.schedule(Math.max(1, dueMs - this.now), 'sweep')
  }

  /** The timer. */
  protected sweep(): void {
    while ((this.timersMs.at(-1) ?? Infinity) <= this.now) this.timersMs.pop()
    while (this.firstDated !== 0 && this.dates.get(this.firstDated)![0] <= this.now) {
      const id = this.firstDated
      this.clearDue(id)
      this.overdue(id)
    }
    this.arm()
  }
}
