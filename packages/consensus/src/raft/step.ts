/* The one way in for messages, and for time. */
import { encodeConfigChange, leaveJointChange } from './config-change.ts'
import { handleVote, handleVoteResponse, startElection } from './election.ts'
import { entriesSize, payloadSize } from './entry-size.ts'
import {
  handleAppend,
  handleHeartbeat,
  handleReadIndexResponse,
  handleSnapshot,
  proposeAsFollower,
} from './follower.ts'
import {
  beat,
  checkQuorum,
  handleAppendResponse,
  handleHeartbeatResponse,
  handleReadIndex,
  handleTransfer,
} from './leader.ts'
import {
  type Append,
  appendThread,
  applyThread,
  type Heartbeat,
  type Message,
  type PeerMessage,
  type ProposedEntry,
  type ReadIndex,
  type SnapshotMessage,
  type StorageAppendResponse,
  type TransferLeader,
} from './message.ts'
import { findFault } from './message-check.ts'
import { proposeAsLeader } from './proposals.ts'
import type { RaftState } from './raft-state.ts'
import type { ProposalRefusal } from './ready.ts'
import { becomeFollower } from './roles.ts'
import type { Entry, NodeId } from './types.ts'

const leaveJoint: ProposedEntry = {
  type: 'config-v2',
  data: encodeConfigChange(leaveJointChange),
}

export function step(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'storage-append-response':
      // Never from the network: a peer could have us acknowledge what is not durable.
      if (message.from === appendThread) handleStored(state, message)
      else state.ignore(message, 'not-for-us')
      break
    case 'storage-apply-response':
      if (message.from === applyThread) handleApplied(state, message.entries)
      else state.ignore(message, 'not-for-us')
      break
    case 'storage-append':
    case 'storage-apply':
      state.ignore(message, 'not-for-us')
      break
    default: {
      const fault = findFault(state, message)
      if (fault !== undefined) state.ignore(message, fault)
      else if (meetTerm(state, message)) stepInTerm(state, message)
    }
  }
}

export function tick(state: RaftState): void {
  state.electionElapsed++
  if (state.role === 'leader') tickLeader(state)
  else if (state.isPromotable && state.electionElapsed >= state.electionTimeoutTicks) {
    state.electionElapsed = 0
    startElection(state, 'timeout')
  }
}

export function propose(
  state: RaftState,
  from: NodeId,
  entries: readonly ProposedEntry[],
): ProposalRefusal | undefined {
  switch (state.role) {
    case 'leader':
      return proposeAsLeader(state, entries)
    case 'follower':
      return proposeAsFollower(state, from, entries)
    case 'candidate':
    case 'pre-candidate':
      return 'no-leader'
  }
}

/** Begins a read; false if no leader is known. */
export function readIndex(state: RaftState, read: Pick<ReadIndex, 'from' | 'context'>): boolean {
  if (state.role === 'leader') {
    handleReadIndex(state, read)
    return true
  }
  if (state.role !== 'follower' || state.leader === 0) return false
  state.send({ type: 'read-index', ...read, to: state.leader, term: 0 })
  return true
}

/** A follower hands it on to the leader. */
export function transferLeader(state: RaftState, message: Pick<TransferLeader, 'from'>): void {
  if (state.role === 'leader') {
    const member = state.tracker.find(message.from)
    if (member !== undefined) handleTransfer(state, member, message)
  } else if (state.role === 'follower' && state.leader !== 0) {
    const { from } = message
    state.send({ type: 'transfer-leader', from, to: state.leader, term: state.term })
  }
}

function tickLeader(state: RaftState): void {
  state.heartbeatElapsed++
  if (state.electionElapsed >= state.config.electionTicks) {
    state.electionElapsed = 0
    if (state.config.checkQuorum) checkQuorum(state)
    // Whoever was to take over did not: we go on.
    if (state.role === 'leader') state.transferee = 0
  }
  if (state.role === 'leader' && state.heartbeatElapsed >= state.config.heartbeatTicks) {
    state.heartbeatElapsed = 0
    beat(state)
  }
}

