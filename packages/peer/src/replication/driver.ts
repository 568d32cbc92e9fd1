/*
 * Runs the replication of one space: feeds its core with what happens, and carries out what the core says, in the
 * order in which it says it. The core knows no time and no I/O; here are the clock, the timers and the network.
 */
import { randomBytes } from 'node:crypto'
import { type FlushOptions } from '@joinery/crdt-objects'
import {
  decodeBatchHeader,
  type ReplicaId,
  type SpaceState,
  unleasedReplica,
  type VersionVector,
} from '@joinery/crdt-objects/engine'
import { type Dissemination } from '../dissemination/dissemination.ts'
import { type ControlPort } from '../identity/control-client.ts'
import { type MemberStatus } from '../identity/core/member-contract.ts'
import { type Reporter } from '../report.ts'
import { type Effect, type Input, tickMs } from './core/contract.ts'
import { decodeMessage, encodeMessage, isBulk, type Message } from './core/message.ts'
import { ReplicationCore } from './core/replication-core.ts'
import { CountedState, type WriteCount } from './counted-state.ts'
import { EngineLoader } from './engine-loader.ts'
import { FirstSync } from './first-sync.ts'
import { Flushes } from './flushes.ts'
import { GroupContact, type SpaceRules } from './group-contact.ts'
import { Reaches, type ReachOptions } from './reaches.ts'
import { SealSchedule } from './seal-schedule.ts'
import { StreamPump } from './stream-pump.ts'
import { settledWithin } from './settled-within.ts'

