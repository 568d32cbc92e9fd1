import type { LogView } from '../raft/log-view.ts'

/**
 * A log as the core starts on it. The commit index is written along with other things, and may be older than a snapshot
 * of our own: what a snapshot holds is committed.
 */
export function restartView(log: LogView): LogView {
  return {
    initialState: () => {
      const { hardState, confState } = log.initialState()
      const commit = Math.max(hardState.commit, log.firstIndex() - 1, snapshotIndex(log))
      return { hardState: { ...hardState, commit }, confState }
    },
    entries: (low, high, bytesMax) => log.entries(low, high, bytesMax),
    term: (index) => log.term(index),
    firstIndex: () => log.firstIndex(),
    lastIndex: () => log.lastIndex(),
    snapshot: () => log.snapshot(),
  }
}

/** The last index that a snapshot of the log holds; 0 without one. */
export function snapshotIndex(log: LogView): number {
  const snapshot = log.snapshot()
  return snapshot === 'snapshot-temporarily-unavailable' ? 0 : snapshot.index
}
