/* Elections: how they start, who gets a vote, how they end (Raft §5.2, §5.4.1; thesis §9.6). */
import { voterIds } from './configuration.ts'
import type { Vote, VoteResponse } from './message.ts'
import type { RaftState } from './raft-state.ts'
import { broadcastAppend } from './replication.ts'
import { becomeCandidate, becomeFollower, becomeLeader, becomePreCandidate } from './roles.ts'

/** `transfer`: the leader asked for it, so that no pre-vote is needed, and no lease stands against it. */
export type ElectionCause = 'timeout' | 'transfer'

export function startElection(state: RaftState, cause: ElectionCause): void {
  if (state.role === 'leader' || !state.isPromotable) return
  // A configuration that is committed must count before it is asked for votes.
  if (state.log.someUnapplied(({ type }) => type !== 'normal')) return
  if (cause === 'timeout' && state.config.preVote) askForPreVotes(state)
  else askForVotes(state, cause)
}

export function handleVote(state: RaftState, message: Vote): void {
  const isPreVote = message.type === 'pre-vote'
  const mayVote =
    state.vote === message.from ||
    (state.vote === 0 && state.leader === 0) ||
    (isPreVote && message.term > state.term)
  const isGranted = mayVote && state.log.isUpToDate(message.lastIndex, message.lastTerm)
  state.send({
    type: isPreVote ? 'pre-vote-response' : 'vote-response',
    from: state.id,
    to: message.from,
    // A pre-vote is granted for the term it asks about, which is not ours.
    term: isGranted ? message.term : state.term,
    isRejected: !isGranted,
  })
  if (isGranted && !isPreVote) {
    state.electionElapsed = 0
    state.vote = message.from
  }
}

/** Of a candidate or pre-candidate; a response to the other kind of question is late. */
export function handleVoteResponse(state: RaftState, message: VoteResponse): void {
  const isPreVote = state.role === 'pre-candidate'
  if (message.type !== (isPreVote ? 'pre-vote-response' : 'vote-response')) return
  state.tracker.recordVote(message.from, !message.isRejected)
  const result = state.tracker.voteResult()
  if (result === 'lost') {
    becomeFollower(state, state.term, 0)
  } else if (result === 'won') {
    if (isPreVote) {
      askForVotes(state, 'timeout')
    } else {
      becomeLeader(state)
      broadcastAppend(state)
    }
  }
}

function askForPreVotes(state: RaftState): void {
  becomePreCandidate(state)
  ask(state, 'pre-vote', state.term + 1, false)
}

function askForVotes(state: RaftState, cause: ElectionCause): void {
  becomeCandidate(state)
  ask(state, 'vote', state.term, cause === 'transfer')
}

function ask(state: RaftState, type: 'vote' | 'pre-vote', term: number, isTransfer: boolean): void {
  const from = state.id
  const lastIndex = state.log.lastIndex()
  const lastTerm = state.log.lastTerm()
  for (const to of voterIds(state.tracker.configuration)) {
    if (to === from) {
      // Our own vote counts, as anybody's, once it is durable.
      state.send({ type: `${type}-response`, from, to, term, isRejected: false })
    } else {
      state.send({ type, from, to, term, lastIndex, lastTerm, isTransfer })
    }
  }
}
