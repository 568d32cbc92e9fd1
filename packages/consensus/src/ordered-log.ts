import type { WaitOptions } from '@joinery/crdt-objects'

/**
 * What strong mode will stand on: one order for the operations of a group of objects.
 *
 * This is the contract only. Nothing implements it yet, and nothing pretends to: no object opens in strong mode until a
 * Raft group stands behind this port. It is here because the other packages are shaped by it.
 */
export interface OrderedLog {
  /**
   * Orders a command and applies it, exactly once for each (session, sequence).
   *
   * Resolves when a majority holds the command and it is applied: it then survives any failure of a minority.
   */
  submit(submission: Submission, options?: WaitOptions): Promise<CommandOutcome>
  /** Reads at a point that is after every command whose outcome anyone has seen before the call. */
  read(query: Uint8Array, options?: WaitOptions): Promise<CommandOutcome>
  /** Opens a session: a lease, whose end gives back all that its holder held. */
  openSession(leaseMs: number, options?: WaitOptions): Promise<Session>
  /** The commands from `index` on, in order, as they are applied. An abort throws the signal's reason. */
  watch(
    index: bigint,
    options?: { readonly signal?: AbortSignal | undefined },
  ): AsyncIterable<CommandOutcome>
}

/** One command of one session. */
export interface Submission {
  readonly session: bigint
  /** Numbers the session's commands from 1 on. A repeated one gets its first answer. */
  readonly sequence: number
  readonly command: Uint8Array
}

/** A reply, with its place in the order: a bookmark for sessions, a fence for locks, a witness for checkers. */
export interface CommandOutcome {
  /** Log index of the command; of a read, the index it was served at. Never goes back within a session. */
  readonly index: bigint
  readonly reply: Uint8Array
}

/** A caller known to the group while it renews its lease. */
export interface Session extends AsyncDisposable {
  readonly id: bigint
  /** Fires when the lease is lost: what was held may be held by another by now. */
  readonly lost: AbortSignal
}