/** What a driver needs of its surroundings. */
export interface DriverPorts {
  readonly dissemination: Dissemination
  readonly control: ControlPort
  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void
  /** How many bytes wait to be sent to a peer. */
  queueBytesOf(peer: string): number
  readonly report: Reporter
  now(): number
  /** The space has been ended. */
  onEnded(space: string): void
}

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
  readonly #statusWaits = new Set<() => void>()
  readonly #pump: StreamPump
  #isStepping = false
  #isStopped = false
  #firstSync: FirstSync | undefined

  constructor(name: string, ports: DriverPorts, rules: SpaceRules, count: WriteCount) {
    this.name = name
    this.count = count
    this.#ports = ports
    this.#schedule = new SealSchedule({
      seal: () => {
        this.#step({ kind: 'local-batch' })
      },
      now: () => performance.now(),
    })
    this.#engines = new EngineLoader({
      onLoaded: () => {
        this.engineLoaded()
      },
      onFailed: ({ name: engine }, error) => {
        ports.report({ kind: 'engine-failed', space: name, engine, error })
      },
    })
    this.#core = new ReplicationCore({ space: name, create: (replica) => this.#create(replica) })
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
      contact: (session) => {
        this.#step({ kind: 'contact', session })
      },
      answer: (answer) => {
        this.#step({ kind: 'answer', answer })
      },
      unknownSpace: () => {
        this.#unknownSpace()
      },
    })
  }

  /** What users see and write to; there once the space is open. */
  get state(): SpaceState {
    const { visible } = this.#core
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
    // What was written in a life that is over, and is to be written again.
    if (member.redo.length > 0) return visible.pendingUpdates + member.redo.length
    return Math.max(0, this.#core.ownLast - this.#flushes.confirmed) + visible.pendingUpdates
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
    const seen = this.vector.copy()
    const { replica, pendingUpdates } = this.state
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
      clock: () => this.#ports.now(),
      onPending: () => {
        this.#schedule.onPending()
      },
      // At once: a loop that never ends its turn must not gather without a bound.
      onFull: () => {
        this.#step({ kind: 'local-batch' })
      },
      onEngineMissing: (engines: Parameters<EngineLoader['load']>[0]) => {
        this.#engines.load(engines)
      },
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
    this.#noteWriter(batch)
    this.#step({ kind: 'gossip', batch, from: peer })
  }

  announced(peer: string, origin: ReplicaId, last: number): void {
    this.#step({ kind: 'announced', origin, last, from: peer })
  }

  tick(random: number): void {
    this.#step({ kind: 'tick', random })
  }

  /** An engine is loaded, by whomever: what waited for it is taken. */
  engineLoaded(): void {
    this.#step({ kind: 'engine-loaded' })
  }

  /**
   * Leases a slot and becomes a member, if it is none yet. Resolves when users may write. After each `timeoutMs` without
   * the group, or without anybody to begin from, they begin alone, if they may.
   *
   * @throws JoineryError GROUP_BUSY
   */
  async open(timeoutMs: number, mayBeginAlone: MayBeginAlone = () => true): Promise<void> {
    this.#contact.now()
    const isOpen = () => this.#core.visible !== undefined || this.#contact.refusal !== undefined
    const startMs = performance.now()
    const waitedMs = (): number => performance.now() - startMs
    const mayBegin = (): boolean => mayBeginAlone(this.#contact.isAnswered(timeoutMs), waitedMs())
    do await settledWithin(this.#until(isOpen), timeoutMs)
    while (!isOpen() && !this.#isStopped && !mayBegin())
    if (this.#contact.refusal !== undefined) throw this.#contact.refusal
    if (this.#core.visible !== undefined || this.#isStopped) return
    this.#ports.report({ kind: 'space-alone', space: this.name, waitedMs: waitedMs() })
    const replica = unleasedReplica(randomBytes(8).readBigUInt64BE())
    this.#step({ kind: 'begin-alone', replica })
  }

  /** Whatever was granted for a time is to be asked for again: the process stood still. */
  contactNow(): void {
    this.#contact.now()
  }

  /** Seals what is pending. */
  seal(): void {
    this.#step({ kind: 'local-batch' })
  }

  /**
   * Resolves when this replica holds what the peers held that `known` tells, once it does; after `timeoutMs` at the
   * latest.
   */
  async firstSync(known: Promise<Iterable<string>>, timeoutMs: number): Promise<void> {
    const sync = new FirstSync(() => this.#core.vector.hash())
    this.#firstSync = sync
    const done = known.then(async (peers) => {
      sync.expect(peers)
      await sync.done
    })
    await settledWithin(done, timeoutMs)
    this.#firstSync = undefined
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
   * Ends local writes, hands over what is here, and gives the slot back. What is not done in time others find out when
   * the peer's session ends.
   */
  async leave(deadlineMs: number): Promise<void> {
    this.#core.visible?.close()
    await settledWithin(this.#contact.look(), deadlineMs)
    const { view, id } = this.#core.member
    if (view === undefined || id === undefined) return
    const isAlone = view.members.every((member) => member === id)
    if (isAlone && (await this.#contact.dissolve(id, view.epoch, deadlineMs))) return
    if (this.status === 'active') {
      const hasLeft = () => this.status !== 'active' && this.status !== 'retiring'
      this.#step({ kind: 'retire', ticks: Math.ceil(deadlineMs / tickMs) })
      await settledWithin(this.#until(hasLeft), deadlineMs)
    }
    if (this.status !== 'left') await this.#contact.leave(id, deadlineMs)
  }

  /** Ends local writes and all timers. */
  stop(): void {
    this.#isStopped = true
    this.#core.visible?.close()
    this.#contact.stop()
    this.#pump.stop()
    this.#schedule.stop()
    this.#engines.stop()
    this.#settleStatus()
  }

  /** Resolves once `test` passes; it is tried whenever something happened here. */
  async #until(test: () => boolean): Promise<void> {
    while (!test() && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#statusWaits.add(resolve)
      })
    }
  }

  #settleStatus(): void {
    for (const resolve of this.#statusWaits) resolve()
    this.#statusWaits.clear()
  }

  #unknownSpace(): void {
    this.#core.visible?.close()
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
    if (this.#statusWaits.size > 0) this.#settleStatus()
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
        dissemination.publish(this.name, effect.batch)
        break
      case 'announce':
        dissemination.announce(this.name, effect.origin, effect.last)
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
      case 'status':
        if (effect.status === 'fenced') report({ kind: 'space-fenced', space: this.name })
        break
      case 'flush-void':
      case 'retire-aborted':
        break
      case 'outcome-unknown':
        report({ kind: 'outcome-unknown', space: this.name, batches: effect.batches })
        break
      case 'unkept':
        report({ kind: 'writes-unkept', space: this.name, batches: effect.batches })
        break
      case 'quarantined':
        report({
          kind: 'batch-quarantined',
          space: this.name,
          reason: effect.reason,
          bytes: effect.bytes.length,
        })
        break
      case 'ignored':
        report({ kind: 'message-ignored', space: this.name, reason: effect.reason })
    }
  }

  #send(peer: string, message: Message): void {
    this.#ports.sendMessage(this.name, peer, encodeMessage(message), isBulk(message))
  }

  #noteWriter(batch: Uint8Array): void {
    try {
      this.#schedule.noteWriter(decodeBatchHeader(batch).origin)
    } catch {
      // The core says what is wrong with it.
    }
  }
}
