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
import { type VirtualClock } from './virtual-clock.ts'
import { type Objects, openObjects, operate } from './workload.ts'

/** What a simulated peer lives in. */
export interface World {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: Network
  readonly oracle: Oracle
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
  readonly objects: Objects
  readonly counts = { batches: 0, states: 0, quarantined: 0, ignored: 0, asks: 0 }
  readonly ignoredReasons: string[] = []
  readonly flushes = new Map<number, OpenFlush>()
  alive = true
  readonly #world: World
  readonly #state: SpaceState
  readonly #core: ReplicationCore
  #before = new VersionVector()
  #flushIds = 0
  #willSeal = false

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
    const skewMs = world.random.integer(0, 2_000)
    this.#state = new SpaceState({
      replica: unleasedReplica(world.random.bits64()),
      clock: () => 1_700_000_000_000 + skewMs + Math.floor(world.clock.nowMs),
      onPending: () => this.#sealSoon(),
    })
    this.objects = openObjects(this.#state)
    this.#core = new ReplicationCore({ state: this.#state, limits: world.limits })
    this.#tickLater()
  }

  get replica(): bigint {
    return this.#state.replica
  }

  get vector(): VersionVector {
    return this.#core.vector
  }

  get usage(): ReplicationCore['usage'] {
    return this.#core.usage
  }

  /** What can be read here: the vector, with own updates that no batch carries yet. */
  get readable(): VersionVector {
    const vector = this.vector.copy()
    vector.set(this.replica, vector.lastOf(this.replica, 0) + this.#state.pendingUpdates)
    return vector
  }

  /** Does one operation at random, and tells the oracle. False when it turned out to be no update. */
  operate(): boolean {
    const seen = this.readable
    const number = seen.lastOf(this.replica, 0) + 1
    const deed = operate(this.objects, this.#world.random, `${this.name} ${this.replica} ${number}`)
    const after = this.readable.lastOf(this.replica, 0)
    // What changes nothing here (a removal of nothing, a lesser offer) is no update.
    if (after === number - 1) return false
    assert.equal(after, number, `${JSON.stringify(deed)} takes one number`)
    const { replica: origin } = this
    this.#world.oracle.record({ origin, number, seen, deed })
    return true
  }

  flush(replicas: number): void {
    const id = this.#flushIds++
    const last = this.readable.lastOf(this.replica, 0)
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
    if (this.alive) this.step({ kind: 'neighbour-up', neighbour })
  }

  neighbourDown(neighbour: string): void {
    if (this.alive) this.step({ kind: 'neighbour-down', neighbour })
  }

  takeMessage(neighbour: string, bytes: Uint8Array): void {
    if (this.alive) this.step({ kind: 'message', neighbour, message: decodeMessage(bytes) })
  }

  takeGossip(payload: Gossip, from: string): void {
    if (payload.kind === 'batch') this.step({ kind: 'gossip', batch: payload.batch, from })
    else this.step({ kind: 'announced', origin: payload.origin, last: payload.last, from })
  }

  /** Gives the core an input, carries out what it says, and asserts what must hold after every step. */
  step(input: Input): void {
    for (const effect of this.#core.step(input)) this.#carryOut(effect)
    assert(this.vector.equals(this.#state.vector), `the core knows what is applied, ${input.kind}`)
    assert(this.vector.covers(this.#before), `what is applied stays applied, ${input.kind}`)
    this.#before = this.vector.copy()
  }

  #carryOut(effect: Effect): void {
    const { network } = this.#world
    switch (effect.kind) {
      case 'send': {
        const { message } = effect
        if (message.kind === 'ask') this.counts.asks++
        if (message.kind === 'part' && message.of === 'state' && message.part === 0) {
          this.counts.states++
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
      case 'flushed': {
        const flush = this.flushes.get(effect.id)
        assert(flush, 'a flush resolves once, and not after it was cancelled')
        assert(effect.replicas >= flush.replicas, 'a flush resolves when enough peers hold it')
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

  #sealSoon(): void {
    if (this.#willSeal) return
    this.#willSeal = true
    this.#world.clock.after(this.#world.random.integer(0, 60), () => {
      this.#willSeal = false
      if (this.alive) this.step({ kind: 'local-batch' })
    })
  }

  #tickLater(): void {
    const jitterMs = this.#world.random.integer(-20, 20)
    this.#world.clock.after(tickMs + jitterMs, () => {
      if (!this.alive) return
      this.step({ kind: 'tick', random: this.#world.random.next() })
      this.#tickLater()
    })
  }
}
