/** How a member keeps time and bounds. What says so must be the same at every member of a group. */
export interface GroupOptions {
  /** How often `tick` is called. */
  readonly tickMs: number
  readonly heartbeatTicks: number
  /** A follower that hears nothing for one to two times as long campaigns. The same everywhere. */
  readonly electionTicks: number
  /** How long at most a member waits before it campaigns when the connection to its leader broke. */
  readonly failoverDelayMsMax: number
  /** Commands that wait for their turn; beyond it the group is busy. */
  readonly commandsWaitingMax: number
  readonly waitingBytesMax: number
  /** Entries that are proposed and not yet applied, while further commands gather into the next ones. */
  readonly batchesInFlightMax: number
  /** A batch is cut when it has grown beyond it. */
  readonly batchBytes: number
  /** Proposed and not yet committed: beyond it, commands wait. */
  readonly uncommittedBytesMax: number
  readonly appendBytesMax: number
  readonly appendsInFlightMax: number
  /** Handed to the state machine in one go: what else waits gets its turn in between. */
  readonly applyBytesMax: number
  /** A snapshot is taken after as many bytes of log, or as many as the last snapshot had, if those are more. */
  readonly snapshotLogBytes: number
  /** What stays of the log before a snapshot, for followers that are a little behind: so many, within `snapshotLogBytes`. */
  readonly tailEntries: number
  readonly snapshotPartBytes: number
  /** A snapshot beyond it is not taken from a leader. */
  readonly snapshotBytesMax: number
  /** Hashes are compared each time that so many commands were applied. The same everywhere. */
  readonly checkpointCommands: number
  /** And each time that so much agreed time has passed, when something changed. The same everywhere. */
  readonly checkpointMs: number
  /**
   * Serves reads without a round while no other leader can be: trusts that clocks run equally fast, and gives up fast
   * failover. The same everywhere.
   */
  readonly leaseReads: boolean
}

export const groupDefaults: GroupOptions = {
  tickMs: 50,
  heartbeatTicks: 1,
  electionTicks: 10,
  failoverDelayMsMax: 150,
  commandsWaitingMax: 100_000,
  waitingBytesMax: 64 * 1024 * 1024,
  batchesInFlightMax: 4,
  batchBytes: 256 * 1024,
  uncommittedBytesMax: 64 * 1024 * 1024,
  appendBytesMax: 256 * 1024,
  appendsInFlightMax: 256,
  applyBytesMax: 256 * 1024,
  snapshotLogBytes: 1024 * 1024,
  tailEntries: 5_000,
  snapshotPartBytes: 256 * 1024,
  snapshotBytesMax: 1024 * 1024 * 1024,
  checkpointCommands: 8_192,
  checkpointMs: 1_000,
  leaseReads: false,
}
