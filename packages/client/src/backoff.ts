/** How long to wait between attempts to reach a gateway. */
export interface Backoff {
  /** The first wait; it doubles with each failed round of addresses. */
  readonly delayMsMin: number
  readonly delayMsMax: number
}

/** The wait before attempt `attempt` (from 0): between half and all of an exponentially growing time. */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  const full = Math.min(backoff.delayMsMax, backoff.delayMsMin * 2 ** Math.min(attempt, 30))
  // Half of it is random, so that the clients of a lost gateway do not come back in step.
  return full / 2 + (full / 2) * random
}
