import type { WaitOptions } from '@joinery/crdt-objects'
import type { CallCommand, Query, SessionId } from './host/command.ts'
import type { Outcome } from './host/outcome.ts'

/** Where an object is: which group orders it, under which number. */
export interface ObjectAddress {
  readonly group: number
  readonly object: number
}

/** Options of what is asked of an object. */
export interface CallOptions extends WaitOptions {
  /** The space that the object is in: told to who sees to visibility on the way, as a gateway does for its clients. */
  readonly space?: string | undefined
}

/**
 * The one port behind which the strong side stands: one order for the operations of each group of objects. A peer's own
 * groups are behind it, a gateway is, and another engine can be one day.
 *
 * Each call is one attempt. It fails with GROUP_UNAVAILABLE when no leader answered: it may or may not have been applied,
 * and the caller asks again with the same session and sequence, which applies once. Failures that the group itself
 * answers are outcomes, and no exceptions.
 */
export interface OrderedLog {
  /** Makes the object, or finds it. Fails with OBJECT_SCHEMA_DIFFERS, OBJECT_TYPE_UNKNOWN, GROUP_UNAVAILABLE. */
  openObject(
    space: string,
    name: string,
    descriptor: string,
    options?: WaitOptions,
  ): Promise<ObjectAddress>
  deleteObject(space: string, name: string, options?: WaitOptions): Promise<void>
  openSession(
    group: number,
    session: SessionId,
    leaseMs: number,
    options?: WaitOptions,
  ): Promise<void>
  /** Renews the lease; answers whether the session is still there. */
  renewSession(group: number, session: SessionId, options?: WaitOptions): Promise<boolean>
  closeSession(group: number, session: SessionId, options?: WaitOptions): Promise<void>
  /** Orders a call and applies it, exactly once; waits while it is parked. */
  submit(group: number, call: CallCommand, options?: CallOptions): Promise<Outcome>
  /** Ends a parked call, or one that is not known yet; the outcome of one that was done. */
  withdraw(
    group: number,
    session: SessionId,
    sequence: number,
    options?: CallOptions,
  ): Promise<Outcome>
  /** Reads at a position that is at or after every command whose outcome anyone has seen before the call. */
  read(group: number, query: Query, options?: CallOptions): Promise<Outcome>
  /** Resolves with the object's position once it changed after `after`; at once if it has. */
  watch(group: number, object: number, after: number, options?: WaitOptions): Promise<number>
}
