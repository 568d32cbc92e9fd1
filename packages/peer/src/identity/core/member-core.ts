/*
 * One space at one peer, as the control group knows it. The peer leases a life of a slot, takes a snapshot, fences all
 * that is in sealing, and activates; from then on it is a member, whose reports every seal waits for. When its own seal
 * closes first, it discards its state, leases anew, and asks again for what was cut, as operations and not as updates.
 *
 * Whatever is asked of the group may be lost, doubled and late, and so may the answers: nothing is believed done because
 * it was asked for. How an answer says that it stands with the group alone moves the status.
 *
 * The naive ways fail thus: to activate and then take a better snapshot makes the group believe that a member holds
 * what it threw away; to lift a fence by an answer that came late shows what a seal then cuts.
 */
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { Attestations } from './attestations.ts'
import { type ControlAnswer, type EpochRecord, type MemberCommand } from './control-contract.ts'
import { type Report, type SpaceView } from './control-contract.ts'
import { Departure } from './departure.ts'
import { type Asked, GroupTalk } from './group-talk.ts'
import { type Dot } from './incarnation.ts'
import { type GuardedReplica, type Learnt } from './guarded-replica.ts'
import {
  type Batch,
  defaultMemberLimits,
  type Intent,
  type MemberEffect,
  type MemberInput,
  type MemberLimits,
  type MemberStatus,
  type ReplicaPort,
  type StateOffer,
  type Statement,
} from './member-contract.ts'
import { Life } from './life.ts'
import { OwnWrites } from './own-writes.ts'
import { MEMBERS_MIN_AT_RETIRING } from './seal-rule.ts'
import { settleAsOthers, trim } from './trim.ts'

export class MemberCore<Body, State, Operation> {
  readonly #talk: GroupTalk
  readonly #port: ReplicaPort<Body, State>
  readonly #limits: MemberLimits
  #status: MemberStatus = 'leasing'
  /** Invariant: undefined exactly while leasing. */
  #life: Life<Body, State> | undefined
  readonly #writes: OwnWrites<Operation>
  #attestations: Attestations
  #ticks = 0
  readonly #departure = new Departure()
  #effects: MemberEffect<Body, Operation>[] = []

  constructor(options: {
    readonly space: string
    readonly port: ReplicaPort<Body, State>
    readonly limits?: Partial<MemberLimits> | undefined
  }) {
    this.#talk = new GroupTalk(options.space)
    this.#port = options.port
    this.#limits = { ...defaultMemberLimits, ...options.limits }
    this.#attestations = new Attestations(this.#limits.graceTicks)
    this.#writes = new OwnWrites(this.#limits, (effect) => this.#emit(effect))
  }

  get status(): MemberStatus {
    return this.#status
  }

  get id(): ReplicaId | undefined {
    return this.#life?.id
  }

  /** What the group said last. */
  get view(): SpaceView | undefined {
    return this.#talk.view
  }

  /** Whether its word counts. */
  get isMember(): boolean {
    return this.#status === 'active' || this.#status === 'retiring'
  }

  /** What was written here and may be lost yet. Only reads are for the caller. */
  get writes(): OwnWrites<Operation> {
    return this.#writes
  }

  /** Whether operations may be made: it is a member and does not leave. */
  get isWritable(): boolean {
    return this.#status === 'active' && !this.#departure.isUnderWay
  }

  /** The replica behind the gate, if there is one. Only reads are for the caller. */
  get replica(): GuardedReplica<Body, State> | undefined {
    return this.#life?.replica
  }

  /** What the other members said. Only reads are for the caller. */
  get attestations(): Attestations {
    return this.#attestations
  }

  /** What to tell a neighbour; undefined for who has nothing to tell. */
  statement(): Statement | undefined {
    if (this.replica === undefined) return undefined
    const { id: sender, epoch, settled, vector } = this.replica
    const { view, isMember } = this
    const keepersVersion = view?.keepers.version ?? 0
    return { sender, isMember, epoch, settled, vector: vector.copy(), keepersVersion }
  }

