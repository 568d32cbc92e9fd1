/* Changes of who is in the group. They take effect when they are applied, on every member. */
import type { ConfigChange } from './config-change.ts'
import { applyConfigChange, type ChangedConfiguration, isVoter } from './configuration.ts'
import { provePostponed } from './leader.ts'
import type { RaftState } from './raft-state.ts'
import { advanceCommit, broadcastAppend, sendAppendIfAny } from './replication.ts'
import { becomeFollower } from './roles.ts'
import type { ConfState } from './types.ts'

/**
 * Applies a committed change. One that cannot be changes nothing, on any member alike: it was proposed by somebody who
 * had turned the checks off.
 */
export function applyChange(state: RaftState, change: ConfigChange): ConfState {
  const changed = applyConfigChange(state.tracker.configuration, change)
  if (typeof changed === 'string') {
    state.ignore({ from: state.id, type: 'propose' }, 'configuration-invalid')
    return state.tracker.configuration
  }
  configure(state, changed)
  return changed.configuration
}

/** Takes on the configuration of a snapshot, or of the start. */
export function restoreConfiguration(state: RaftState, configuration: ConfState): void {
  state.tracker.clear()
  configure(state, { configuration, forgotten: new Set() })
}

function configure(state: RaftState, changed: ChangedConfiguration): void {
  const { tracker } = state
  tracker.configure(changed.configuration, state.log.lastIndex(), changed.forgotten)
  if (state.role !== 'leader') return
  const self = tracker.find(state.id)
  if (self === undefined || self.isLearner) {
    if (state.config.stepDownOnRemoval) becomeFollower(state, state.term, 0)
    return
  }
  // A smaller quorum may hold more.
  if (advanceCommit(state)) {
    provePostponed(state)
    broadcastAppend(state)
  } else {
    // New members need not wait for a heartbeat to be asked what they have.
    for (const member of tracker.members) {
      if (member.id !== state.id) sendAppendIfAny(state, member, false)
    }
  }
  if (!isVoter(tracker.configuration, state.transferee)) state.transferee = 0
}
