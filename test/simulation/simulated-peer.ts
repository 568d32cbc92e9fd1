import { strict as assert } from 'node:assert'
import { SpaceState, unleasedReplica, VersionVector } from '@joinery/crdt-objects/engine'
import {
  type Effect,
  type Input,
  type ReplicationLimits,
  tickMs,
} from '#peer/replication/core/contract.ts'
import { decodeMessage, encodeMessage } from '#peer/replication/core/message.ts'
import { ReplicationCore } from '#peer/replication/core/replication-core.ts'
import { type Endpoint, type Gossip, type Network } from './network.ts'
import { type Oracle } from './oracle.ts'
import { type Random } from './random.ts'
import { SPACE, type SpaceGroup } from './space-group.ts'
import { type VirtualClock } from './virtual-clock.ts'
import { type Objects, openObjects, operate } from './workload.ts'

/** What its users do not look at for about so long is packed. */
const idleTicks = 10

/** What a simulated peer lives in. */
export interface World {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: Network
  readonly oracle: Oracle
  readonly group: SpaceGroup
  readonly limits: Partial<ReplicationLimits>
  /** Told of each flush that resolved. */
  onFlushed(peer: SimulatedPeer, flush: OpenFlush): void
}

/** A flush that has not resolved. */
export interface OpenFlush {
  readonly id: number
  readonly last: number
  readonly replicas: number
  readonly sinceMs: number
}

