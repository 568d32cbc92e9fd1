import type { ObjectNumber } from './command.ts'

/** A method that an object had run later. */
export interface Timer {
  readonly dueMs: number
  /** Numbers the timers of the group: those due at one time run in this order. */
  readonly number: number
  readonly object: ObjectNumber
  readonly method: string
  readonly args: readonly unknown[]
}

/** Timers by when they are due: a heap. */
export class TimerQueue {
  private heap: Timer[] = []

  get nextDueMs(): number | undefined {
    return this.heap[0]?.dueMs
  }

  /** In no order. */
  all(): readonly Timer[] {
    return this.heap
  }

  add(timer: Timer): void {
    const { heap } = this
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (isBefore(heap[above]!, timer)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = timer
  }

  /** Takes the first, if it is due by `nowMs`. */
  takeDue(nowMs: number): Timer | undefined {
    const { heap } = this
    const [first] = heap
    if (first === undefined || first.dueMs > nowMs) return undefined
    const last = heap.pop()!
    if (heap.length > 0) this.sink(last)
    return first
  }

  /** Drops the timers of an object. */
  drop(object: ObjectNumber): void {
    const kept = this.heap.filter((timer) => timer.object !== object)
    if (kept.length === this.heap.length) return
    this.heap = []
    for (const timer of kept) this.add(timer)
  }

  private sink(timer: Timer): void {
    const { heap } = this
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      const right = heap[below + 1]
      if (right !== undefined && isBefore(right, heap[below]!)) below++
      if (isBefore(timer, heap[below]!)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = timer
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.number < b.number)
}
