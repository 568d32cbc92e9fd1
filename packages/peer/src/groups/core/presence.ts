import type { NodeId } from '@joinery/consensus/group'

/** What a peer says of its part in the groups, when a link comes up and whenever it changes. */
export interface Presence {
  /**
   * How it is to be named in groups that it becomes a member of; 0 while it can become one of none. An id is used for
   * one membership of a group, and never for a second one.
   */
  readonly node: NodeId
  /** It may be made a voter. */
  readonly isCandidate: boolean
  /** Its members come back under the same names after a restart. */
  readonly isDurable: boolean
  /** It is about to stop. */
  readonly isLeaving: boolean
  /** How many groups the cluster has; 0 while it does not know. */
  readonly groups: number
  readonly members: readonly HeldMember[]
}

/** A member of a group that a peer has. It may have been removed meanwhile without knowing. */
export interface HeldMember {
  readonly group: number
  readonly node: NodeId
  /** The term that it leads; 0 when it does not. */
  readonly leads: number
}
