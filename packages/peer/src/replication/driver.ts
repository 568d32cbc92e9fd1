/*
 * Runs the replication of one space: feeds its core with what happens, and carries out what the core says, in the
 * order in which it says it. The core knows no time and no I/O; here are the clock, the timers and the network.
 */
import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { type FlushOptions, type JoineryError, type WaitOptions } from '@joinery/crdt-objects'
import {
  type ReplicaId,
  type SpaceState,
  unleasedReplica,
  type VersionVector,
} from '@joinery/crdt-objects/engine'
import { defaultMemberLimits, type MemberStatus } from '../identity/core/member-contract.ts'
import { type Effect, type Input, tickMs } from './core/contract.ts'
import { decodeMessage, encodeMessage, isBulk, type Message } from './core/message.ts'
import { ReplicationCore } from './core/replication-core.ts'
import { CountedState, type WriteCount } from './counted-state.ts'
import { type DriverPorts } from './driver-ports.ts'
import { reportOf } from './effect-report.ts'
import { EngineLoader } from './engine-loader.ts'
import { type FirstSync, firstSyncOf } from './first-sync.ts'
import { Flushes } from './flushes.ts'
import { type Known, GroupContact, type SpaceRules } from './group-contact.ts'
import { spaceClosed, spaceEnded } from '../spaces/space-ended.ts'
import { Reaches, type ReachOptions } from './reaches.ts'
import { SealSchedule } from './seal-schedule.ts'
import { RedoBound } from './redo-bound.ts'
import { StreamPump } from './stream-pump.ts'
import { settledWithin } from './settled-within.ts'
import { Until } from './until.ts'

/** Whether who has waited so long may begin alone; the group may have answered not long ago. */
export type MayBeginAlone = (isAnswered: boolean, waitedMs: number) => boolean

/** One space that is open here. */
export class SpaceDriver {
  readonly name: string
  readonly count: WriteCount
  readonly #ports: DriverPorts
  readonly #core: ReplicationCore
  readonly #contact: GroupContact
  readonly #schedule: SealSchedule
  readonly #engines: EngineLoader
  readonly #flushes: Flushes
  readonly #reaches: Reaches
  readonly #inputs: Input[] = []
  readonly #happened = new Until()
  readonly #pump: StreamPump
  readonly #redoBound: RedoBound
  #isStepping = false
  #isStopped = false
  #firstSync: FirstSync | undefined
  readonly #ended = new AbortController()

