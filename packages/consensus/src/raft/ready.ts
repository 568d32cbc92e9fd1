import type { Message, MessageType } from './message.ts'
import type { Entry, HardState, NodeId, ReadState, Snapshot, SoftState } from './types.ts'

/**
 * What the driver must carry out: make `hardState`, `entries` and `snapshot` durable, then send `messages`, then apply
 * `committedEntries`, then `advance`. A snapshot comes before entries, and is always to be synced.
 *
 * With asynchronous storage writes the messages to storage say all of that, in order, and there is no `advance`: messages
 * to peers may leave at once.
 */
export interface Ready {
  /** Present if it changed. */
  readonly softState: SoftState | undefined
  /** Present if it changed. */
  readonly hardState: HardState | undefined
  readonly readStates: readonly ReadState[]
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | undefined
  readonly committedEntries: readonly Entry[]
  readonly messages: readonly Message[]
  /** Whether `hardState` and `entries` must be durable before anything leaves: not if only the commit index moved. */
  readonly mustSync: boolean
}

/** A message that changed nothing, since no correct member would send it to us, or we cannot use it. */
export interface IgnoredMessage {
  readonly from: NodeId
  readonly type: MessageType
  readonly reason: IgnoredReason
}

export type IgnoredReason =
  /** A response of somebody who is no member. */
  | 'peer-not-found'
  /** A proposal that cannot be taken now. */
  | 'proposal-dropped'
  /** Addressed to another member. */
  | 'not-for-us'
  /** Its fields are out of range, or contradict each other. */
  | 'malformed'
  /** Two members say that they lead the same term. */
  | 'two-leaders'
  /** Speaks of a place in our log that is not there. */
  | 'beyond-log'
  /** The configuration that a snapshot or a change describes cannot be. */
  | 'configuration-invalid'

/** Why a proposal was not taken; nothing changed. */
export type ProposalRefusal =
  'no-leader' | 'transferring' | 'too-much-uncommitted' | 'removed' | 'forwarding-disabled'
