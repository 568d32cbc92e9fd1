/* What a follower does with what its leader sends (Raft Figure 2, "AppendEntries RPC", Figure 13). */
import { isConfiguration } from './configuration.ts'
import { restoreConfiguration } from './membership.ts'
import type { Append, Heartbeat, ReadIndexResponse, SnapshotMessage } from './message.ts'
import type { ProposedEntry } from './message.ts'
import type { RaftState } from './raft-state.ts'
import type { ProposalRefusal } from './ready.ts'
import type { NodeId, Snapshot } from './types.ts'

export function handleAppend(state: RaftState, message: Append): void {
  const { log } = state
  const { previousIndex, previousTerm, entries } = message
  if (previousIndex < log.committed) {
    // Late: we hold more, and more than the leader can contradict.
    accept(state, message.from, log.committed)
  } else if (log.matches(previousIndex, previousTerm)) {
    log.appendAfter(previousIndex, entries)
    const last = previousIndex + entries.length
    log.commitTo(Math.min(message.commit, last))
    accept(state, message.from, last)
  } else {
    const start = Math.min(previousIndex, log.lastIndex())
    const hint = log.lastIndexUpToTerm(start, previousTerm)
    state.send({
      type: 'append-response',
      from: state.id,
      to: message.from,
      term: state.term,
      index: previousIndex,
      isRejected: true,
      hintIndex: hint.index,
      hintTerm: hint.term,
    })
  }
}

export function handleHeartbeat(state: RaftState, message: Heartbeat): void {
  state.log.commitTo(message.commit)
  const { id: from, term } = state
  const { from: to, context } = message
  state.send({ type: 'heartbeat-response', from, to, term, context })
}

export function handleSnapshot(state: RaftState, message: SnapshotMessage): void {
  const isRestored = restore(state, message.snapshot)
  const index = isRestored ? state.log.lastIndex() : state.log.committed
  accept(state, message.from, index)
}

export function handleReadIndexResponse(state: RaftState, message: ReadIndexResponse): void {
  state.readStates.push({ index: message.index, context: message.context })
}

/** Hands a proposal on to the leader. */
export function proposeAsFollower(
  state: RaftState,
  from: NodeId,
  entries: readonly ProposedEntry[],
): ProposalRefusal | undefined {
  if (state.leader === 0) return 'no-leader'
  if (state.config.disableProposalForwarding) return 'forwarding-disabled'
  state.send({ type: 'propose', from, to: state.leader, term: 0, entries })
  return undefined
}

/** False: it was not needed, or is not for us. */
function restore(state: RaftState, snapshot: Snapshot): boolean {
  const { log } = state
  if (snapshot.index <= log.committed) return false
  const { confState } = snapshot
  const { voters, votersOutgoing, learners } = confState
  if (![voters, votersOutgoing, learners].some((ids) => ids.includes(state.id))) return false
  if (!isConfiguration(confState)) return false
  if (log.matches(snapshot.index, snapshot.term)) {
    // We hold all of it as entries.
    log.commitTo(snapshot.index)
    return false
  }
  log.restore(snapshot)
  restoreConfiguration(state, confState)
  return true
}

function accept(state: RaftState, to: NodeId, index: number): void {
  state.send({
    type: 'append-response',
    from: state.id,
    to,
    term: state.term,
    index,
    isRejected: false,
    hintIndex: 0,
    hintTerm: 0,
  })
}