/** Compares terms (Raft §5.1). False: the message is done with. */
function meetTerm(state: RaftState, message: PeerMessage): boolean {
  const { term, type } = message
  if (term === state.term || type === 'propose' || type === 'read-index') return true
  if (term < state.term) {
    answerStale(state, message)
    return false
  }
  if (type === 'vote' || type === 'pre-vote') {
    // Whoever hears a leader helps nobody to depose it (thesis §4.2.3).
    if (state.isInLease && !message.isTransfer) return false
  }
  // A pre-vote starts no term, nor does its grant, which names the term that was asked for.
  if (type === 'pre-vote' || (type === 'pre-vote-response' && !message.isRejected)) return true
  const isFromLeader = type === 'append' || type === 'heartbeat' || type === 'snapshot'
  becomeFollower(state, term, isFromLeader ? message.from : 0)
  return true
}

function answerStale(state: RaftState, message: PeerMessage): void {
  const { id: from, term, config } = state
  const to = message.from
  const { type } = message
  if (type === 'pre-vote') {
    state.send({ type: 'pre-vote-response', from, to, term, isRejected: true })
  } else if (
    (type === 'heartbeat' || type === 'append') &&
    (config.checkQuorum || config.preVote)
  ) {
    // Our term went ahead alone, and votes do not carry it to the leader: this does, so that we are not stuck.
    const index = 0
    const hint = { hintIndex: 0, hintTerm: 0 }
    state.send({ type: 'append-response', from, to, term, index, isRejected: false, ...hint })
  }
}

function stepInTerm(state: RaftState, message: PeerMessage): void {
  switch (message.type) {
    case 'vote':
    case 'pre-vote':
      handleVote(state, message)
      break
    case 'propose':
      if (propose(state, message.from, message.entries) !== undefined) {
        state.ignore(message, 'proposal-dropped')
      }
      break
    case 'append':
    case 'heartbeat':
    case 'snapshot':
      hearLeader(state, message)
      break
    case 'vote-response':
    case 'pre-vote-response':
      if (state.role !== 'leader' && state.role !== 'follower') handleVoteResponse(state, message)
      break
    case 'append-response':
    case 'heartbeat-response': {
      const member = state.tracker.find(message.from)
      if (state.role !== 'leader' || member === undefined) break
      if (message.type === 'append-response') handleAppendResponse(state, member, message)
      else handleHeartbeatResponse(state, member, message)
      break
    }
    case 'timeout-now':
      if (state.role === 'follower') startElection(state, 'transfer')
      break
    case 'transfer-leader':
      transferLeader(state, message)
      break
    case 'read-index':
      readIndex(state, message)
      break
    case 'read-index-response':
      if (state.role === 'follower') handleReadIndexResponse(state, message)
  }
}

function hearLeader(state: RaftState, message: Append | Heartbeat | SnapshotMessage): void {
  if (state.role === 'leader') return
  if (state.role !== 'follower') becomeFollower(state, message.term, message.from)
  state.electionElapsed = 0
  state.follow(message.from)
  if (message.type === 'append') handleAppend(state, message)
  else if (message.type === 'heartbeat') handleHeartbeat(state, message)
  else handleSnapshot(state, message)
}

/**
 * Storage holds something. What it says of entries counts only if no term started since they were given to it: a later
 * leader may have replaced them by entries that look the same as ones before (term and index), and storage may be
 * writing the ones between.
 */
function handleStored(state: RaftState, message: StorageAppendResponse): void {
  if (message.term === state.term && message.index > 0) {
    state.log.unstable.stableTo(message.index, message.logTerm)
  }
  if (message.snapshot === undefined) return
  state.log.unstable.stableSnapshotTo(message.snapshot.index)
  appliedTo(state, message.snapshot.index, 0)
}

function handleApplied(state: RaftState, entries: readonly Entry[]): void {
  const last = entries.at(-1)
  if (last === undefined) return
  appliedTo(state, last.index, entriesSize(entries))
  state.releaseUncommitted(payloadSize(entries))
}

function appliedTo(state: RaftState, index: number, bytes: number): void {
  const { log, tracker } = state
  log.appliedTo(Math.max(index, log.applied), bytes)
  const mayLeave = log.applied >= state.pendingChangeIndex && state.role === 'leader'
  if (!tracker.configuration.autoLeave || !mayLeave) return
  // Refused only while leadership is handed over; then whoever leads tries again with the next entry it applies.
  proposeAsLeader(state, [leaveJoint])
}
