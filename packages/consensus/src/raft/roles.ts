/* From one role to another (Raft Figure 4). */
import { invariant } from './invariant.ts'
import { appendProposed, noOp } from './proposals.ts'
import type { RaftState } from './raft-state.ts'
import type { NodeId } from './types.ts'

export function becomeFollower(state: RaftState, term: number, leader: NodeId): void {
  state.reset(term)
  state.role = 'follower'
  if (leader !== 0) state.follow(leader)
}

export function becomeCandidate(state: RaftState): void {
  invariant(state.role !== 'leader', 'a leader starts no election')
  state.reset(state.term + 1)
  state.vote = state.id
  state.role = 'candidate'
}

/** Asks who would vote: changes neither term nor vote. */
export function becomePreCandidate(state: RaftState): void {
  invariant(state.role !== 'leader', 'a leader starts no election')
  state.tracker.resetVotes()
  state.leader = 0
  state.role = 'pre-candidate'
}

export function becomeLeader(state: RaftState): void {
  invariant(state.role === 'candidate', 'only a candidate wins an election')
  invariant(state.leaderOfTerm === 0, 'a term has one leader')
  state.reset(state.term)
  state.follow(state.id)
  state.role = 'leader'
  const self = state.tracker.find(state.id)
  if (self !== undefined) {
    self.becomeReplicate()
    self.isRecentlyActive = true
  }
  // A change may be in the log: it is applied before another is proposed.
  state.pendingChangeIndex = state.log.lastIndex()
  // Commits, once a quorum has it, whatever earlier terms left (Raft §8).
  const isAppended = appendProposed(state, [noOp])
  invariant(isAppended, 'an empty entry is never refused')
}
