import type { Entry, EntryType, HardState, NodeId, Snapshot } from './types.ts'

/** In place of a member: the thread that writes the log, and the one that applies entries. */
export const appendThread: NodeId = -1
export const applyThread: NodeId = -2

/** What members say to each other. `term` is the sender's, unless a message says otherwise. */
export type PeerMessage =
  | Proposal
  | Append
  | AppendResponse
  | Vote
  | VoteResponse
  | Heartbeat
  | HeartbeatResponse
  | SnapshotMessage
  | TransferLeader
  | TimeoutNow
  | ReadIndex
  | ReadIndexResponse

/** What a member and its own storage say to each other, when storage writes are asynchronous. */
export type StorageMessage =
  StorageAppend | StorageAppendResponse | StorageApply | StorageApplyResponse

export type Message = PeerMessage | StorageMessage

export type MessageType = Message['type']

interface Envelope {
  readonly from: NodeId
  readonly to: NodeId
  readonly term: number
}

/** An entry that has no place in the log yet. */
export interface ProposedEntry {
  readonly type: EntryType
  readonly data: Uint8Array
}

/** A proposal that a follower hands on to its leader. It has no term: 0. */
export interface Proposal extends Envelope {
  readonly type: 'propose'
  readonly entries: readonly ProposedEntry[]
}

/** AppendEntries of the paper; empty ones probe, or tell the commit index. */
export interface Append extends Envelope {
  readonly type: 'append'
  readonly previousIndex: number
  readonly previousTerm: number
  readonly commit: number
  readonly entries: readonly Entry[]
}

export interface AppendResponse extends Envelope {
  readonly type: 'append-response'
  /** Accepted: the last index that is known to match. Rejected: the `previousIndex` that did not. */
  readonly index: number
  readonly isRejected: boolean
  /** Of a rejection: the highest place at which the logs may match, and its term (0: not known). */
  readonly hintIndex: number
  readonly hintTerm: number
}

/** RequestVote of the paper. A pre-vote names the term that its sender would start. */
export interface Vote extends Envelope {
  readonly type: 'vote' | 'pre-vote'
  readonly lastIndex: number
  readonly lastTerm: number
  /** The leader asked for this election, so its lease is no reason to refuse. */
  readonly isTransfer: boolean
}

/** A granted pre-vote carries the term that was asked for, a refused one its sender's. */
export interface VoteResponse extends Envelope {
  readonly type: 'vote-response' | 'pre-vote-response'
  readonly isRejected: boolean
}

export interface Heartbeat extends Envelope {
  readonly type: 'heartbeat'
  readonly commit: number
  /** Of the newest read that waits for a round; empty without one. */
  readonly context: Uint8Array
}

export interface HeartbeatResponse extends Envelope {
  readonly type: 'heartbeat-response'
  readonly context: Uint8Array
}

/** InstallSnapshot of the paper, whole: the driver cuts it in pieces. */
export interface SnapshotMessage extends Envelope {
  readonly type: 'snapshot'
  readonly snapshot: Snapshot
}

/** Asks the leader to hand over to `from`. */
export interface TransferLeader extends Envelope {
  readonly type: 'transfer-leader'
}

/** Tells its receiver to start an election at once. */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now'
}

/** A read that a follower hands on to its leader. It has no term: 0. */
export interface ReadIndex extends Envelope {
  readonly type: 'read-index'
  readonly context: Uint8Array
}

export interface ReadIndexResponse extends Envelope {
  readonly type: 'read-index-response'
  readonly index: number
  readonly context: Uint8Array
}

/**
 * To be written, in the order in which they come; `responses` are delivered, to peers or to ourselves, once all of it is
 * durable. Its `term` is that of the hard state, or 0.
 */
export interface StorageAppend extends Envelope {
  readonly type: 'storage-append'
  readonly hardState: HardState | undefined
  readonly entries: readonly Entry[]
  readonly snapshot: Snapshot | undefined
  readonly responses: readonly Message[]
}

/** The log is durable up to `index`, if that still has `logTerm`; so is `snapshot`. */
export interface StorageAppendResponse extends Envelope {
  readonly type: 'storage-append-response'
  readonly index: number
  readonly logTerm: number
  readonly snapshot: Snapshot | undefined
}

/** Committed entries, to be applied in the order in which they come. */
export interface StorageApply extends Envelope {
  readonly type: 'storage-apply'
  readonly entries: readonly Entry[]
  readonly responses: readonly [StorageApplyResponse]
}

export interface StorageApplyResponse extends Envelope {
  readonly type: 'storage-apply-response'
  readonly entries: readonly Entry[]
}
