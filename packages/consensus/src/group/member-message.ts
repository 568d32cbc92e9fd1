import type { PeerMessage } from '../raft/message.ts'
import type { SnapshotPart } from './snapshot-part.ts'

/** What members of a group say to each other. */
export type MemberMessage = RaftMessage | SnapshotPart | StateHashes | NotMember

/** Proposals and reads are not forwarded here, and snapshots travel in parts. */
export type RaftMessage = Exclude<
  PeerMessage,
  { readonly type: 'propose' | 'read-index' | 'read-index-response' | 'snapshot' }
>

/** To the leader: what the states of the objects hash to that changed before a checkpoint. */
export interface StateHashes {
  readonly kind: 'state-hashes'
  readonly index: number
  readonly hashes: ReadonlyMap<number, bigint>
}

/** From a leader to one who campaigns: after log index `index`, you are no member any more. */
export interface NotMember {
  readonly kind: 'not-member'
  readonly index: number
}
