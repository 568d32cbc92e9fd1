/** What one asked for, and what came of it. */
export interface ModelRequest {
  readonly id: number
  readonly caller: number
  readonly permits: number
  readonly leaseMs: number
}

interface ModelHold extends ModelRequest {
  readonly dueMs: number
}

/** Permits as anybody would write them down: lists, looked through from the first to the last. */
export class PermitsModel {
  nowMs = 0
  waiting: ModelRequest[] = []
  holds: ModelHold[] = []
  private readonly total: number

  constructor(total: number) {
    this.total = total
  }

  get free(): number {
    return this.holds.reduce((free, { permits }) => free - permits, this.total)
  }

  get heldIds(): number[] {
    return this.holds.map(({ id }) => id)
  }

  acquire(request: ModelRequest): void {
    this.waiting.push(request)
    this.serve()
  }

  tryAcquire(request: ModelRequest): boolean {
    if (this.waiting.length > 0 || this.free < request.permits) return false
    this.acquire(request)
    return true
  }

  drop(isGone: (request: ModelRequest) => boolean): void {
    this.waiting = this.waiting.filter((request) => !isGone(request))
    this.holds = this.holds.filter((hold) => !isGone(hold))
    this.serve()
  }

  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const nextMs = Math.min(...this.holds.map(({ dueMs }) => dueMs))
      if (nextMs > endMs) break
      this.nowMs = nextMs
      this.holds = this.holds.filter(({ dueMs }) => dueMs > nextMs)
      this.serve()
    }
    this.nowMs = endMs
  }

  private serve(): void {
    for (;;) {
      const [first] = this.waiting
      if (first === undefined || this.free < first.permits) return
      this.waiting.shift()
      this.holds.push({ ...first, dueMs: this.nowMs + (first.leaseMs || Infinity) })
    }
  }
}
