import {
  type ErrorCode,
  type ErrorDetails,
  isJoineryError,
  JoineryError,
  type Outcome,
} from '@joinery/crdt-objects'
import type { Failure } from '../host/outcome.ts'
import { groupUnavailable } from '../errors.ts'

/** The failure at the caller, with the code and details that it had at the object. */
export function errorOf({ code, message, details, retryable }: Failure): JoineryError {
  return new JoineryError(code as ErrorCode, message, details as ErrorDetails[ErrorCode], {
    retryable,
  })
}

/** The failure of a call whose time ran out. */
export function callTimeout(timeoutMs: number, outcome: Outcome): JoineryError<'CALL_TIMEOUT'> {
  const advice = outcome === 'unknown' ? 'It may have been applied.' : 'Nothing was applied by it.'
  return new JoineryError(
    'CALL_TIMEOUT',
    `No answer within ${timeoutMs} ms. ${advice}`,
    { timeoutMs, outcome },
    { retryable: outcome === 'not-applied' },
  )
}

/** Codes of attempts that reached nobody who could answer: the next one may. */
const passing: ReadonlySet<string> = new Set(['GROUP_UNAVAILABLE', 'GATEWAY_UNREACHABLE'])

/** Whether an attempt that failed of `error` is worth another. */
export function isPassing(error: unknown): boolean {
  return isJoineryError(error) && passing.has(error.code)
}

/** Codes of calls that cannot be sent as they are. */
const unsendable: ReadonlySet<string> = new Set(['VALUE_INVALID', 'OBJECT_TOO_LARGE'])

/** Whether nothing of an attempt that failed of `error` can have been applied. */
export function leftNothing(error: unknown): boolean {
  if (!isJoineryError(error)) return false
  if (unsendable.has(error.code)) return true
  const { outcome } = error.details as { readonly outcome?: Outcome }
  return outcome === 'not-applied'
}

/** The failure of a call that was tried again and again: that of its last attempt, saying what all of them may have done. */
export function unreachable(group: number, last: unknown, outcome: Outcome): unknown {
  if (!isJoineryError(last) || leftNothing(last) === (outcome === 'not-applied')) return last
  return groupUnavailable(group, outcome)
}

/** The reason of the signal of an attempt when its caller has its answer, or has given up: no user sees it. */
export const nobodyWaits = callTimeout(0, 'unknown')
