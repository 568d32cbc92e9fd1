import type { ConfigChange, MemberChange } from '../raft/config-change.ts'
import type { RaftStatus } from '../raft/status.ts'
import type { ConfState, Entry, NodeId } from '../raft/types.ts'
import type { Answer } from './answers.ts'
import type { MembershipChange, Refusal } from './contract.ts'
import type { GroupOptions } from './options.ts'
import type { RaftDriver } from './raft-driver.ts'

type ChangeDone = (result: 'done' | Refusal) => void

interface Pending {
  readonly index: number
  readonly term: number
  readonly done: ChangeDone
}

interface Handover {
  ticksLeft: number
  readonly done: ChangeDone
}

/**
 * The changes of who is in the group, one at a time. A leader that is to go hands over first, so that nobody waits for
 * an election time-out: whoever asked finds the next leader, and asks that one.
 */
export class Membership {
  readonly #driver: RaftDriver
  readonly #options: GroupOptions
  readonly #answer: Answer
  #pending: Pending | undefined
  #handover: Handover | undefined

  constructor(driver: RaftDriver, options: GroupOptions, answer: Answer) {
    this.#driver = driver
    this.#options = options
    this.#answer = answer
  }

  begin(change: MembershipChange, done: ChangeDone): void {
    if (this.#pending !== undefined || this.#handover !== undefined) {
      return this.#answer(done, busy('another change of the members is under way'))
    }
    const status = this.#driver.status()
    const config = configChange(status.confState, change)
    if (typeof config === 'string') return this.#answer(done, busy(config))
    if (config.changes.length === 0) return this.#answer(done, 'done')
    const successor = goes(this.#driver.id, config) ? successorOf(status, config) : undefined
    if (successor !== undefined) {
      this.#handover = { ticksLeft: this.#options.electionTicks, done }
      return this.#driver.transferLeader(successor)
    }
    const index = this.#driver.proposeChange(config)
    if (typeof index === 'number') this.#pending = { index, term: this.#driver.term, done }
    else this.#answer(done, busy(index))
  }

  /** An entry was applied at the place of a change: it is done, or something else stands there (`isChange` false). */
  applied({ index, term }: Entry, isChange: boolean): void {
    const pending = this.#pending
    if (pending === undefined || index < pending.index) return
    this.#pending = undefined
    const isOurs = index === pending.index && term === pending.term
    if (!isOurs) this.#answer(pending.done, { kind: 'lost' })
    // The core takes an empty entry in place of a change that cannot be now.
    else if (isChange) this.#answer(pending.done, 'done')
    else this.#answer(pending.done, busy('another change of the members is under way'))
  }

  tick(): void {
    const handover = this.#handover
    if (handover === undefined) return
    const { isLeader, leader } = this.#driver
    if (--handover.ticksLeft > 0 && (isLeader || leader === 0)) return
    this.#handover = undefined
    if (isLeader) this.#answer(handover.done, busy('nobody took the leadership over'))
    else this.#answer(handover.done, { kind: 'not-leader', leader })
  }

  /** This member no longer leads: what it proposed may yet be done. */
  lost(): void {
    if (this.#pending !== undefined) this.#answer(this.#pending.done, { kind: 'lost' })
    this.#pending = undefined
  }

  stop(): void {
    this.lost()
    if (this.#handover !== undefined) this.#answer(this.#handover.done, { kind: 'lost' })
    this.#handover = undefined
  }
}

/** What makes `change` of `confState`; a text says why nothing can. */
export function configChange(
  confState: ConfState,
  change: MembershipChange,
): ConfigChange | string {
  const { voters = [], learners = [], removed = [] } = change
  const ids = [...voters, ...learners, ...removed]
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0)) return 'an id is a positive integer'
  if (new Set(ids).size < ids.length) return 'a member is to be two things at once'
  const isMember = (id: NodeId): boolean =>
    confState.voters.includes(id) || confState.learners.includes(id)
  const changes: MemberChange[] = [
    ...voters.filter((id) => !confState.voters.includes(id)).map(as('add-voter')),
    ...learners.filter((id) => !confState.learners.includes(id)).map(as('add-learner')),
    ...removed.filter(isMember).map(as('remove')),
  ]
  const left = new Set([...confState.voters, ...voters])
  for (const id of [...learners, ...removed]) left.delete(id)
  if (left.size === 0) return 'nobody would be left to vote'
  return { transition: 'auto', changes, context: new Uint8Array(0) }
}

function as(kind: MemberChange['kind']): (id: NodeId) => MemberChange {
  return (id) => ({ kind, id })
}

function goes(id: NodeId, { changes }: ConfigChange): boolean {
  return changes.some((change) => change.id === id && change.kind !== 'add-voter')
}

/** Whoever stays a voter and is furthest. */
function successorOf(
  { confState, progress, id }: RaftStatus,
  change: ConfigChange,
): NodeId | undefined {
  const candidates = progress.filter(
    (member) =>
      member.id !== id &&
      member.isActive &&
      confState.voters.includes(member.id) &&
      !goes(member.id, change),
  )
  return candidates.reduce<(typeof candidates)[number] | undefined>(
    (best, member) => (best === undefined || member.match > best.match ? member : best),
    undefined,
  )?.id
}

function busy(reason: string): Refusal {
  return { kind: 'busy', reason }
}
