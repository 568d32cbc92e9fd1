/* What a leader takes into its log. */
import { decodeConfigChange, isLeaveJoint } from './config-change.ts'
import { applyConfigChange, isJoint } from './configuration.ts'
import { payloadSize } from './entry-size.ts'
import type { ProposedEntry } from './message.ts'
import type { RaftState } from './raft-state.ts'
import type { ProposalRefusal } from './ready.ts'
import { broadcastAppend } from './replication.ts'
import type { Entry } from './types.ts'

export const noOp: ProposedEntry = { type: 'normal', data: new Uint8Array(0) }

/** Appends proposals to a leader's log and sends them to everybody. */
export function proposeAsLeader(
  state: RaftState,
  proposed: readonly ProposedEntry[],
): ProposalRefusal | undefined {
  if (state.tracker.find(state.id) === undefined) return 'removed'
  if (state.transferee !== 0) return 'transferring'
  if (!appendProposed(state, withoutRefusedChanges(state, proposed))) return 'too-much-uncommitted'
  broadcastAppend(state)
  return undefined
}

/** False: too much waits for a quorum already. */
export function appendProposed(state: RaftState, proposed: readonly ProposedEntry[]): boolean {
  if (!state.reserveUncommitted(payloadSize(proposed))) return false
  const { log, term, id } = state
  const last = log.lastIndex()
  const entries = proposed.map(({ type, data }, place): Entry => {
    return { type, term, index: last + 1 + place, data }
  })
  log.unstable.append(entries)
  // Counts, as a follower's would, once the entries are durable here.
  const index = last + entries.length
  state.send({
    type: 'append-response',
    from: id,
    to: id,
    term,
    index,
    isRejected: false,
    hintIndex: 0,
    hintTerm: 0,
  })
  return true
}

/** A change that may not be made now leaves an entry that does nothing, so that its proposer sees it pass. */
function withoutRefusedChanges(
  state: RaftState,
  proposed: readonly ProposedEntry[],
): readonly ProposedEntry[] {
  if (proposed.every(isNormal)) return proposed
  const last = state.log.lastIndex()
  return proposed.map((entry, place) => {
    if (entry.type === 'normal') return entry
    if (!mayChange(state, entry)) return noOp
    state.pendingChangeIndex = last + 1 + place
    return entry
  })
}

function isNormal({ type }: ProposedEntry): boolean {
  return type === 'normal'
}

function mayChange(state: RaftState, entry: ProposedEntry): boolean {
  if (state.config.disableChangeValidation) return true
  // A second change must know what it changes: the first must be applied.
  if (state.pendingChangeIndex > state.log.applied) return false
  const change = decodeConfigChange(entry.type, entry.data)
  const { configuration } = state.tracker
  if (change === undefined || isJoint(configuration) !== isLeaveJoint(change)) return false
  return typeof applyConfigChange(configuration, change) !== 'string'
}
