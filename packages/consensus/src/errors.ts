import { JoineryError, type Outcome } from '@joinery/crdt-objects'

declare module '@joinery/crdt-objects' {
  interface ErrorDetails {
    /** No leader of the group answered in time. `unknown` when the call may have been applied all the same. */
    GROUP_UNAVAILABLE: { readonly group: number; readonly outcome: Outcome }
    /** The group, or the object or session, has as much under way as it takes. Nothing was applied. */
    GROUP_BUSY: { readonly reason: string; readonly outcome: Outcome }
    /** The session ran out or was closed: what it held is given back, and others may hold it. */
    SESSION_EXPIRED: { readonly session: string; readonly outcome: Outcome }
    /** There is no such object: it was deleted, or its space has ended. */
    OBJECT_UNKNOWN: { readonly space?: string; readonly name?: string; readonly object?: number }
    /** The object's replicas differ: its class does something that is not the same everywhere. It takes no more calls. */
    OBJECT_NOT_DETERMINISTIC: { readonly name: string }
    /** A barrier's round broke: one who waited in it has left, or it was reset. */
    BARRIER_BROKEN: { readonly round: number; readonly reason: 'left' | 'reset' }
    /** The queue was closed: it takes no item, and has none left to give. */
    QUEUE_CLOSED: { readonly outcome: Outcome }
    /** The future was rejected; `reason` is what it was rejected with. */
    FUTURE_REJECTED: { readonly reason: unknown }
  }
}

/** The failure of a call that no leader of the group answered. */
export function groupUnavailable(
  group: number,
  outcome: Outcome,
  why = 'No leader of the group answered.',
): JoineryError<'GROUP_UNAVAILABLE'> {
  const advice =
    outcome === 'unknown'
      ? 'The call may have been applied: look at the object before asking again.'
      : 'Nothing was applied: ask again when a majority of its voters is back.'
  return new JoineryError(
    'GROUP_UNAVAILABLE',
    `${why} ${advice}`,
    { group, outcome },
    { retryable: outcome === 'not-applied' },
  )
}

/** The failure of a call that was turned away, because too much is under way. */
export function groupBusy(reason: string): JoineryError<'GROUP_BUSY'> {
  return new JoineryError(
    'GROUP_BUSY',
    `${reason}. Nothing was applied: ask again later, or keep less under way.`,
    { reason, outcome: 'not-applied' },
    { retryable: true },
  )
}

/** The failure of a call of a session that has ended. */
export function sessionExpired(session: string, outcome: Outcome): JoineryError<'SESSION_EXPIRED'> {
  return new JoineryError(
    'SESSION_EXPIRED',
    `the session ${session} has ended: what it held is given back; a new one is opened for the calls to come`,
    { session, outcome },
    { retryable: outcome === 'not-applied' },
  )
}

/** The failure of a call of an object that is not there. */
export function objectUnknown(
  where: { readonly space: string; readonly name: string } | { readonly object: number },
): JoineryError<'OBJECT_UNKNOWN'> {
  const shown = 'object' in where ? `number ${where.object}` : `'${where.name}' of '${where.space}'`
  return new JoineryError(
    'OBJECT_UNKNOWN',
    `there is no object ${shown}: it was deleted, or its space has ended; open it again to make it anew`,
    where,
  )
}

/** The failure of a call of an object whose replicas differ. */
export function objectNotDeterministic(name: string): JoineryError<'OBJECT_NOT_DETERMINISTIC'> {
  return new JoineryError(
    'OBJECT_NOT_DETERMINISTIC',
    `the replicas of '${name}' differ: its class reads a clock, randomness or something outside its fields`,
    { name },
  )
}

/** The failure of those who waited in a round of a barrier that broke. */
export function barrierBroken(
  round: number,
  reason: 'left' | 'reset',
): JoineryError<'BARRIER_BROKEN'> {
  const why = reason === 'left' ? 'one who waited in it has left' : 'it was reset'
  return new JoineryError(
    'BARRIER_BROKEN',
    `round ${round} of the barrier broke: ${why}; the next round is open`,
    { round, reason },
  )
}

/** The failure of a `put` into, or a `take` from, a queue that was closed. */
export function queueClosed(what: string): JoineryError<'QUEUE_CLOSED'> {
  return new JoineryError('QUEUE_CLOSED', `the queue was closed: ${what}`, {
    outcome: 'not-applied',
  })
}

/** The failure of those who wait for a future that was rejected. */
export function futureRejected(reason: unknown): JoineryError<'FUTURE_REJECTED'> {
  return new JoineryError(
    'FUTURE_REJECTED',
    'the future was rejected: `details.reason` is what it was rejected with',
    { reason },
  )
}
