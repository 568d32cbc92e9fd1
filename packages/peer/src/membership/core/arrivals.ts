import { invariant } from './invariant.ts'

/** For how long a neighbour may be silent before it is asked after, in ms. */
export interface SilenceBounds {
  /** Who has nothing to say says so this often. */
  readonly heartbeatMs: number
  readonly timeoutMinMs: number
  readonly timeoutMaxMs: number
}

const meanWeight = 1 / 8
const deviationWeight = 1 / 4
const deviations = 4

/**
 * How punctual a neighbour has been lately, and how long a silence is then out of the ordinary.
 *
 * What is estimated is lateness, the part of a gap beyond the heartbeat: a neighbour that sends a thousand frames a
 * second and then falls quiet is not late. Mean and deviation are as TCP keeps them for its timeout (Jacobson, Congestion
 * Avoidance and Control, SIGCOMM 1988), which Bertier, Marin and Sens (Implementation and Performance Evaluation of an
 * Adaptable Failure Detector, DSN 2002) took over for heartbeats. Phi accrual (Hayashibara et al., SRDS 2004) would
 * fit a distribution to a window of gaps; on gaps that come in bursts it has no better answer than a floor either.
 */
export class Arrivals {
  readonly #bounds: SilenceBounds
  /** Invariant: never negative. */
  #meanMs = 0
  /** Invariant: never negative. */
  #deviationMs = 0

  constructor(bounds: SilenceBounds) {
    this.#bounds = bounds
  }

  /** Takes the longest gap of a stretch of time of at least a heartbeat. */
  add(gapMs: number): void {
    const lateMs = Math.max(0, gapMs - this.#bounds.heartbeatMs)
    const errorMs = lateMs - this.#meanMs
    this.#meanMs += meanWeight * errorMs
    this.#deviationMs += deviationWeight * (Math.abs(errorMs) - this.#deviationMs)
    invariant(this.#meanMs >= 0 && this.#deviationMs >= 0, 'lateness is not negative')
  }

  /** A silence beyond this is out of the ordinary. */
  get timeoutMs(): number {
    const { heartbeatMs, timeoutMinMs, timeoutMaxMs } = this.#bounds
    const expectedMs = heartbeatMs + this.#meanMs + deviations * this.#deviationMs
    return Math.min(timeoutMaxMs, Math.max(timeoutMinMs, expectedMs))
  }
}
