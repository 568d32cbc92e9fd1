/** A space that the gateway's peer holds a replica of. */
export interface SpaceSummary {
  readonly name: string
  readonly objects: number
  /** How many openings of it, at any peer, have written so far. */
  readonly vectorSize: number
  /** How long it lives, as it would be written; 'none' where its founder named nothing, or nobody knows yet. */
  readonly lifetime: string
}

/** An object as its space lists it. */
export interface ObjectSummary {
  readonly name: string
  /** The schema, as canonical JSON. */
  readonly descriptor: string
  readonly fingerprint: string
}

/** A member of a group, by its number and the peer that it is at; empty when that is not known. */
export interface GroupMemberSummary {
  readonly node: number
  readonly peer: string
}

/** A group of voters, which orders objects in strong mode. */
export interface GroupSummary {
  readonly group: number
  /** The number of the member that leads; 0 when nobody is known to. */
  readonly leader: number
  readonly term: number
  readonly voters: readonly GroupMemberSummary[]
  readonly learners: readonly GroupMemberSummary[]
  /** Entries of the log that are applied. */
  readonly applied: number
  readonly sessions: number
  /** Calls that wait within objects. */
  readonly parked: number
}

/** Who keeps a space. Lives of peers in it go by `slot.incarnation`. */
export interface KeepersSummary {
  readonly keepers: readonly string[]
  /** Those of them that are gone: the space waits for others to have caught up, or for an operator's word. */
  readonly gone: readonly string[]
  /** Whose acknowledged writes may be lost if those who are gone are dropped; nobody's while enough are left. */
  readonly mayLose: readonly string[]
  /** Who keeps it once the word was given. Absent where it was not, or nobody is gone. */
  readonly replaced?: readonly string[] | undefined
}

/** A peer that the gateway's peer knows. */
export interface PeerSummary {
  readonly id: string
  readonly addresses: readonly string[]
  readonly connected: boolean
  readonly self: boolean
}
