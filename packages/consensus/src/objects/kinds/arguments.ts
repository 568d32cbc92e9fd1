import { invalidValue } from '@joinery/crdt-objects'

/** The longest lease, and the longest delay: a day. */
const DURATION_MS_MAX = 86_400_000
const COUNT_MAX = 2 ** 31 - 1

/*
 * What builders, handles and classes take. A handle checks before it sends, so that mistakes show at once; the class
 * checks again, because a command may come from anybody.
 */

/** An integer of a range. */
export function checkCount(what: string, value: unknown, min = 1, max = COUNT_MAX): number {
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    throw invalidValue(`${what} is an integer from ${min} to ${max}`, value)
  }
  return value as number
}

/** How long something is held at most; 0 for as long as its session lives. */
export function checkLease(leaseMs: unknown): number {
  if (leaseMs === undefined || leaseMs === 0) return 0
  return checkCount('a lease in ms', leaseMs, 1, DURATION_MS_MAX)
}

export function checkDelay(delayMs: unknown): number {
  return delayMs === undefined ? 0 : checkCount('a delay in ms', delayMs, 0, DURATION_MS_MAX)
}
