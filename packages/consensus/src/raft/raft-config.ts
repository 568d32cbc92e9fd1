import type { LogView } from './log-view.ts'
import type { NodeId } from './types.ts'

export interface RaftConfig {
  readonly id: NodeId
  readonly log: LogView
  /** A follower that hears nothing for this many ticks, to twice as many, starts an election. */
  readonly electionTicks: number
  readonly heartbeatTicks: number
  /** From 0 up to 1: the only randomness. */
  readonly random: () => number
  /** The last entry that the state machine has applied; 0: what the log's snapshot holds. */
  readonly applied?: number | undefined
  /** Storage is told by messages, and answers later. Otherwise `ready` and `advance` take turns. */
  readonly asyncStorageWrites?: boolean | undefined
  /** A member asks whether it would be elected before it starts a term (thesis §9.6). */
  readonly preVote?: boolean | undefined
  /** A leader that no majority answers for an election time-out steps down, and votes are refused while one is heard. */
  readonly checkQuorum?: boolean | undefined
  /** `lease`: reads trust that clocks run alike; needs `checkQuorum`. */
  readonly reads?: 'safe' | 'lease' | undefined
  /** A leader that is removed, or becomes a learner, steps down when it applies that. */
  readonly stepDownOnRemoval?: boolean | undefined
  /** A follower refuses proposals rather than hand them on to the leader. */
  readonly disableProposalForwarding?: boolean | undefined
  /** Takes any configuration change at any time: whoever proposes must check. */
  readonly disableChangeValidation?: boolean | undefined
  /** Of the entries of one append; one entry always fits. */
  readonly messageBytesMax?: number | undefined
  /** Of committed entries that are handed out and not applied yet; one entry always fits. */
  readonly applyingBytesMax?: number | undefined
  /** Of payloads proposed and not committed: more is refused. */
  readonly uncommittedBytesMax?: number | undefined
  /** Appends under way to one follower. */
  readonly inflightMessagesMax?: number | undefined
  /** Bytes under way to one follower. */
  readonly inflightBytesMax?: number | undefined
}

/** A configuration with every default filled in. */
export type FullRaftConfig = {
  readonly [Key in keyof RaftConfig]-?: Exclude<RaftConfig[Key], undefined>
}

/**
 * Fills in defaults.
 *
 * @throws Error if the values make no group: that is a bug of the caller.
 */
export function completeConfig(config: RaftConfig): FullRaftConfig {
  const messageBytesMax = config.messageBytesMax ?? Infinity
  const full: FullRaftConfig = {
    id: config.id,
    log: config.log,
    electionTicks: config.electionTicks,
    heartbeatTicks: config.heartbeatTicks,
    random: config.random,
    applied: config.applied ?? 0,
    asyncStorageWrites: config.asyncStorageWrites ?? false,
    preVote: config.preVote ?? false,
    checkQuorum: config.checkQuorum ?? false,
    reads: config.reads ?? 'safe',
    stepDownOnRemoval: config.stepDownOnRemoval ?? false,
    disableProposalForwarding: config.disableProposalForwarding ?? false,
    disableChangeValidation: config.disableChangeValidation ?? false,
    messageBytesMax,
    applyingBytesMax: config.applyingBytesMax ?? messageBytesMax,
    uncommittedBytesMax: config.uncommittedBytesMax ?? Infinity,
    inflightMessagesMax: config.inflightMessagesMax ?? 256,
    inflightBytesMax: config.inflightBytesMax ?? Infinity,
  }
  const fault = findFault(full)
  if (fault !== undefined) throw new Error(`Raft cannot start: ${fault}`)
  return full
}

function findFault(config: FullRaftConfig): string | undefined {
  if (!Number.isSafeInteger(config.id) || config.id <= 0)
    return `id ${config.id} is no positive integer`
  if (!(config.heartbeatTicks > 0)) return 'heartbeatTicks must be at least 1'
  if (!(config.electionTicks > config.heartbeatTicks)) {
    return 'electionTicks must be more than heartbeatTicks'
  }
  if (!(config.inflightMessagesMax > 0)) return 'inflightMessagesMax must be at least 1'
  if (config.inflightBytesMax < config.messageBytesMax && Number.isFinite(config.messageBytesMax)) {
    return 'inflightBytesMax must be at least messageBytesMax'
  }
  if (config.reads === 'lease' && !config.checkQuorum) return "reads: 'lease' needs checkQuorum"
  return undefined
}
