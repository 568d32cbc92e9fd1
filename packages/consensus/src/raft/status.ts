import type { Progress, ProgressState } from './progress.ts'
import type { ConfState, HardState, NodeId, Role } from './types.ts'

/** How far the leader has brought one member. */
export interface ProgressStatus {
  readonly id: NodeId
  readonly state: ProgressState
  readonly match: number
  readonly next: number
  readonly isLearner: boolean
  readonly isPaused: boolean
  /** The index of a snapshot under way, or 0. */
  readonly pendingSnapshot: number
  /** Was heard within the last election time-out. */
  readonly isActive: boolean
  readonly inflightMessages: number
  readonly isInflightFull: boolean
}

export interface RaftStatus {
  readonly id: NodeId
  readonly role: Role
  readonly leader: NodeId
  readonly hardState: HardState
  readonly confState: ConfState
  readonly firstIndex: number
  readonly lastIndex: number
  readonly applied: number
  /** To whom leadership is being handed, or 0. */
  readonly transferee: NodeId
  /** By id; of a leader only. */
  readonly progress: readonly ProgressStatus[]
}

export function progressStatus(progress: Progress): ProgressStatus {
  return {
    id: progress.id,
    state: progress.state,
    match: progress.match,
    next: progress.next,
    isLearner: progress.isLearner,
    isPaused: progress.isPaused,
    pendingSnapshot: progress.pendingSnapshot,
    isActive: progress.isRecentlyActive,
    inflightMessages: progress.inflights.count,
    isInflightFull: progress.inflights.isFull,
  }
}
