/* What a leader does with what its followers answer. */
import type {
  AppendResponse,
  HeartbeatResponse,
  ReadIndex,
  ReadIndexResponse,
  TransferLeader,
} from './message.ts'
import type { Progress } from './progress.ts'
import type { RaftState } from './raft-state.ts'
import type { PendingRead, PostponedRead } from './reads.ts'
import {
  advanceCommit,
  broadcastAppend,
  broadcastHeartbeat,
  sendAppend,
  sendAppendIfAny,
} from './replication.ts'
import { becomeFollower } from './roles.ts'
import type { NodeId } from './types.ts'

export function handleAppendResponse(
  state: RaftState,
  member: Progress,
  message: AppendResponse,
): void {
  member.isRecentlyActive = true
  if (message.isRejected) handleRejection(state, member, message)
  else handleAcknowledgement(state, member, message.index)
}

export function handleHeartbeatResponse(
  state: RaftState,
  member: Progress,
  message: HeartbeatResponse,
): void {
  member.isRecentlyActive = true
  member.isFlowPaused = false
  // To a member that was thought unreachable and holds everything too: its answer ends the probe.
  if (member.match < state.log.lastIndex() || member.state === 'probe') sendAppend(state, member)

  if (state.config.reads !== 'safe' || message.context.length === 0) return
  const read = state.reads.find(message.context)
  if (read === undefined) return
  read.acknowledgedBy.add(message.from)
  if (!state.tracker.isQuorum(read.acknowledgedBy)) return
  for (const proven of state.reads.takeUpTo(read)) answerRead(state, proven, proven.index)
}

/** Whether the snapshot that was sent to a member arrived. */
export function handleSnapshotStatus(member: Progress, isDelivered: boolean): void {
  if (member.state !== 'snapshot') return
  if (!isDelivered) member.pendingSnapshot = 0
  member.becomeProbe()
  // Its answer to the snapshot, or to the next heartbeat, tells where to go on.
  member.isFlowPaused = true
}

/** Appends under way are likely lost: back to one at a time. */
export function handleUnreachable(member: Progress): void {
  if (member.state === 'replicate') member.becomeProbe()
}

/** Hands leadership to `message.from`: at once, if it holds everything. */
export function handleTransfer(
  state: RaftState,
  member: Progress,
  message: Pick<TransferLeader, 'from'>,
): void {
  if (member.isLearner || state.transferee === message.from) return
  state.transferee = 0
  if (message.from === state.id) return
  // It has one election time-out from now.
  state.electionElapsed = 0
  state.transferee = message.from
  if (member.match === state.log.lastIndex()) sendTimeoutNow(state, message.from)
  else sendAppend(state, member)
}

export function handleReadIndex(state: RaftState, read: Pick<ReadIndex, 'from' | 'context'>): void {
  const { log, reads } = state
  // Until an entry of its term commits, a leader may know of less than was committed before (thesis §6.4): also one that
  // is alone, for it need not have written down its last commit index.
  if (log.term(log.committed) !== state.term) reads.postpone(read)
  else prove(state, read)
}

/** Takes up the reads that waited for an entry of the leader's term to commit. */
export function provePostponed(state: RaftState): void {
  for (const read of state.reads.takePostponed()) prove(state, read)
}

/** Steps down if no quorum was heard since it last asked. */
export function checkQuorum(state: RaftState): void {
  if (!state.tracker.isQuorumActive()) becomeFollower(state, state.term, 0)
  for (const member of state.tracker.members) {
    if (member.id !== state.id) member.isRecentlyActive = false
  }
}

export function beat(state: RaftState): void {
  broadcastHeartbeat(state, state.reads.lastContext)
}

function handleRejection(state: RaftState, member: Progress, message: AppendResponse): void {
  // No entry at the hint or before has a later term than the hint's, so our own log tells where the next probe can match.
  const hint =
    message.hintTerm > 0
      ? state.log.lastIndexUpToTerm(message.hintIndex, message.hintTerm).index
      : message.hintIndex
  if (!member.retreat(message.index, hint)) return
  if (member.state === 'replicate') member.becomeProbe()
  sendAppend(state, member)
}

function handleAcknowledgement(state: RaftState, member: Progress, index: number): void {
  // One that says nothing new still ends a probe.
  const endsProbe = member.match === index && member.state === 'probe'
  if (!member.acknowledge(index) && !endsProbe) return
  if (member.state === 'probe') {
    member.becomeReplicate()
  } else if (member.state === 'replicate') {
    member.inflights.release(index)
  } else if (member.match + 1 >= state.log.firstIndex()) {
    // Whichever snapshot it got, the log goes on from there.
    member.becomeProbe()
    member.becomeReplicate()
  }

  const isSelf = member.id === state.id
  if (advanceCommit(state)) {
    provePostponed(state)
    broadcastAppend(state)
  } else if (!isSelf && member.canBumpCommit(state.log.committed)) {
    sendAppend(state, member)
  }
  if (isSelf) return
  // The window has room again: fill it.
  while (sendAppendIfAny(state, member, false));
  if (member.id === state.transferee && member.match === state.log.lastIndex()) {
    sendTimeoutNow(state, member.id)
  }
}

function sendTimeoutNow(state: RaftState, to: NodeId): void {
  state.send({ type: 'timeout-now', from: state.id, to, term: state.term })
}

/** Answers a read once it is known that no other leads. */
function prove(state: RaftState, read: PostponedRead): void {
  const index = state.log.committed
  const isAlone = state.tracker.isSingleton && state.isVoter
  if (isAlone || state.config.reads === 'lease') {
    answerRead(state, read, index)
    return
  }
  const { from, context } = read
  const pending: PendingRead = { from, context, index, acknowledgedBy: new Set([state.id]) }
  state.reads.add(pending)
  broadcastHeartbeat(state, context)
}

function answerRead(state: RaftState, { from, context }: PostponedRead, index: number): void {
  if (from === state.id) {
    state.readStates.push({ index, context })
    return
  }
  const response: ReadIndexResponse = {
    type: 'read-index-response',
    from: state.id,
    to: from,
    term: state.term,
    index,
    context,
  }
  state.send(response)
}