  /**
   * A state to join, of members, also of those that leave; or to begin with, of members that stay: who is in sealing may
   * lack what nobody has any more.
   */
  offer(of: 'state' | 'snapshot'): StateOffer<Body, State> | undefined {
    const isStaying = this.#status === 'active' && this.view?.standing.status === 'active'
    return (of === 'state' ? this.isMember : isStaying) ? this.replica?.offer() : undefined
  }

  /** Takes one input. Never throws for what a neighbour, the group or the network did. */
  step(input: MemberInput<Body, State, Operation>): MemberEffect<Body, Operation>[] {
    this.#take(input)
    const replica = this.replica
    if (this.#status === 'active' && replica !== undefined) {
      const isCut = (dot: Dot): boolean => replica.book.isCut(dot)
      this.#writes.reissueNext(replica.vector, isCut, this.#ticks)
    }
    this.#settleFlushes()
    replica?.check()
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  #take(input: MemberInput<Body, State, Operation>): void {
    switch (input.kind) {
      case 'contact':
        return this.#contact(input.session)
      case 'answer':
        return this.#takeAnswer(input.answer)
      case 'batch':
        return this.#takeBatch(input.batch)
      case 'records':
        return void this.#learn(input.records)
      case 'state':
        return this.#takeState(input.offer)
      case 'sealed-elsewhere':
        return this.#sealedElsewhere()
      case 'snapshot':
        return this.#takeSnapshot(input.offer)
      case 'statement':
        if (input.statement.isMember) this.#attestations.note(input.statement)
        return
      case 'held':
        if (input.held.isMember) this.#attestations.noteHeld(input.held)
        return
      case 'wrote':
        return this.wrote(input.batch, input.intents)
      case 'abandon-redo':
        return this.#writes.abandonRedo()
      case 'readable':
        return this.replica?.advance()
      case 'flush':
        return this.#writes.flush(input.id, this.replica?.ownLast, input.replicas)
      case 'flush-cancel':
        return this.#writes.cancelFlush(input.id)
      case 'retire':
        if (this.#status !== 'active') return this.#ignore('only an active member retires')
        this.#departure.begin(this.#ticks + input.ticks)
        return this.#retireIfHandedOver()
      case 'tick':
        return this.#tick()
    }
  }

  #contact(session: string): void {
    this.#talk.session = session
    if (this.#status === 'left') return
    if (this.#life === undefined)
      return this.#emit({ kind: 'request', request: this.#talk.lease() })
    this.#emit({ kind: 'request', request: this.#talk.look(this.#life.id, this.replica?.epoch) })
    const isAlone = this.replica === undefined && this.#talk.view?.genesis === undefined
    if (this.#status === 'joining' && isAlone) this.#emit({ kind: 'want-snapshot' })
  }

  #takeAnswer(answer: ControlAnswer): void {
    if (this.#life === undefined && this.#talk.isOurLease(answer)) {
      this.#life = new Life(answer.member, this.#port, this.#limits)
      this.#setStatus('joining')
    }
    const problem = this.#talk.note(answer, this.id)
    if (problem !== undefined) return this.#ignore(problem)
    this.#takeView(this.#talk.view!)
    this.#talk.done()
  }

  /** How it stands with the group is what moves the status. */
  #takeView(view: SpaceView): void {
    switch (view.standing.status) {
      case 'sealed':
        return this.#ended(view.standing.last, view.members.length)
      case 'leased':
        return this.#joinFurther(view)
      case 'active':
      case 'retiring':
        if (this.#status === 'joining' && this.replica !== undefined) {
          this.#life?.isHeard()
          this.#setStatus('active')
        }
        if (this.isMember) this.#beMember(view)
        return
      case 'sealing':
        if (this.#status === 'joining') return this.#leaseAnew()
        if (this.isMember) this.#askBack(view)
    }
  }

  /** Learns what closed and fences what is open; undefined when that has ended what this replica was. */
  #fenceAll(view: SpaceView): Report | undefined {
    const { replica } = this
    if (this.#learn(view.records) !== 'fine' || replica === undefined) return undefined
    settleAsOthers(replica, this.#attestations)
    return { held: replica.fence(view.sealings), settled: replica.settled }
  }

  #joinFurther(view: SpaceView): void {
    if (this.#status !== 'joining') return
    if (this.replica === undefined && view.genesis !== undefined) {
      this.#life?.begin({ kind: 'nothing', epoch: view.epoch, born: view.genesis }, this.#ticks)
    }
    const replica = this.replica
    if (replica === undefined) return
    if (replica.epoch < view.floor) return this.#dropState()
    const report = this.#fenceAll(view)
    if (report === undefined) return
    if (replica.settled < view.settledFloor) this.#life?.isHeard()
    else if (replica.epoch === view.epoch) {
      this.#life?.speakOf(view.epoch)
      return this.#ask({ kind: 'activate', ...report })
    }
    if (this.#life?.hasTriedEnough(this.#ticks)) this.#dropState()
  }

  #beMember(view: SpaceView): void {
    const report = this.#fenceAll(view)
    const { replica } = this
    if (report === undefined || replica === undefined) return
    const isStaying = this.#status === 'active'
    const isRetired = view.standing.status === 'retiring'
    if (isStaying && !isRetired) this.#departure.goesOn(view.standingNumber)
    // A command to retire that we gave up, and that came late or may yet come, must not be what ends us.
    const isWanted = isStaying && (isRetired || this.#departure.mayBeSealed)
    const { session } = this.#talk
    const isElsewhere = !isRetired && session !== view.standingSession
    if (isWanted || isElsewhere) this.#ask({ kind: 'reinstate', session, ...report })
    else if (this.#talk.hasNews(report, replica.epoch)) this.#ask({ kind: 'report', ...report })
    trim({ replica, attestations: this.#attestations, writes: this.#writes }, view, this.#ticks)
    if (this.#attestations.hasCaughtUp(view.keepers, replica))
      this.#ask({ kind: 'caught-up', version: view.keepers.version })
    if (isStaying) this.#retireIfHandedOver()
    // The group does not know of it: what we asked was lost.
    else if (!isRetired) this.#askToRetire(replica.ownLast)
  }

  /** In sealing, but alive and with all that it ever held: it may cancel its seal, as a joiner would activate. */
  #askBack(view: SpaceView): void {
    const report = this.#fenceAll(view)
    if (report === undefined || this.replica?.epoch !== view.epoch) return
    this.#ask({ kind: 'reinstate', session: this.#talk.session, ...report })
  }

  #ask(asked: Asked<MemberCommand>): void {
    if (this.replica === undefined) return
    const request = this.#talk.command(asked, this.replica.id, this.replica.epoch)
    if (request !== undefined) this.#emit({ kind: 'request', request })
  }

  #takeSnapshot(offer: StateOffer<Body, State>): void {
    if (this.#status !== 'joining' || this.replica !== undefined) {
      return this.#ignore('a snapshot that is not waited for')
    }
    this.#life?.beginWith(offer, this.#ticks)
    this.#learn(offer.records)
  }

  /** Throws the snapshot of a joiner away, so that it takes another; or what a member had. */
  #dropState(): void {
    this.#life?.drop(this.#talk.view?.epoch ?? 0)
  }

  /** Takes in what is known to be sealed. Anything but `fine` has ended what this replica was. */
  #learn(records: readonly EpochRecord[]): Learnt {
    if (this.replica === undefined) return 'fine'
    const learnt = this.replica.learn(records)
    if (learnt === 'fine') return learnt
    // A view that is older than the seal does not tell how many have closed it.
    if (learnt !== 'overrun') this.#ended(learnt.sealedAt, MEMBERS_MIN_AT_RETIRING)
    else if (this.#status === 'joining') this.#dropState()
    else this.#becomeFenced()
    return learnt
  }

  /** It holds what was cut, so it is no member: it waits to hear where its own life ended. */
  #becomeFenced(): void {
    if (this.#status === 'joining') return this.#leaseAnew()
    this.#dropState()
    if (this.#departure.isUnderWay) this.#emit({ kind: 'retire-aborted' })
    this.#departure.stop()
    this.#setStatus('fenced')
  }

  /** Who retires waits for the group to say where its life ended: that it has is what it asked for. */
  #sealedElsewhere(): void {
    if (this.replica !== undefined && this.#status !== 'retiring') this.#becomeFenced()
  }

  /** The seal of this life closed, by so many `members` at least; `last` is absent when nobody knows any more where. */
  #ended(last: number | undefined, members: number): void {
    if (this.#status === 'joining') return this.#leaseAnew()
    const isComplete = (last ?? -1) >= (this.replica?.ownLast ?? Infinity)
    const hasLeft = this.#status === 'retiring' && isComplete
    if (!hasLeft && this.#status !== 'fenced') this.#becomeFenced()
    this.#writes.end(this.#life!.id, last, members)
    if (!hasLeft) return this.#leaseAnew()
    this.#dropState()
    this.#setStatus('left')
  }

  #leaseAnew(): void {
    this.#life?.isHeard()
    this.#dropState()
    this.#life = undefined
    this.#departure.end()
    this.#talk.endLife()
    this.#attestations = new Attestations(this.#limits.graceTicks)
    this.#setStatus('leasing')
  }

  /** Leaves once another member has everything that is here, of all origins. */
  #retireIfHandedOver(): void {
    const replica = this.replica
    if (!this.#departure.isUnderWay || this.#status !== 'active' || replica === undefined) return
    const { members = [] } = this.view ?? {}
    const hasTaker = this.#attestations.hasTaker(members, replica.id, replica.vector)
    if (this.#writes.hasRedo || !hasTaker) return
    replica.isLeaving = true
    this.#setStatus('retiring')
    this.#askToRetire(replica.ownLast)
  }

  #askToRetire(claimed: number): void {
    this.#ask({ kind: 'retire', claimed })
    this.#departure.asked(this.#talk.number)
  }

  #tick(): void {
    this.#ticks++
    if (!this.#departure.isOver(this.#ticks)) return
    this.#departure.stop()
    if (this.replica !== undefined) this.replica.isLeaving = false
    if (this.#status === 'retiring') this.#setStatus('active')
    this.#emit({ kind: 'retire-aborted' })
  }

  #takeBatch(batch: Batch<Body>): void {
    const verdict = this.replica?.take(batch)
    if (verdict === undefined) return this.#ignore('a batch without a replica')
    this.#emit({ kind: 'batch', batch, verdict })
  }

  #takeState(offer: StateOffer<Body, State>): void {
    if (this.replica === undefined) return this.#ignore('a state without a replica')
    if (this.#learn(offer.records) !== 'fine') return
    if (offer.vector.has(this.replica.id, 'sealed')) return this.#sealedElsewhere()
    const refusal = this.replica.refusal(offer)
    if (refusal !== undefined) this.#ignore(`a state: ${refusal}`)
    this.replica.join(offer, refusal !== undefined)
  }

  /** Also called by the port, in the midst of a step: what is written before a fold belongs before it. */
  wrote(batch: Batch<Body>, intents: readonly Intent<Operation>[]): void {
    if (batch.origin !== this.id) return this.#writes.noteFormer(batch.origin, intents)
    if (this.isMember) this.replica?.wrote(batch)
    else if (this.#status !== 'fenced') return this.#ignore('who is no member writes nothing')
    this.#writes.note(batch.origin, intents)
  }

  #settleFlushes(): void {
    const { view, replica } = this
    if (view === undefined || replica === undefined || this.#departure.mayBeSealed) return
    this.#writes.settleFlushes((...f) => this.#attestations.holders(view, replica.id, ...f))
  }

  #setStatus(status: MemberStatus): void {
    if (status === this.#status) return
    this.#status = status
    this.#emit({ kind: 'status', status })
  }

  #emit = (effect: MemberEffect<Body, Operation>): void => void this.#effects.push(effect)
  #ignore = (reason: string): void => this.#emit({ kind: 'ignored', reason })
}
