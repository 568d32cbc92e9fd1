import { isJoineryError } from '@joinery/crdt-objects'
import type { Command, Query, SessionId } from '../host/command.ts'
import { failureOf } from '../host/failures.ts'
import type { Outcome } from '../host/outcome.ts'
import type { NodeId, Snapshot } from '../raft/types.ts'
import { type Answer, Answers } from './answers.ts'
import { Applier } from './applier.ts'
import { Compactor } from './compactor.ts'
import type { GroupMember, GroupStatus, MembershipChange, Refusal } from './contract.ts'
import { LeaderDuties } from './leader-duties.ts'
import type { MemberMessage } from './member-message.ts'
import { Membership } from './membership.ts'
import { decodeFrame } from './message-codec.ts'
import { groupDefaults, type GroupOptions } from './options.ts'
import type { GroupPorts } from './ports.ts'
import { Proposals } from './proposals.ts'
import { Proposer } from './proposer.ts'
import { RaftDriver } from './raft-driver.ts'
import { ReadRounds } from './read-rounds.ts'
import { StateAudit } from './state-audit.ts'
import { Watches } from './watches.ts'

interface Frame {
  readonly from: NodeId
  readonly bytes: Uint8Array
}

/** Of the leader's own commands: what becomes of them shows in the state. */
const nobody = (): void => undefined

/**
 * One member of one group. Inputs gather until a turn, which handles them together: it takes messages, proposes what has
 * gathered as one entry, carries out what the core wants, sends, writes, and calls back.
 *
 * It has no clock, no timer and no promise inside: all that comes by the ports, so virtual time can drive it.
 */
