/** 16 random bytes as 32 lower-case hex digits, chosen by the caller. */
export type SessionId = string

/** A group's number for one of its objects, given once. */
export type ObjectNumber = number

/** One command, as the log carries it. */
export type Command =
  /** Makes a session known. Answers `undefined`; again for one that is open is no error. */
  | { readonly kind: 'open-session'; readonly session: SessionId; readonly leaseMs: number }
  /** Ends sessions: by their owner (`closed`), or by the leader when a lease has run out (`expired`). */
  | {
      readonly kind: 'end-sessions'
      readonly sessions: readonly SessionId[]
      readonly reason: 'closed' | 'expired'
    }
  /** Makes the object `name` of `space`, or finds it. Answers its number. */
  | {
      readonly kind: 'open-object'
      readonly space: string
      readonly name: string
      readonly descriptor: string
    }
  | { readonly kind: 'delete-object'; readonly space: string; readonly name: string }
  /** All objects of a space. */
  | { readonly kind: 'end-space'; readonly space: string }
  | CallCommand
  | { readonly kind: 'withdraw'; readonly session: SessionId; readonly sequence: number }
  /** The object's replicas differ: it takes no further call. */
  | { readonly kind: 'quarantine'; readonly object: ObjectNumber }

/** A call of an object's method. */
export interface CallCommand {
  readonly kind: 'call'
  readonly session: SessionId
  /** Numbers the session's calls from 1 on; a repeated one gets its first answer. */
  readonly sequence: number
  /** All up to it are answered for good: their replies are forgotten. */
  readonly acknowledged: number
  /**
   * Above `acknowledged`, those whose answers have arrived as well: one call that is parked for long must not make the
   * group keep all replies after it. Their replies are forgotten, and they are never run again.
   */
  readonly answered?: readonly number[] | undefined
  readonly object: ObjectNumber
  /** Of linearizable schemas: the place within the object. */
  readonly path: readonly string[]
  readonly method: string
  readonly args: readonly unknown[]
  /** Version vector of the eventual writes that must be visible to whoever this call lets go on. */
  readonly vector?: Uint8Array | undefined
}

/** A read of an object: changes nothing. */
export interface Query {
  readonly object: ObjectNumber
  readonly path: readonly string[]
  readonly method: string
  readonly args: readonly unknown[]
}

/** What one log entry carries. */
export interface CommandBatch {
  /** The leader's clock, ms since 1970. The state machine never goes back by it. */
  readonly timeMs: number
  /** 32 bits: what the agreed randomness of this entry is drawn from. */
  readonly seed: number
  readonly commands: readonly Command[]
}