/** One life of a peer: a replica, its core, and a driver that does what the core says. */
export class SimulatedPeer implements Endpoint {
  readonly name: string
  readonly counts = {
    ...{ batches: 0, states: 0, snapshots: 0, quarantined: 0, ignored: 0, asks: 0 },
    ...{ fenced: 0, reissued: 0, alone: 0 },
  }
  readonly ignoredReasons: string[] = []
  readonly flushes = new Map<number, OpenFlush>()
  alive = true
  /** Stopped: it does nothing, and what comes waits. */
  #isFrozen = false
  readonly #waiting: (() => void)[] = []
  readonly #world: World
  readonly #core: ReplicationCore
  #objects: Objects | undefined
  #sessions = 0
  #session = ''
  /** What users saw last: the life, and how much it had written. */
  #shown: { readonly replica: bigint; readonly written: number } | undefined
  #before = new VersionVector()
  #beforeReplica: bigint | undefined
  #flushIds = 0
  #willSeal = false

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
    const skewMs = world.random.integer(0, 2_000)
    this.#core = new ReplicationCore({
      space: SPACE,
      create: (replica) =>
        new SpaceState({
          replica,
          clock: () => 1_700_000_000_000 + skewMs + Math.floor(world.clock.nowMs),
          onPending: () => this.#sealSoon(),
        }),
      limits: world.limits,
      memberLimits: { graceTicks: 100, joinTicks: 50 },
    })
    this.#openSession()
    this.#tickLater()
    this.#renewLater()
    if (world.random.chance(0.5)) this.#beginAloneLater()
  }

  /** Whether its users have it: it has been a member. */
  get isOpen(): boolean {
    return this.#core.visible !== undefined
  }

  /** Whether it is a member, and its users see that. */
  get isMember(): boolean {
    return this.#core.isWritable && this.#core.status === 'active'
  }

  get status(): string {
    return this.#core.status
  }

  get objects(): Objects {
    this.#objects ??= openObjects(this.#core.visible!)
    return this.#objects
  }

  /** The life that users see. */
  get replica(): bigint {
    return this.#core.visible!.replica
  }

  get epoch(): number {
    return this.#core.member.replica?.epoch ?? 0
  }

  get vector(): VersionVector {
    return this.#core.visibleVector
  }

  /** How far its present life holds another, whether users see that or not. */
  held(origin: bigint): number {
    const held = this.#core.member.replica?.held(origin) ?? 0
    return held === Infinity ? (this.#world.group.endOf(origin) ?? 0) : held
  }

  get usage(): ReplicationCore['usage'] {
    return this.#core.usage
  }

  /** What can be read here: the vector, with own updates that no batch carries yet. */
  get readable(): VersionVector {
    const vector = this.vector.copy()
    // Nothing yet is no entry: there the life of the slot before stands.
    if (this.#written > 0) vector.advance(this.replica, this.#written)
    return vector
  }

  /** How many updates the life that users see has made. */
  get #written(): number {
    const { visible } = this.#core
    return this.vector.lastOf(this.replica, Infinity) + visible!.pendingUpdates
  }

  freeze(): void {
    this.#isFrozen = true
  }

  /** Goes on, with all that came meanwhile. */
  thaw(): void {
    if (!this.#isFrozen) return
    this.#isFrozen = false
    for (const task of this.#waiting.splice(0)) task()
    this.#contact()
  }

  #whenAwake(task: () => void): void {
    if (this.#isFrozen) this.#waiting.push(task)
    else if (this.alive) task()
  }

  #openSession(): void {
    this.#session = `${this.name} ${this.#world.random.bits64()} ${++this.#sessions}`
    this.#world.group.renew(this.#session)
  }

  #renewLater(): void {
    this.#world.clock.after(this.#world.random.integer(200, 600), () => {
      if (!this.alive) return
      if (!this.#isFrozen && !this.#world.group.renew(this.#session)) {
        this.#openSession()
        this.#contact()
      }
      this.#renewLater()
    })
  }

  /** Its users do not wait for ever. */
  #beginAloneLater(): void {
    const { clock, random } = this.#world
    clock.after(random.integer(300, 2_000), () => {
      if (!this.alive || this.#isFrozen || this.isOpen) return
      this.counts.alone++
      this.step({ kind: 'begin-alone', replica: unleasedReplica(random.bits64()) })
    })
  }

  #contact(): void {
    if (this.alive) this.step({ kind: 'contact', session: this.#session })
  }

  /** Does one operation at random, and tells the oracle. False when it turned out to be no update. */
  operate(): boolean {
    const seen = this.readable
    const number = this.#written + 1
    const deed = operate(this.objects, this.#world.random, `${this.name} ${this.replica} ${number}`)
    const after = this.#written
    // What changes nothing here (a removal of nothing, a lesser offer) is no update.
    if (after === number - 1) return false
    assert.equal(after, number, `${JSON.stringify(deed)} takes one number`)
    const { replica: origin } = this
    const { oracle } = this.#world
    oracle.record({ origin, number, seen: oracle.seenBy(seen), deed })
    this.#shown = { replica: origin, written: after }
    return true
  }

  flush(replicas: number): void {
    const id = this.#flushIds++
    const last = this.#written
    this.flushes.set(id, { id, last, replicas, sinceMs: this.#world.clock.nowMs })
    this.step({ kind: 'flush', id, replicas })
  }

  cancelFlush(): void {
    const [id] = this.flushes.keys()
    if (id === undefined) return
    this.flushes.delete(id)
    this.step({ kind: 'flush-cancel', id })
  }

  /** Dies as by SIGKILL. */
  die(): void {
    this.alive = false
    this.#world.network.detach(this.name)
  }

  neighbourUp(neighbour: string): void {
    this.#whenAwake(() => this.step({ kind: 'neighbour-up', neighbour }))
  }

  neighbourDown(neighbour: string): void {
    this.#whenAwake(() => this.step({ kind: 'neighbour-down', neighbour }))
  }

  takeMessage(neighbour: string, bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    this.#whenAwake(() => this.step({ kind: 'message', neighbour, message }))
  }

  takeGossip(payload: Gossip, from: string): void {
    this.#whenAwake(() => {
      if (payload.kind === 'batch') this.step({ kind: 'gossip', batch: payload.batch, from })
      else this.step({ kind: 'announced', origin: payload.origin, last: payload.last, from })
    })
  }

  /** Gives the core an input, carries out what it says, and asserts what must hold after every step. */
  step(input: Input): void {
    for (const effect of this.#core.step(input)) this.#carryOut(effect)
    const { visible } = this.#core
    if (visible === undefined) return
    if (this.#core.isWritable) {
      assert.ok(this.vector.equals(visible.vector), `the core knows what is applied, ${input.kind}`)
    }
    if (this.#beforeReplica === this.replica) {
      assert.ok(this.vector.covers(this.#before), `what is applied stays applied, ${input.kind}`)
    }
    this.#before = this.vector.copy()
    this.#beforeReplica = this.replica
    this.#shown = { replica: this.replica, written: this.#written }
  }

  #carryOut(effect: Effect): void {
    const { network } = this.#world
    switch (effect.kind) {
      case 'send': {
        const { message } = effect
        if (message.kind === 'ask') this.counts.asks++
        if (message.kind === 'piece' && message.isFirst) {
          if (message.use === 'state') this.counts.states++
          else this.counts.snapshots++
        }
        network.send(this.name, effect.neighbour, encodeMessage(message))
        break
      }
      case 'disseminate':
        this.counts.batches++
        network.gossip(this.name, { kind: 'batch', batch: effect.batch })
        break
      case 'announce':
        this.counts.batches++
        network.gossip(this.name, {
          kind: 'announcement',
          origin: effect.origin,
          last: effect.last,
        })
        break
      case 'request':
        this.#world.group.ask(effect.request, (answer) => {
          this.#whenAwake(() => this.step({ kind: 'answer', answer }))
        })
        break
      case 'stream-due': {
        const { neighbour } = effect
        const { clock, random } = this.#world
        clock.after(random.integer(0, 4), () => {
          this.#whenAwake(() => this.step({ kind: 'stream', neighbour }))
        })
        break
      }
      case 'contact-due':
        this.#contact()
        break
      case 'shown':
        this.#onShown()
        break
      case 'received':
        break
      case 'status':
        if (effect.status === 'fenced') this.counts.fenced++
        break
      case 'flush-void': {
        const flush = this.flushes.get(effect.id)
        assert.ok(flush, 'what is void was not resolved')
        break
      }
      case 'retire-aborted':
      case 'outcome-unknown':
      case 'unkept':
      case 'issued-in-part':
        assert.fail(`${effect.kind}, which nothing here calls for`)
        break
      case 'flushed': {
        const flush = this.flushes.get(effect.id)
        assert.ok(flush, 'a flush resolves once, and not after it was cancelled')
        assert.ok(effect.replicas >= flush.replicas, 'a flush resolves when enough peers hold it')
        this.flushes.delete(effect.id)
        this.#world.onFlushed(this, flush)
        break
      }
      case 'quarantined':
        this.counts.quarantined++
        break
      case 'ignored':
        this.counts.ignored++
        this.ignoredReasons.push(effect.reason)
    }
  }

  /** A new life is what users see: what its seal has cut of the last one is here again. */
  #onShown(): void {
    const former = this.#shown
    const replica = this.#core.visible!.replica
    if (former !== undefined) {
      const again = this.vector.lastOf(replica, Infinity)
      this.#world.oracle.reissue(former.replica, former.written - again, replica)
      this.counts.reissued += again
    }
    for (const { id, replicas } of [...this.flushes.values()]) {
      this.flushes.set(id, { ...this.flushes.get(id)!, last: this.#written })
      this.step({ kind: 'flush', id, replicas })
    }
  }

  #sealSoon(): void {
    if (this.#willSeal) return
    this.#willSeal = true
    this.#world.clock.after(this.#world.random.integer(0, 60), () => {
      this.#willSeal = false
      this.#whenAwake(() => this.step({ kind: 'local-batch' }))
    })
  }

  #tickLater(): void {
    const jitterMs = this.#world.random.integer(-20, 20)
    this.#world.clock.after(tickMs + jitterMs, () => {
      if (!this.alive) return
      const random = this.#world.random.next()
      if (!this.#isFrozen) {
        this.step({ kind: 'tick', random })
        // What takes little, too: all objects here do.
        this.#core.visible?.packIdle(idleTicks, 0)
      }
      this.#tickLater()
    })
  }
}
