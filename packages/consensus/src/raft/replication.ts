/* What a leader sends to its followers: appends, snapshots, heartbeats. */
import { payloadSize } from './entry-size.ts'
import { invariant } from './invariant.ts'
import type { Progress } from './progress.ts'
import type { RaftState } from './raft-state.ts'
import type { Entry } from './types.ts'

const noEntries: readonly Entry[] = []

/** Sends a member what it lacks, or if nothing the commit index, unless it is paused. */
export function sendAppend(state: RaftState, member: Progress): void {
  sendAppendIfAny(state, member, true)
}

/** As above; without `evenIfEmpty` only entries. Tells whether anything was sent. */
export function sendAppendIfAny(state: RaftState, member: Progress, evenIfEmpty: boolean): boolean {
  if (member.isPaused) return false
  const { log } = state
  const previousIndex = member.next - 1
  const previousTerm = log.term(previousIndex)
  if (typeof previousTerm === 'string') return sendSnapshot(state, member)

  let entries = noEntries
  // If all that fills the window was lost, an empty append still gets an answer, and that opens it.
  if (member.state !== 'replicate' || !member.inflights.isFull) {
    const found = log.entriesFrom(member.next, state.config.messageBytesMax)
    if (typeof found === 'string') return evenIfEmpty && sendSnapshot(state, member)
    entries = found
  }
  if (entries.length === 0 && !evenIfEmpty) return false
  const commit = log.committed
  state.send({
    type: 'append',
    from: state.id,
    to: member.id,
    term: state.term,
    previousIndex,
    previousTerm,
    commit,
    entries,
  })
  member.sentEntries(entries.length, payloadSize(entries))
  member.sentCommit = commit
  return true
}

export function broadcastAppend(state: RaftState): void {
  for (const member of state.tracker.members) {
    if (member.id !== state.id) sendAppend(state, member)
  }
}

export function broadcastHeartbeat(state: RaftState, context: Uint8Array): void {
  for (const member of state.tracker.members) {
    if (member.id === state.id) continue
    // A member may hold less than is committed: it must not commit what it does not have.
    const commit = Math.min(member.match, state.log.committed)
    const { id: from, term } = state
    state.send({ type: 'heartbeat', from, to: member.id, term, commit, context })
    member.sentCommit = commit
  }
}

/** Commits what a quorum holds. Tells whether anything was. */
export function advanceCommit(state: RaftState): boolean {
  return state.log.commitIfOfTerm(state.tracker.committedIndex(), state.term)
}

function sendSnapshot(state: RaftState, member: Progress): boolean {
  // It would be lost, and the member paused until somebody reports that.
  if (!member.isRecentlyActive) return false
  const snapshot = state.log.snapshot()
  if (snapshot === 'snapshot-temporarily-unavailable') return false
  invariant(snapshot.index > 0, 'where entries are missing there is a snapshot')
  member.becomeSnapshot(snapshot.index)
  const { id: from, term } = state
  state.send({ type: 'snapshot', from, to: member.id, term, snapshot })
  return true
}
