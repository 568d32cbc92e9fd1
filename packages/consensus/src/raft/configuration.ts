import { isLeaveJoint, jointMode, type ConfigChange, type MemberChange } from './config-change.ts'
import type { ConfState, NodeId } from './types.ts'

/** Of a group in which nobody is. */
export const emptyConfiguration: ConfState = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

export function isJoint(configuration: ConfState): boolean {
  return configuration.votersOutgoing.length > 0
}

export function isVoter(configuration: ConfState, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id)
}

/** Everybody whom a leader tracks, by id. */
export function memberIds(configuration: ConfState): NodeId[] {
  const { voters, votersOutgoing, learners } = configuration
  return sorted(new Set([...voters, ...votersOutgoing, ...learners]))
}

/** Voters of either half, by id. */
export function voterIds(configuration: ConfState): NodeId[] {
  return sorted(new Set([...configuration.voters, ...configuration.votersOutgoing]))
}

/** What a change makes of a configuration. */
export interface ChangedConfiguration {
  readonly configuration: ConfState
  /** Whoever was removed, though it may have been added again: nothing is known of it any more. */
  readonly forgotten: ReadonlySet<NodeId>
}

/** The configuration after a change; a text says why there is none. */
export function applyConfigChange(
  configuration: ConfState,
  change: ConfigChange,
): ChangedConfiguration | string {
  if (isLeaveJoint(change)) return leaveJoint(configuration)
  const mode = jointMode(change)
  if (mode === 'none') return changeSimply(configuration, change.changes)
  return enterJoint(configuration, change.changes, mode === 'auto-leave')
}

/** One voter at most comes or goes, so any two majorities, before and after, share a member. */
export function changeSimply(
  configuration: ConfState,
  changes: readonly MemberChange[],
): ChangedConfiguration | string {
  if (isJoint(configuration)) return "can't apply simple config change in joint config"
  const draft = new Draft(configuration)
  draft.apply(changes)
  if (draft.incoming.size === 0) return 'removed all voters'
  const before = new Set(configuration.voters)
  let differing = 0
  for (const id of draft.incoming) if (!before.has(id)) differing++
  for (const id of before) if (!draft.incoming.has(id)) differing++
  if (differing > 1) return 'more than one voter changed without entering joint config'
  return draft.finish(false)
}

/** Any change, which takes effect beside the old configuration until that is left. */
export function enterJoint(
  configuration: ConfState,
  changes: readonly MemberChange[],
  autoLeave: boolean,
): ChangedConfiguration | string {
  if (isJoint(configuration)) return 'config is already joint'
  if (configuration.voters.length === 0) return "can't make a zero-voter config joint"
  const draft = new Draft({ ...configuration, votersOutgoing: configuration.voters })
  draft.apply(changes)
  if (draft.incoming.size === 0) return 'removed all voters'
  return draft.finish(autoLeave)
}

export function leaveJoint(configuration: ConfState): ChangedConfiguration | string {
  if (!isJoint(configuration)) return "can't leave a non-joint config"
  const { voters, learners, learnersNext } = configuration
  const all = sorted(new Set([...learners, ...learnersNext]))
  return {
    configuration: { ...emptyConfiguration, voters, learners: all },
    forgotten: new Set(),
  }
}

/** Whether what a peer or a disk says can be a configuration at all. */
export function isConfiguration(configuration: ConfState): boolean {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration
  if (voters.length === 0 || ![voters, votersOutgoing, learners, learnersNext].every(isAscending)) {
    return false
  }
  if (votersOutgoing.length === 0 && (learnersNext.length > 0 || autoLeave)) return false
  if (learners.some((id) => isVoter(configuration, id))) return false
  return learnersNext.every((id) => votersOutgoing.includes(id) && !voters.includes(id))
}

function isAscending(ids: readonly NodeId[]): boolean {
  return ids.every((id, place) => Number.isSafeInteger(id) && id > (ids[place - 1] ?? 0))
}

class Draft {
  readonly incoming: Set<NodeId>
  readonly #outgoing: Set<NodeId>
  readonly #learners: Set<NodeId>
  readonly #learnersNext: Set<NodeId>
  readonly #forgotten = new Set<NodeId>()

  constructor(configuration: ConfState) {
    this.incoming = new Set(configuration.voters)
    this.#outgoing = new Set(configuration.votersOutgoing)
    this.#learners = new Set(configuration.learners)
    this.#learnersNext = new Set(configuration.learnersNext)
  }

  apply(changes: readonly MemberChange[]): void {
    for (const { kind, id } of changes) {
      // Nobody: a change that was called off after it was ordered.
      if (id === 0 || kind === 'update') continue
      if (kind === 'add-voter') this.#addVoter(id)
      else if (kind === 'add-learner') this.#addLearner(id)
      else this.#remove(id)
    }
  }

  finish(autoLeave: boolean): ChangedConfiguration {
    const configuration = {
      voters: sorted(this.incoming),
      votersOutgoing: sorted(this.#outgoing),
      learners: sorted(this.#learners),
      learnersNext: sorted(this.#learnersNext),
      autoLeave,
    }
    return { configuration, forgotten: this.#forgotten }
  }

  #addVoter(id: NodeId): void {
    this.#learners.delete(id)
    this.#learnersNext.delete(id)
    this.incoming.add(id)
  }

  #addLearner(id: NodeId): void {
    if (this.#learners.has(id)) return
    this.#drop(id)
    // Whoever still votes in the outgoing half becomes a learner when that is left.
    if (this.#outgoing.has(id)) this.#learnersNext.add(id)
    else this.#learners.add(id)
  }

  #remove(id: NodeId): void {
    this.#drop(id)
    // The outgoing half still counts it.
    if (!this.#outgoing.has(id)) this.#forgotten.add(id)
  }

  #drop(id: NodeId): void {
    this.incoming.delete(id)
    this.#learners.delete(id)
    this.#learnersNext.delete(id)
  }
}

function sorted(ids: Iterable<NodeId>): NodeId[] {
  return [...ids].sort((a, b) => a - b)
}
