import type { Query, SessionId } from './command.ts'
import type { Applied, Outcome } from './outcome.ts'

/** What a group replicates: the same entries give the same state, answers and bytes everywhere. */
export interface StateMachine {
  /** Commands applied since the group's birth. */
  readonly position: number
  /** Agreed time, ms since 1970. */
  readonly nowMs: number
  /** When the next timer is due, in agreed time: the leader proposes an empty batch then. */
  readonly nextDueMs: number | undefined
  /** Applies the data of one entry: an encoded `CommandBatch`. What does not decode is counted and changes nothing. */
  apply(data: Uint8Array): Applied
  /** Answers a query from the state as it is. */
  read(query: Query): Outcome
  /** The position at which the object last changed; undefined when there is no such object. */
  changedAt(object: number): number | undefined
  /** The open sessions with their leases: whoever leads keeps their time. */
  sessions(): Iterable<readonly [session: SessionId, leaseMs: number]>
  snapshot(): Uint8Array
  /** @throws JoineryError ENCODING_INVALID; nothing changed */
  restore(snapshot: Uint8Array): void
  /** A hash of the state of each object that changed since the last call, by number. */
  takeHashes(): ReadonlyMap<number, bigint>
}
