import { type Inflights } from './inflights.ts'
import type { NodeId } from './types.ts'

/**
 * How the leader feeds a follower. `probe`: it does not know where their logs part, and asks with one append at a time.
 * `replicate`: it does, and sends ahead of answers. `snapshot`: the follower needs one; nothing else is sent.
 */
export type ProgressState = 'probe' | 'replicate' | 'snapshot'

/** What the leader knows of one member. A learner's counts for no quorum. */
export class Progress {
  readonly id: NodeId
  readonly inflights: Inflights
  isLearner: boolean
  state: ProgressState = 'probe'
  /** The log of the member is known to be ours up to here. Invariant: 0 <= match < next. */
  match = 0
  /** The next entry to send. Invariant: in state `snapshot`, next = pendingSnapshot + 1. */
  next: number
  /**
   * The highest commit index that is under way, so that none is told twice. It may go back: when a probe starts, when an
   * append was rejected.
   */
  sentCommit = 0
  /** Index of the snapshot under way; 0 of none. */
  pendingSnapshot = 0
  /** Was heard since the leader last asked itself whether a majority is there. */
  isRecentlyActive = false
  /** One append is out, and the next waits for an answer of any kind: a probe, or one that filled what may be under way. */
  isFlowPaused = false

  constructor(options: {
    readonly id: NodeId
    readonly next: number
    readonly isLearner: boolean
    readonly inflights: Inflights
  }) {
    this.id = options.id
    this.next = options.next
    this.isLearner = options.isLearner
    this.inflights = options.inflights
  }

  get isPaused(): boolean {
    return this.state === 'snapshot' || this.isFlowPaused
  }

  /** A new term starts: nothing is known. */
  reset(next: number): void {
    this.#enter('probe')
    this.match = 0
    this.next = next
    this.sentCommit = 0
    this.isRecentlyActive = false
  }

  becomeProbe(): void {
    // The snapshot under way may have arrived, though its answer did not.
    const after = this.state === 'snapshot' ? this.pendingSnapshot : 0
    this.#enter('probe')
    this.next = Math.max(this.match, after) + 1
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
  }

  becomeReplicate(): void {
    this.#enter('replicate')
    this.next = this.match + 1
  }

  becomeSnapshot(index: number): void {
    this.#enter('snapshot')
    this.pendingSnapshot = index
    this.next = index + 1
    this.sentCommit = index
  }

  /** An append with that many entries from `next` on went out. */
  sentEntries(count: number, bytes: number): void {
    if (this.state === 'probe') {
      if (count > 0) this.isFlowPaused = true
      return
    }
    if (count > 0) {
      this.next += count
      this.inflights.add(this.next - 1, bytes)
    }
    this.isFlowPaused = this.inflights.isFull
  }

  /** Whether telling `commit` now could move the member's own, over what is under way to it. */
  canBumpCommit(commit: number): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1
  }

  /** The member holds everything up to `index`. False: that is no news. */
  acknowledge(index: number): boolean {
    if (index <= this.match) return false
    this.match = index
    this.next = Math.max(this.next, index + 1)
    this.isFlowPaused = false
    return true
  }

  /** The member rejected an append after `rejected`; its log may match up to `hint`. False: that is old. */
  retreat(rejected: number, hint: number): boolean {
    if (this.state === 'replicate') {
      if (rejected <= this.match) return false
      this.next = this.match + 1
      this.sentCommit = Math.min(this.sentCommit, this.next - 1)
      return true
    }
    // Only one probe is out at a time, so any other rejection is of an earlier one.
    if (this.next - 1 !== rejected) return false
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1)
    this.sentCommit = Math.min(this.sentCommit, this.next - 1)
    this.isFlowPaused = false
    return true
  }

  #enter(state: ProgressState): void {
    this.state = state
    this.isFlowPaused = false
    this.pendingSnapshot = 0
    this.inflights.clear()
  }
}
