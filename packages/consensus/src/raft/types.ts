/** Names one member of a group, once and for ever: a positive safe integer. 0 is nobody. */
export type NodeId = number

/** What a log entry is for. `config` is a change of one member, `config-v2` of any number; both encoded by `config-change.ts`. */
export type EntryType = 'normal' | 'config' | 'config-v2'

/** One entry of the log. Invariant: (term, index) names one content, in every log of the group (Log Matching, Raft §5.3). */
export interface Entry {
  readonly type: EntryType
  /** Term in which a leader took it. */
  readonly term: number
  /** Place in the log, from 1 on. */
  readonly index: number
  readonly data: Uint8Array
}

/** What must be durable before any message that promises it leaves (Raft Figure 2, "persistent state"). */
export interface HardState {
  readonly term: number
  /** Whom this member voted for in `term`; 0 for nobody. */
  readonly vote: NodeId
  /** Need not be synced for safety: it is known again from the leader. */
  readonly commit: number
}

/** Who is in the group, and whether a joint change is under way (Raft §6). Ids ascend in each list. */
export interface ConfState {
  readonly voters: readonly NodeId[]
  /** Of a joint configuration: the voters of the outgoing half. */
  readonly votersOutgoing: readonly NodeId[]
  readonly learners: readonly NodeId[]
  /** Outgoing voters that become learners when the joint configuration is left. */
  readonly learnersNext: readonly NodeId[]
  /** The leader leaves the joint configuration by itself, as soon as it is applied. */
  readonly autoLeave: boolean
}

/** The state up to an entry, in place of the entries that made it. */
export interface Snapshot {
  readonly index: number
  readonly term: number
  readonly confState: ConfState
  readonly data: Uint8Array
}

export type Role = 'follower' | 'candidate' | 'pre-candidate' | 'leader'

/** What may change at any time and is kept nowhere. */
export interface SoftState {
  readonly leader: NodeId
  readonly role: Role
}

/** A read that may be served once the state machine has applied `index`. */
export interface ReadState {
  readonly index: number
  /** What the reader gave, to know it again. */
  readonly context: Uint8Array
}
