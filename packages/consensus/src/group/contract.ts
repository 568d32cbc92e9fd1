import type { Command, Query, SessionId } from '../host/command.ts'
import type { Outcome } from '../host/outcome.ts'
import type { ConfState, NodeId, Role } from '../raft/types.ts'

/** Why a member did not carry out what it was asked. */
export type Refusal =
  /** Nothing was done; `leader` may know (0: nobody does). */
  | { readonly kind: 'not-leader'; readonly leader: NodeId }
  /** Nothing was done: too much is under way. */
  | { readonly kind: 'busy'; readonly reason: string }
  /** It may still be done, or not: this member no longer leads, or is stopped. */
  | { readonly kind: 'lost' }

/** A change of who is in the group: carried out as one joint step. */
export interface MembershipChange {
  /** Become voters; learners among them are promoted. */
  readonly voters?: readonly NodeId[] | undefined
  /** Become learners: they get the log, and count for no quorum. */
  readonly learners?: readonly NodeId[] | undefined
  readonly removed?: readonly NodeId[] | undefined
}

/** How far the leader has brought a member. */
export interface MemberProgress {
  readonly id: NodeId
  readonly match: number
  /** Has answered within the last election time-out. */
  readonly isActive: boolean
  readonly isLearner: boolean
}

export interface GroupStatus {
  readonly id: NodeId
  readonly role: Role
  readonly term: number
  readonly leader: NodeId
  readonly confState: ConfState
  readonly lastIndex: number
  readonly committed: number
  readonly applied: number
  readonly position: number
  /** Agreed time, as this member would stamp it into the log now. */
  readonly agreedMs: number
  /** Of the leader; empty elsewhere. */
  readonly progress: readonly MemberProgress[]
}

/** One member of one group: Raft, its log and its state machine, driven together. Callbacks are called once, never at once. */
export interface GroupMember {
  readonly id: NodeId
  status(): GroupStatus
  /** To be called every `tickMs`. */
  tick(): void
  /** Bytes that another member sent; they are not trusted. */
  receive(from: NodeId, bytes: Uint8Array): void
  /** A bulk part given to the transport has left, or is lost (`ok` false). */
  partSent(to: NodeId, ok: boolean): void
  /** The connection to another member is gone: if it led, the group need not wait to find out. */
  unreachable(member: NodeId): void
  /** Leader only. Of a call that parks, `done` comes when it is let go on. */
  submit(command: Command, done: (result: Outcome | Refusal) => void): void
  /** Leader only: reads after a round that proves that it leads. */
  read(query: Query, done: (result: Outcome | Refusal) => void): void
  /**
   * Leader only: renews a lease, after a round as for a read, so that no leader of old says that a session lives which the
   * next one ends. False: there is no such session.
   */
  renew(session: SessionId, done: (result: boolean | Refusal) => void): void
  /** Leader only: since when nothing came from the session's owner; undefined for one that is not known. */
  silentMs(session: SessionId): number | undefined
  /** Calls `done` with the object's position once it changed after `after`. Gives what ends the wait. */
  watch(object: number, after: number, done: (result: number | Refusal) => void): () => void
  /** Leader only. `done` once the change is applied (a joint one: entered; it is left by itself). */
  change(change: MembershipChange, done: (result: 'done' | Refusal) => void): void
  transferLeadership(to: NodeId): void
  /** Calls back everything under way (with `lost`, where it may yet be done), and closes the storage. */
  stop(): Promise<void>
}
