import { JoineryError, type Outcome } from '@joinery/crdt-objects'

declare module '@joinery/crdt-objects' {
  interface ErrorDetails {
    /** The gateway is lost or not there. A write that may have been applied has the outcome `unknown`. */
    GATEWAY_UNREACHABLE: { readonly outcome: Outcome }
    /** The gateway, or this client's queue, has as much under way as it takes. Nothing was applied. */
    GATEWAY_BUSY: { readonly outcome: Outcome; readonly retryAfterMs: number }
    /** The gateway does not take this token, origin or host. */
    ACCESS_DENIED: { readonly reason: string }
    /** The gateway failed at a call through a fault of its own. */
    CALL_FAILED: { readonly outcome: Outcome }
    /** Nothing of that name is there, and the request gave no schema to create it with. */
    OBJECT_NOT_FOUND: { readonly space: string; readonly name: string }
  }
}

/** The failure of a call whose gateway is lost or not there. */
export function gatewayUnreachable(outcome: Outcome, why: string, cause?: unknown): JoineryError {
  const advice =
    outcome === 'unknown'
      ? 'The call may have been applied: look at the object before asking again.'
      : 'Nothing was applied: ask again when the gateway is back.'
  const options = cause === undefined ? {} : { cause }
  return new JoineryError(
    'GATEWAY_UNREACHABLE',
    `${why} ${advice}`,
    { outcome },
    {
      retryable: outcome === 'not-applied',
      ...options,
    },
  )
}

/** Why a failure came to be, without the advice at its end: another is given with the failure that it causes. */
export function reasonOf({ message }: JoineryError): string {
  return message.replace(
    / (?:Nothing was applied: ask again|The call may have been applied: look at) [^:]*$/,
    '',
  )
}

/** The failure of a call that was turned away before it was looked at. */
export function gatewayBusy(why: string, retryAfterMs = 100): JoineryError<'GATEWAY_BUSY'> {
  return new JoineryError(
    'GATEWAY_BUSY',
    `${why} Nothing was applied: ask again in ${retryAfterMs} ms.`,
    { outcome: 'not-applied', retryAfterMs },
    { retryable: true },
  )
}

/** The failure of a connection or request that lacks the right to be made. */
export function accessDenied(reason: string): JoineryError<'ACCESS_DENIED'> {
  return new JoineryError('ACCESS_DENIED', `The gateway refused: ${reason}`, { reason })
}

/** The failure of everything that a client is asked for after its end. */
export function clientClosed(space: string): JoineryError<'SPACE_ENDED'> {
  return new JoineryError('SPACE_ENDED', 'The client was closed.', { space })
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
