/*
 * How much a peer may write in a second. A function that writes in a loop would keep all peers of a space busy that hold
 * it: each takes in what any of them writes. So it is told to wait where its operations enter, and nobody refuses what is
 * once written.
 */
import { JoineryError } from '@joinery/crdt-objects'
import { type Budget } from '@joinery/crdt-objects/engine'
import { type Reporter } from '../report.ts'

const reportEveryMs = 60_000

/**
 * A token bucket that holds what is allowed in a second. What a batch takes is known when it is sealed, and taken then: so
 * one batch may be more than is left, and what follows waits until that is made up for.
 */
export class RateBudget implements Budget {
  readonly #bytesPerSecond: number
  readonly #report: Reporter
  readonly #now: () => number
  /** Bytes; below 0 so many were written too early. Invariant: at most what is allowed in a second. */
  #left: number
  #atMs: number
  #isOverdrawn = false
  #reportedMs = -Infinity

  /** `now` is in ms, and never goes back. */
  constructor(bytesPerSecond: number, report: Reporter, now = (): number => performance.now()) {
    this.#bytesPerSecond = bytesPerSecond
    this.#report = report
    this.#now = now
    this.#left = bytesPerSecond
    this.#atMs = now()
  }

  /** Asked at each operation: the clock is looked at only while it may be full. */
  get isFull(): boolean {
    if (this.#isOverdrawn) this.#refill()
    return this.#isOverdrawn
  }

  /** A batch of so many bytes was written. */
  spend(bytes: number): void {
    this.#refill()
    this.#left -= bytes
    this.#isOverdrawn = this.#left < 0
    if (!this.#isOverdrawn || this.#atMs - this.#reportedMs < reportEveryMs) return
    this.#reportedMs = this.#atMs
    this.#report({ kind: 'write-rate-reached', bytesPerSecondMax: this.#bytesPerSecond })
  }

  refusal(): JoineryError {
    const bytesPerSecondMax = this.#bytesPerSecond
    const retryAfterMs = Math.max(1, Math.ceil((-this.#left * 1000) / bytesPerSecondMax))
    const message = `This peer has written more than its ${bytesPerSecondMax} bytes a second: wait ${retryAfterMs} ms, write less, or raise writeBytesPerSecondMax.`
    const details = { bytesPerSecondMax, retryAfterMs }
    return new JoineryError('WRITE_RATE_EXCEEDED', message, details, { retryable: true })
  }

  #refill(): void {
    const nowMs = this.#now()
    const earned = ((nowMs - this.#atMs) * this.#bytesPerSecond) / 1000
    this.#left = Math.min(this.#left + earned, this.#bytesPerSecond)
    this.#atMs = nowMs
    this.#isOverdrawn = this.#left < 0
  }
}

/** Both of two, where there are two. */
export function bothOf(one: Budget | undefined, other: Budget | undefined): Budget | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return {
    get isFull() {
      return one.isFull || other.isFull
    },
    refusal: () => (one.isFull ? one : other).refusal(),
  }
}
