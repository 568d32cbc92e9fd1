import type { SessionId } from './command.ts'

/** An expected failure, as it is kept and as it travels. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly details: unknown
  readonly retryable: boolean
}

/**
 * What became of a command or query.
 *
 * `position` is its place in the order of the group: what `index` is to users. Of a call that was parked it is the
 * position of the command that let it go on; of a read, that of the last command before it.
 */
export type Outcome =
  | {
      readonly kind: 'done'
      readonly position: number
      readonly value: unknown
      /** Joined vectors of the calls that the object has taken, when there are any. */
      readonly vector?: Uint8Array | undefined
    }
  | {
      readonly kind: 'failed'
      readonly position: number
      readonly failure: Failure
      readonly vector?: Uint8Array | undefined
    }
  /** The call was withdrawn: it changed nothing, and never will. */
  | { readonly kind: 'withdrawn'; readonly position: number }

/** A call that is parked: whoever waits for its outcome is told when it comes. */
export interface Parked {
  readonly kind: 'parked'
}

/** A call that was parked, and has an outcome now. */
export interface Released {
  readonly session: SessionId
  readonly sequence: number
  readonly outcome: Outcome
}

/** What applying one entry did. `outcomes` has one for each command of the batch, in order. */
export interface Applied {
  readonly outcomes: readonly (Outcome | Parked)[]
  readonly released: readonly Released[]
  /** Numbers of the objects that changed. */
  readonly changed: readonly number[]
}