export class GroupNode implements GroupMember {
  readonly id: NodeId
  readonly #ports: GroupPorts
  readonly #options: GroupOptions
  readonly #driver: RaftDriver
  readonly #answers = new Answers()
  readonly #answer: Answer = (done, result) => {
    this.#answers.add(done, result)
    this.#wake()
  }
  readonly #proposals: Proposals
  readonly #reads: ReadRounds
  readonly #watches: Watches
  readonly #duties: LeaderDuties
  readonly #proposer: Proposer
  readonly #membership: Membership
  readonly #audit: StateAudit
  readonly #compactor: Compactor
  readonly #applier: Applier
  #inbox: Frame[] = []
  /** The term that this member leads; 0 when it does not. */
  #leadingTerm = 0
  #leader: NodeId = 0
  #isTurnDue = false
  #isRemoved = false
  #isStopped = false

  /**
   * Starts a member on what its storage holds; `machine` is set to the storage's snapshot.
   *
   * @throws JoineryError ENCODING_INVALID when the snapshot is not one of such a machine
   */
  constructor(id: NodeId, ports: GroupPorts, options: Partial<GroupOptions> = {}) {
    this.id = id
    this.#ports = ports
    this.#options = { ...groupDefaults, ...options }
    const { machine, clock } = ports
    this.#proposals = new Proposals(this.#options.batchBytes)
    this.#watches = new Watches(machine)
    this.#duties = new LeaderDuties(machine, clock, this.#options)
    this.#reads = new ReadRounds(clock, this.#options)
    this.#audit = new StateAudit(id, machine, this.#options)
    this.#compactor = new Compactor(ports, this.#options, (error) => this.#fail(error))
    this.#driver = this.#createDriver()
    this.#proposer = new Proposer({
      driver: this.#driver,
      duties: this.#duties,
      proposals: this.#proposals,
      options: this.#options,
      random: () => ports.random(),
    })
    this.#membership = new Membership(this.#driver, this.#options, this.#answer)
    this.#applier = this.#createApplier()
    // Nobody else could lead: there is nothing to wait for.
    const { voters, votersOutgoing } = this.#applier.confState
    if (voters.length !== 1 || voters[0] !== id || votersOutgoing.length > 0) return
    this.#driver.campaign()
    this.#wake()
  }

  #createDriver(): RaftDriver {
    return new RaftDriver(this.id, this.#ports, this.#options, {
      apply: (entry) => this.#applier.apply(entry),
      configured: (entry, confState) => this.#applier.configure(entry, confState),
      restored: (snapshot) => this.#restore(snapshot),
      snapshot: () => this.#compactor.snapshot(this.#applier.confState),
      readConfirmed: ({ context, index }) => this.#reads.confirm(context, index),
      handingOver: () => {
        if (this.#leadingTerm > 0) this.#reads.voidLease()
      },
      changed: () => this.#changed(),
      ignored: (from, reason) => this.#ignore(from, reason),
      failed: (error) => this.#fail(error),
      wake: () => this.#wake(),
    })
  }

  #createApplier(): Applier {
    return new Applier(this.id, this.#ports, {
      proposals: this.#proposals,
      watches: this.#watches,
      duties: this.#duties,
      audit: this.#audit,
      compactor: this.#compactor,
      membership: this.#membership,
      answer: this.#answer,
      leadingTerm: () => this.#leadingTerm,
      checked: (hashes) => {
        if (this.#leadingTerm > 0) this.#audit.add(this.id, hashes)
        else if (this.#leader > 0) this.#driver.send(this.#leader, hashes)
      },
    })
  }

  status(): GroupStatus {
    const { role, leader, hardState, confState, lastIndex, progress } = this.#driver.status()
    return {
      ...{ id: this.id, role, leader, term: hardState.term },
      ...{ confState, lastIndex, committed: hardState.commit },
      agreedMs: this.#duties.timeMs,
      applied: this.#applier.index,
      position: this.#ports.machine.position,
      progress: progress.map(({ id, match, isActive, isLearner }) => ({
        ...{ id, match, isActive, isLearner },
      })),
    }
  }

  tick(): void {
    if (this.#isOut) return
    this.#driver.tick()
    this.#membership.tick()
    const expiry = this.#duties.tick()
    if (expiry !== undefined) this.#proposer.add(expiry, nobody)
    if (this.#leadingTerm > 0) {
      this.#quarantine()
      this.#proposer.proposeTime(this.#audit.isUnchecked)
    }
    this.#wake()
  }

  receive(from: NodeId, bytes: Uint8Array): void {
    if (this.#isStopped) return
    this.#inbox.push({ from, bytes })
    this.#wake()
  }

  partSent(to: NodeId, ok: boolean): void {
    this.#later(() => this.#driver.partSent(to, ok))
  }

  unreachable(member: NodeId): void {
    this.#later(() => this.#driver.unreachable(member))
  }

  submit(command: Command, done: (result: Outcome | Refusal) => void): void {
    const refusal = this.#refusal() ?? this.#proposer.overload()
    if (refusal !== undefined) return this.#answer(done, refusal)
    this.#duties.heard(command)
    try {
      this.#proposer.add(command, done)
      this.#wake()
    } catch (error) {
      if (!isJoineryError(error)) throw error
      const { position } = this.#ports.machine
      this.#answer(done, { kind: 'failed', position, failure: failureOf(error) })
    }
  }

  read(query: Query, done: (result: Outcome | Refusal) => void): void {
    this.#look(() => this.#ports.machine.read(query), done)
  }

  renew(session: SessionId, done: (result: boolean | Refusal) => void): void {
    this.#look(() => this.#duties.renew(session), done)
  }

  silentMs(session: SessionId): number | undefined {
    return this.#duties.silentMs(session)
  }

  watch(object: number, after: number, done: (result: number | Refusal) => void): () => void {
    let isEnded = false
    const answered = (result: number | Refusal): void => {
      if (!isEnded) done(result)
    }
    let end = (): void => undefined
    const position = this.#isOut ? undefined : this.#watches.settled(object, after)
    if (this.#isOut) this.#answer(answered, { kind: 'lost' })
    else if (position !== undefined) this.#answer(answered, position)
    else end = this.#watches.add(object, after, answered)
    return () => {
      isEnded = true
      end()
    }
  }

  change(change: MembershipChange, done: (result: 'done' | Refusal) => void): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) return this.#answer(done, refusal)
    this.#membership.begin(change, done)
    this.#wake()
  }

  transferLeadership(to: NodeId): void {
    this.#later(() => this.#driver.transferLeader(to))
  }

  async stop(): Promise<void> {
    this.#end()
    await this.#ports.storage.close()
  }

  /** Has `make` run when a round has proved that this member leads. */
  #look<T>(make: () => T, done: (result: T | Refusal) => void): void {
    const refusal = this.#refusal()
    if (refusal !== undefined) return this.#answer(done, refusal)
    if (this.#reads.count >= this.#options.commandsWaitingMax) {
      return this.#answer(done, { kind: 'busy', reason: 'too many reads wait for their turn' })
    }
    this.#reads.add(make, done)
    this.#wake()
  }

  /** Has `task` run now, between turns, and what follows from it in the next. */
  #later(task: () => void): void {
    if (this.#isOut) return
    task()
    this.#wake()
  }

  #wake(): void {
    if (this.#isTurnDue) return
    this.#isTurnDue = true
    this.#ports.defer(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isTurnDue = false
    if (!this.#isOut) {
      const inbox = this.#inbox
      this.#inbox = []
      for (const frame of inbox) this.#take(frame)
      if (this.#work()) this.#wake()
      this.#driver.flush()
    }
    this.#answers.run()
    if (!this.#isOut) this.#compactor.run(this.#applier.confState)
  }

  /** Answers whether some work is left for another turn. */
  #work(): boolean {
    if (this.#leadingTerm > 0) this.#proposer.propose()
    for (;;) {
      this.#reads.serveByLease(this.#answer)
      const context = this.#duties.isBegun ? this.#reads.begin() : undefined
      if (context !== undefined) this.#driver.readIndex(context)
      const isSomeLeft = this.#driver.work()
      this.#reads.serve(this.#applier.index, this.#answer)
      // What was applied may have made room for the next batch.
      const isDone = isSomeLeft || this.#isStopped || this.#leadingTerm === 0
      if (isDone || !this.#proposer.propose()) return isSomeLeft
    }
  }

  #quarantine(): void {
    for (const { object, members } of this.#audit.tick(this.#applier.members)) {
      this.#ports.report({ kind: 'object-diverged', object, members })
      this.#proposer.add({ kind: 'quarantine', object }, nobody)
    }
  }

  #take({ from, bytes }: Frame): void {
    let messages: readonly MemberMessage[]
    try {
      messages = decodeFrame(bytes, from, this.id, this.#proposer.slab)
    } catch (error) {
      if (!isJoineryError(error)) throw error
      return this.#ignore(from, error.message)
    }
    for (const message of messages) this.#takeMessage(from, message)
  }

  #takeMessage(from: NodeId, message: MemberMessage): void {
    if ('kind' in message) {
      if (message.kind === 'snapshot-part') return this.#driver.take(from, message)
      if (message.kind === 'not-member') return this.#takeNotMember(from, message.index)
      const isUseful = this.#leadingTerm > 0 && message.index <= this.#driver.lastIndex
      if (isUseful && this.#applier.members.includes(from)) this.#audit.add(from, message)
      return
    }
    if (this.#leadingTerm > 0) {
      const isCampaign = message.type === 'vote' || message.type === 'pre-vote'
      if (isCampaign && !this.#applier.members.includes(from)) {
        return this.#driver.send(from, { kind: 'not-member', index: this.#applier.index })
      }
    }
    this.#driver.take(from, message)
  }

  /**
   * A leader says that we are no member. Ids are used once: if we were one, at an earlier place in the log than that
   * leader speaks of, we never will be again.
   */
  #takeNotMember(from: NodeId, index: number): void {
    const members = this.#applier.members
    if (!members.includes(from) || !members.includes(this.id) || index <= this.#applier.index) {
      return this.#ignore(from, 'not-member: says nothing new')
    }
    this.#isRemoved = true
    this.#ports.report({ kind: 'removed' })
    this.#leave()
  }

  #restore(snapshot: Snapshot): void {
    try {
      this.#applier.restore(snapshot)
    } catch (error) {
      if (!isJoineryError(error)) throw error
      this.#fail(error)
    }
  }

  /** Term, role or leader of the core are new. */
  #changed(): void {
    const { isLeader, term, leader } = this.#driver
    const leadingTerm = isLeader ? term : 0
    if (leadingTerm !== this.#leadingTerm) {
      if (this.#leadingTerm > 0) this.#lose(leader)
      this.#leadingTerm = leadingTerm
    }
    if (leader === this.#leader) return
    this.#leader = leader
    this.#ports.report({ kind: 'leader-changed', leader, term })
  }

  /** What waits for a turn was not done; of what is in the log nobody here can know. */
  #lose(leader: NodeId): void {
    this.#leadingTerm = 0
    for (const done of this.#proposals.takeUndecided()) this.#answer(done, { kind: 'lost' })
    for (const done of this.#proposals.takeWaiting()) {
      this.#answer(done, { kind: 'not-leader', leader })
    }
    for (const done of this.#reads.takeAll()) this.#answer(done, { kind: 'not-leader', leader })
    this.#membership.lost()
    this.#duties.end()
    this.#audit.clear()
  }

  #refusal(): Refusal | undefined {
    if (this.#isOut) return { kind: 'not-leader', leader: 0 }
    return this.#leadingTerm > 0 ? undefined : { kind: 'not-leader', leader: this.#leader }
  }

  #ignore(from: NodeId, reason: string): void {
    this.#ports.report({ kind: 'message-ignored', from, reason })
  }

  #fail(error: Error): void {
    if (this.#isStopped) return
    this.#ports.report({ kind: 'storage-failed', error })
    this.#end()
  }

  #end(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#driver.stop()
    this.#leave()
  }

  /** Nothing comes of anything here any more. */
  #leave(): void {
    this.#lose(0)
    this.#membership.stop()
    for (const done of this.#watches.takeAll()) this.#answer(done, { kind: 'lost' })
  }

  /** Stopped, or no member any more. */
  get #isOut(): boolean {
    return this.#isStopped || this.#isRemoved
  }
}
