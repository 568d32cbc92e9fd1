import type { RaftConfig } from '#consensus/raft/raft-config.ts'
import type { Snapshot } from '#consensus/raft/types.ts'
import { type ScriptStep, positionals, valueOf } from './script.ts'

export interface MemberOptions {
  readonly count: number
  readonly snapshot: Snapshot
  readonly config: Omit<RaftConfig, 'id' | 'log'>
  /** Of the entries after the snapshot. */
  readonly logTerms: readonly number[]
}

/**
 * What `add-nodes` says of the members it adds: how many, the snapshot they start from, and how they behave. A text says
 * why there can be none.
 */
export function readMembers(step: ScriptStep): MemberOptions | string {
  const list = (key: string): number[] => {
    const values = step.args.find((argument) => argument.key === key)?.values ?? []
    return values.map(Number).sort((a, b) => a - b)
  }
  const number = (key: string): number | undefined => {
    const text = valueOf(step, key, '')
    return text === '' ? undefined : Number(text)
  }
  const flag = (key: string): boolean => valueOf(step, key, 'false') === 'true'

  const index = number('index') ?? 0
  const logTerms = list('log')
  const startsFromSomething = ['voters', 'learners', 'index', 'content'].some((key) => {
    return step.args.some((argument) => argument.key === key)
  })
  // Members of a group that exists start behind its first entries; those of our own scripts may have all of their log.
  if (startsFromSomething && logTerms.length === 0 && index <= 1) {
    return 'index must be specified as > 1 due to bootstrap'
  }
  const reads = valueOf(step, 'read-only', 'safe')
  if (reads !== 'safe' && reads !== 'lease-based') return `invalid read-only option "${reads}"`
  if (reads === 'lease-based' && !flag('checkquorum')) {
    return 'CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased'
  }
  const snapshot: Snapshot = {
    index,
    term: index > 0 ? 1 : 0,
    confState: {
      voters: list('voters'),
      votersOutgoing: [],
      learners: list('learners'),
      learnersNext: [],
      autoLeave: false,
    },
    data: new TextEncoder().encode(valueOf(step, 'content', '')),
  }
  const config = {
    electionTicks: 3,
    heartbeatTicks: 1,
    // The longest time-out: elections by ticks are pinned by the script.
    random: () => 0.999,
    applied: index,
    asyncStorageWrites: flag('async-storage-writes'),
    preVote: flag('prevote'),
    checkQuorum: flag('checkquorum'),
    reads: reads === 'lease-based' ? 'lease' : 'safe',
    stepDownOnRemoval: flag('step-down-on-removal'),
    disableProposalForwarding: flag('disable-proposal-forwarding'),
    disableChangeValidation: flag('disable-conf-change-validation'),
    messageBytesMax: number('message-bytes-max'),
    applyingBytesMax: number('max-committed-size-per-ready'),
    inflightMessagesMax: number('inflight') ?? 2 ** 31 - 1,
  } as const
  return { count: Number(positionals(step)[0]), snapshot, config, logTerms }
}
