import type { LogView } from '../raft/log-view.ts'
import type { Entry, HardState, Snapshot } from '../raft/types.ts'

/** What is to become durable, together and in this order. */
export interface LogWrite {
  readonly hardState?: HardState | undefined
  /** Follow each other without a gap; what stands at or after the first of them is replaced. */
  readonly entries: readonly Entry[]
  /** Replaces everything: log and state start after it (a snapshot that a leader sent). */
  readonly snapshot?: Snapshot | undefined
  /**
   * Without it, no sync is asked for: only the commit index moved. It is written with what comes next, and a crash may
   * lose it. Entries and snapshots are synced in any case.
   */
  readonly mustSync: boolean
}

/**
 * The durable side of one member of a group. The view is what was written, from the moment `append` is called: the core
 * may read before the disk has it, and promises nothing before `done`.
 */
export interface LogStorage extends LogView {
  /** Whether what it holds survives the process. Otherwise a restarted member must come back under a new identity. */
  readonly isDurable: boolean
  /**
   * Writes; `done` is called once when all is durable, or with what went wrong: then nothing further is taken, and the
   * member stops. A log without a disk may call it at once. Never more than one write under way: the caller waits for
   * `done`.
   *
   * After a crash, either all or nothing of the snapshot is there, and of the entries the first few, with the hard state.
   */
  append(write: LogWrite, done: (error?: Error) => void): void
  /**
   * Keeps a snapshot of our own state, which is of entries that were appended, and then drops the log before `keepFrom`;
   * never beyond the snapshot. `done` as above; runs beside appends, and shows in the view when it is durable. If a
   * snapshot from a leader replaces the log meanwhile, nothing is kept or dropped.
   */
  compact(snapshot: Snapshot, keepFrom: number, done: (error?: Error) => void): void
  close(): Promise<void>
}