  constructor(name: string, ports: DriverPorts, rules: SpaceRules, count: WriteCount) {
    this.name = name
    // Everybody who has it open listens: gateways, and each opening at the peer itself.
    setMaxListeners(0, this.#ended.signal)
    this.count = count
    this.#ports = ports
    this.#redoBound = new RedoBound(name, defaultMemberLimits.intentsSizeMax, ports.budget)
    this.#schedule = new SealSchedule(() => {
      this.#step({ kind: 'local-batch' })
      // Not in this turn: at its end gossip sends what it was handed.
      setImmediate(() => this.#step({ kind: 'book' }))
    })
    this.#engines = new EngineLoader({
      onLoaded: () => this.engineLoaded(),
      onFailed: ({ name: engine }, error) => {
        ports.report({ kind: 'engine-failed', space: name, engine, error })
      },
    })
    this.#core = new ReplicationCore({
      space: name,
      create: (replica) => this.#create(replica),
      letOut: (outgoing) => this.#carryOut(outgoing),
    })
    this.#flushes = new Flushes(name, this.#core, {
      step: (input) => {
        this.#step(input)
      },
    })
    this.#reaches = new Reaches(this.#core, (origin, last) => {
      this.#step({ kind: 'announced', origin, last })
    })
    this.#pump = new StreamPump(ports, (neighbour) => {
      this.#step({ kind: 'stream', neighbour })
    })
    this.#contact = new GroupContact(name, ports.control, rules, {
      contact: (session) => this.#step({ kind: 'contact', session }),
      answer: (answer) => this.#step({ kind: 'answer', answer }),
      refused: () => this.#happened.settle(),
      isUsed: () => ports.isUsed(),
      isOpen: () => this.#core.visible !== undefined,
      unknownSpace: () => this.#end(),
    })
  }

  /** What users see and write to; undefined while it is being opened. */
  get visible(): SpaceState | undefined {
    return this.#core.visible
  }

  /** The same, for those that waited until it was open. */
  get state(): SpaceState {
    const { visible } = this
    if (visible === undefined) throw new Error('a space is used when it is open')
    return visible
  }

  get status(): MemberStatus {
    return this.#core.status
  }

  /** Local updates that no other peer is known to hold. */
  get unconfirmed(): number {
    const { visible, member } = this.#core
    if (visible === undefined) return 0
    // What was written in a life that is over, and may have to be written again, or is to be.
    const isOver = member.replica === undefined || member.writes.redo.length > 0
    if (isOver) return visible.pendingUpdates + member.writes.unsettled
    return Math.max(0, this.#core.ownLast - this.#flushes.confirmed) + visible.pendingUpdates
  }

  /** What the group has said of the space; undefined while that is nothing. */
  get known(): Known | undefined {
    return this.#contact.known
  }

  /** Aborted when the space has ended, with what its users are to be told. */
  get ended(): AbortSignal {
    return this.#ended.signal
  }

  get vectorSize(): number {
    return this.#core.vector.size
  }

  /** What is visible here, as far as batches tell. A live view: copy it to keep it. */
  get vector(): VersionVector {
    return this.#core.visibleVector
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#core.progress
  }

  /** What is visible here, what no batch carries yet included. */
  get seen(): VersionVector {
    // Of the state, and not of the core: a listener that is told of a change asks before the core has noted it.
    const { replica, pendingUpdates, vector: seen } = this.state
    if (pendingUpdates > 0) seen.advance(replica, seen.lastOf(replica, Infinity) + pendingUpdates)
    return seen
  }

  /** Grows with whatever {@link SpaceDriver.seen} gives. */
  get seenCount(): number {
    return this.#core.progress + this.count.updates + this.state.pendingUpdates
  }

  #create(replica: ReplicaId): SpaceState {
    const ports = {
      replica,
      budget: this.#redoBound,
      clock: () => this.#ports.now(),
      onPending: () => this.#schedule.onPending(),
      // At once: a loop that never ends its turn must not gather without a bound.
      onFull: () => this.#step({ kind: 'local-batch' }),
      onEngineMissing: (engines: Parameters<EngineLoader['load']>[0]) =>
        this.#engines.load(engines),
    }
    return new CountedState(ports, this.name, this.count, () => {
      this.#schedule.onSealed()
    })
  }

  neighbourUp(peer: string): void {
    // What is pending is in no digest: a joiner would take itself for up to date.
    this.seal()
    this.#step({ kind: 'neighbour-up', neighbour: peer })
  }

  neighbourDown(peer: string): void {
    this.#step({ kind: 'neighbour-down', neighbour: peer })
    this.#firstSync?.onDown(peer)
  }

  /** @throws JoineryError ENCODING_INVALID */
  message(peer: string, bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    this.#step({ kind: 'message', neighbour: peer, message })
    // An answer of which something had to be left is none yet: it is asked for again once the engine is there.
    if (!this.#core.lacksEngine) this.#firstSync?.onMessage(peer, message)
  }

  batch(peer: string, batch: Uint8Array): void {
    this.#step({ kind: 'gossip', batch, from: peer })
  }

  announced(peer: string, origin: ReplicaId, last: number): void {
    this.#step({ kind: 'announced', origin, last, from: peer })
  }

  tick(random: number): void {
    this.#step({ kind: 'tick', random })
    this.#redoBound.isReached = this.#core.member.writes.isRedoFull
    this.#core.visible?.packIdle(Math.ceil(this.#ports.idlePackMs / tickMs))
  }

  /** An engine is loaded, by whomever: what waited for it is taken. */
  engineLoaded(): void {
    this.#step({ kind: 'engine-loaded' })
  }

  /**
   * Leases a slot and becomes a member, if it is none yet. Resolves when users may write. After each `timeoutMs` without
   * the group, or without anybody to begin from, they begin alone, if they may.
   *
   * @throws JoineryError GROUP_BUSY, SPACE_LIFETIME_DIFFERS, SPACE_ENDED
   */
  async open(timeoutMs: number, mayBeginAlone: MayBeginAlone = () => true): Promise<void> {
    this.#contact.now()
    const { ended } = this
    const isRefused = () => ended.aborted || this.#contact.refusal !== undefined
    const isOpen = () => this.#core.visible !== undefined || isRefused()
    const startMs = performance.now()
    const waitedMs = (): number => performance.now() - startMs
    const mayBegin = (): boolean => mayBeginAlone(this.#contact.isAnswered(timeoutMs), waitedMs())
    do await settledWithin(this.#happened.until(isOpen), timeoutMs)
    while (!isOpen() && !this.#isStopped && !mayBegin())
    if (this.#contact.refusal !== undefined) throw this.#contact.refusal
    ended.throwIfAborted()
    if (this.#core.visible !== undefined || this.#isStopped) return
    this.#ports.report({ kind: 'space-alone', space: this.name, waitedMs: waitedMs() })
    const replica = unleasedReplica(randomBytes(8).readBigUInt64BE())
    this.#step({ kind: 'begin-alone', replica })
  }

  /** The group is to be asked, or told: what was granted for a time, or who is in the space, may be otherwise now. */
  contactNow(): void {
    this.#contact.now()
  }

  /**
   * Ends the space for everybody. It is ended here when this resolves.
   *
   * @throws JoineryError CALL_TIMEOUT, GROUP_UNAVAILABLE
   */
  async end(options: WaitOptions): Promise<void> {
    await this.#contact.end(options)
    this.#end()
  }

  /** Seals what is pending. */
  seal(): void {
    this.#step({ kind: 'local-batch' })
  }

  /** From now on it is noted what neighbours say; whose state is to be waited for is known later. */
  beginFirstSync(): FirstSync {
    this.#firstSync = firstSyncOf(this.#core)
    return this.#firstSync
  }

  /** Resolves when this replica holds what they held, and after `timeoutMs` at the latest, which is reported. */
  async endFirstSync(sync: FirstSync, timeoutMs: number): Promise<void> {
    const isDone = await sync.isDoneWithin(timeoutMs)
    this.#firstSync = undefined
    if (isDone || this.#isStopped) return
    const { expected: peers } = sync
    this.#ports.report({ kind: 'space-behind', space: this.name, peers, waitedMs: timeoutMs })
  }

  /**
   * Resolves when `replicas` keepers hold every local write made before.
   *
   * @throws JoineryError CALL_TIMEOUT, VALUE_INVALID
   */
  async flush(options: FlushOptions = {}): Promise<{ readonly replicas: number }> {
    return await this.#flushes.flush(options)
  }

  /** Resolves with true once this replica shows all that `vector` covers, and with false when the time is over. */
  async reach(vector: VersionVector, options: ReachOptions): Promise<boolean> {
    return await this.#reaches.reach(vector, options)
  }

  /**
   * Ends local writes, hands over what is here, and gives the slot back; gives whether nothing is lost by it that anybody
   * else is to have. What is not done in time others find out when the peer's session ends.
   */
  async leave(deadlineMs: number): Promise<boolean> {
    this.#core.visible?.close()
    await settledWithin(this.#contact.look(), deadlineMs)
    const { view, id } = this.#core.member
    if (view === undefined || id === undefined) return false
    const isAlone = view.members.every((member) => member === id)
    if (isAlone && (await this.#contact.dissolve(id, view.epoch, deadlineMs))) return true
    if (this.status === 'active') {
      const hasLeft = () => this.status !== 'active' && this.status !== 'retiring'
      this.#step({ kind: 'retire', ticks: Math.ceil(deadlineMs / tickMs) })
      await settledWithin(this.#happened.until(hasLeft), deadlineMs)
    }
    if (this.status === 'left') return true
    await settledWithin(this.#contact.leave(id), deadlineMs)
    return false
  }

  /** Ends local writes and all timers. */
  stop(): void {
    this.#isStopped = true
    this.#core.visible?.close()
    this.#contact.stop()
    this.#pump.stop()
    this.#schedule.stop()
    this.#engines.stop()
    this.#happened.stop()
    this.#endWaits(spaceClosed(this.name))
  }

  #endWaits(reason: JoineryError): void {
    this.#flushes.end(reason)
    this.#reaches.end(reason)
  }

  /** The space is no more: so whoever waits for anything in it waits in vain. */
  #end(): void {
    if (this.#isStopped) return
    const reason: JoineryError = spaceEnded(this.name)
    this.#ended.abort(reason)
    this.#core.visible?.close()
    this.#step({ kind: 'ended', random: Math.random() })
    this.#endWaits(reason)
    this.#ports.onEnded(this.name)
  }

  /** Carrying out an effect may cause the next input: it waits for its turn, so that effects keep their order. */
  #step(input: Input): void {
    this.#inputs.push(input)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#core.step(next)) this.#carryOut(effect)
      }
    } finally {
      this.#isStepping = false
    }
    this.#reaches.settle()
    this.#happened.settle()
    this.#firstSync?.settle()
  }

  #carryOut(effect: Effect): void {
    const { dissemination, report } = this.#ports
    switch (effect.kind) {
      case 'send':
        this.#send(effect.neighbour, effect.message)
        break
      case 'stream-due':
        this.#pump.later(effect.neighbour)
        break
      case 'disseminate':
        dissemination.publish(this.name, effect.origin, effect.last, effect.batch)
        break
      case 'announce':
        dissemination.announce(this.name, effect.origin, effect.last)
        break
      case 'received':
        this.#schedule.noteWriter(effect.origin)
        break
      case 'flushed':
        this.#flushes.flushed(effect.id, effect.replicas)
        break
      case 'shown':
        this.#flushes.begun()
        break
      case 'request':
        this.#contact.ask(effect.request)
        break
      case 'contact-due':
        this.#contact.now()
        break
      case 'flush-void':
      case 'retire-aborted':
        break
      default: {
        const told = reportOf(this.name, effect)
        if (told !== undefined) report(told)
      }
    }
  }

  #send(peer: string, message: Message): void {
    this.#ports.sendMessage(this.name, peer, encodeMessage(message), isBulk(message))
  }
}
