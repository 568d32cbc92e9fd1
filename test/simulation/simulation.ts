/*
 * A whole cluster in one process, on virtual time, from one seed: replicas of the production core over a network that
 * drops, repeats, reorders, delays, damages and partitions, peers that die and come back empty, or freeze and thaw, and a
 * group that leases them their slots and seals who is gone, and is down at times. After a time of chaos all heals, and
 * within a bounded number of ticks all must hold the same, and the right, state.
 */
import { strict as assert } from 'node:assert'
import { isLeased } from '@joinery/crdt-objects/engine'
import { type ReplicationLimits, tickMs } from '#peer/replication/core/contract.ts'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { Network, type Weather } from './network.ts'
import { Oracle } from './oracle.ts'
import { Random } from './random.ts'
import { type OpenFlush, SimulatedPeer } from './simulated-peer.ts'
import { SpaceGroup } from './space-group.ts'
import { checkEntries } from './vector-entries.ts'
import { VirtualClock } from './virtual-clock.ts'
import { canonical, differences } from './workload.ts'

/** What a simulation is run with; the seed decides what is not given. */
export interface SimulationOptions {
  readonly seed: number
  readonly peers: number
  readonly chaosMs?: number
  readonly weather?: Weather
  readonly limits?: Partial<ReplicationLimits>
  /** Whether channels break, peers die and the network parts. */
  readonly incidents?: boolean
  /** Whether in the end each peer says one thing more that everyone hears, so that every loss shows as a gap. */
  readonly lastWords?: boolean
}

/** What happened in a simulation that went well. */
export interface SimulationReport {
  readonly operations: number
  readonly batches: number
  readonly states: number
  readonly quarantined: number
  readonly asks: number
  readonly restarts: number
  readonly snapshots: number
  /** Lives that were sealed while their holder lived. */
  readonly fenced: number
  /** Updates that were issued again. */
  readonly reissued: number
  /** Peers that began without the group. */
  readonly alone: number
  readonly seals: number
  readonly epochs: number
  /** The most entries of a vector, and the most lives that were not sealed at a time. */
  readonly vectorMax: number
  readonly livesMax: number
  /** How often all members were gone, and the space with them. */
  readonly lost: number
  /** How often an operator replaced keepers that were gone. */
  readonly words: number
  readonly flushes: number
  readonly convergedTicks: number
}

interface Acknowledged {
  readonly origin: bigint
  readonly last: number
  readonly replicas: number
  readonly holders: readonly SimulatedPeer[]
}

/**
 * The most ticks that convergence may take after the network has healed: besides what replicas lack, sessions that ended
 * have to be noticed, their lives sealed and the seals held before all agree. A thousand seeds took 326 at the most.
 */
export const healingTicksMax = 600
/** So long a session outlives the last sign of its owner. */
const leaseMs = 2000

/** Runs one simulation; fails with the seed in the message. */
export function simulate(options: SimulationOptions): SimulationReport {
  const simulation = new Simulation(options)
  try {
    return simulation.run()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`seed ${options.seed}: ${reason}`, { cause: error })
  }
}

class Simulation {
  readonly #options: SimulationOptions
  readonly #clock = new VirtualClock()
  readonly #random: Random
  readonly #network: Network
  readonly #oracle = new Oracle((origin) => this.#group.endOf(origin))
  readonly #group: SpaceGroup
  readonly #limits: Partial<ReplicationLimits>
  readonly #names: readonly string[]
  readonly #isRing: boolean
  /** Whether nobody dies or freezes, and the group is there. */
  readonly #isCalm: boolean
  /** Which peers are to be neighbours when all is well. */
  readonly #pairs: readonly (readonly [string, string])[]
  /** The present life of each peer. */
  readonly #peers = new Map<string, SimulatedPeer>()
  readonly #past: SimulatedPeer[] = []
  readonly #deathsMs: number[] = []
  readonly #acknowledged: Acknowledged[] = []
  /** The most entries of a vector that was looked at. */
  #vectorMax = 0
  #healed = false

  constructor(options: SimulationOptions) {
    this.#options = options
    const random = new Random(options.seed)
    this.#random = random
    this.#isCalm = random.chance(0.3)
    const weather = options.weather ?? {
      dropped: random.pick([0, 0.1, 0.4, 1]),
      repeated: 0.1,
      late: random.pick([0.02, 0.3]),
      // Channels prove what they carry. What is staged unread and damaged would be held by nobody who can show it.
      cut: this.#isCalm ? 0.03 : 0,
    }
    this.#network = new Network(this.#clock, random, weather)
    this.#group = new SpaceGroup(this.#clock, random, leaseMs, {
      onLost: () => {
        this.#oracle.forget()
        this.#acknowledged.length = 0
      },
      onWord: () => {
        this.#acknowledged.length = 0
      },
    })
    this.#limits = options.limits ?? {
      // Who lacks what a log has dropped is helped by a state, and by none of what is in sealing: that waits for joiners.
      logBytesMax: this.#isCalm ? random.pick([500, 4_000]) : 2 ** 24,
      heldBatchesMax: random.pick([2, 16, 1024]),
      heldBytesMax: random.pick([400, 2 ** 22]),
      gossipBytesMax: random.pick([150, 2 ** 18]),
      answerBytesMax: random.pick([300, 2 ** 20]),
      messageBytesMax: random.pick([100, 2 ** 16]),
      probesMax: random.pick([1, 64]),
    }
    this.#names = Array.from({ length: options.peers }, (_, i) => `p${i}`)
    this.#isRing = random.chance(0.3)
    this.#pairs = this.#names.flatMap((a, i) =>
      this.#names.slice(i + 1).flatMap((b, j) => {
        const isNext = j === 0 || (i === 0 && b === this.#names.at(-1))
        return !this.#isRing || isNext ? [[a, b] as const] : []
      }),
    )
  }

  run(): SimulationReport {
    const joiners = this.#random.integer(0, 2)
    for (const [i, name] of this.#names.entries()) {
      const isLate = i >= this.#names.length - joiners
      this.#clock.after(isLate ? this.#random.integer(500, 6_000) : 0, () => this.#start(name))
    }
    const chaosMs = this.#options.chaosMs ?? this.#random.integer(4_000, 10_000)
    this.#chaosLater()
    this.#clock.run(chaosMs)
    this.#heal()
    return this.#converge()
  }

  #start(name: string): void {
    if (this.#peers.has(name)) return
    const peer = new SimulatedPeer(name, {
      clock: this.#clock,
      random: this.#random,
      network: this.#network,
      oracle: this.#oracle,
      group: this.#group,
      limits: this.#limits,
      onFlushed: (flusher, flush) => this.#acknowledge(flusher, flush),
    })
    this.#peers.set(name, peer)
    this.#network.attach(peer)
    for (const [a, b] of this.#pairs) {
      if (a !== name && b !== name) continue
      this.#clock.after(this.#random.integer(0, 200), () => this.#network.connect(a, b))
    }
  }

  #kill(name: string): void {
    const peer = this.#peers.get(name)
    if (peer === undefined) return
    this.#peers.delete(name)
    this.#past.push(peer)
    this.#deathsMs.push(this.#clock.nowMs)
    peer.die()
    this.#clock.after(this.#random.integer(10, 2_000), () => this.#start(name))
  }

  #chaosLater(): void {
    this.#clock.after(this.#random.integer(1, 40), () => {
      if (this.#healed) return
      this.#chaos()
      this.#chaosLater()
    })
  }

  #chaos(): void {
    const random = this.#random
    const peers = [...this.#peers.values()].filter(({ isOpen }) => isOpen)
    if (peers.length === 0) return
    const peer = random.pick(peers)
    for (let left = random.integer(1, 4); left > 0; left--) peer.operate()
    // A keeper that is no neighbour cannot say what it holds.
    if (!this.#isRing && random.chance(0.06)) peer.flush(random.integer(1, 3))
    if (random.chance(0.02)) peer.cancelFlush()
    if (random.chance(0.02)) this.#checkAgainstOracle(peer)
    if (this.#options.incidents === false) return
    const [a, b] = random.pick(this.#pairs)
    if (random.chance(0.05)) this.#network.disconnect(a, b)
    if (random.chance(0.15)) this.#network.connect(a, b)
    if (random.chance(0.01)) this.#network.partition(() => random.integer(0, 1))
    if (random.chance(0.02)) this.#network.partition(() => 0)
    if (this.#isCalm) return
    if (random.chance(0.008)) this.#kill(peer.name)
    if (random.chance(0.006)) this.#freeze(peer)
    if (random.chance(0.004)) this.#group.isDown = true
    if (random.chance(0.03)) this.#group.isDown = false
  }

  #freeze(peer: SimulatedPeer): void {
    peer.freeze()
    this.#clock.after(this.#random.integer(100, 3 * leaseMs), () => peer.thaw())
  }

  #heal(): void {
    this.#healed = true
    this.#network.partition(() => 0)
    this.#group.isDown = false
    this.#group.hasOperator = true
    for (const name of this.#names) this.#start(name)
    for (const peer of this.#peers.values()) peer.thaw()
    for (const [a, b] of this.#pairs) this.#network.connect(a, b)
    for (const peer of this.#peers.values()) peer.step({ kind: 'local-batch' })
    if (this.#options.lastWords !== true) return
    this.#network.clearUp()
    for (const peer of this.#peers.values()) if (peer.isOpen) while (!peer.operate());
  }

  #converge(): SimulationReport {
    const convergedTicks = this.#awaitConvergence()
    // What was late may still bring something, of peers long dead even.
    this.#clock.run(10_000)
    this.#awaitConvergence()
    const reading = canonical([...this.#peers.values()][0]!.objects)
    for (const peer of this.#peers.values()) {
      assert.equal(canonical(peer.objects), reading, `${peer.name} reads as the others`)
      this.#checkAgainstOracle(peer)
      const own = peer.vector.get(peer.replica)
      assert.equal(own, peer.readable.get(peer.replica), `${peer.name} has sealed all it wrote`)
      assert.deepEqual(peer.ignoredReasons.filter(isUnexpected), [], 'nothing else was ignored')
    }
    this.#checkAcknowledged()
    return this.#report(convergedTicks)
  }

  #awaitConvergence(): number {
    const sinceMs = this.#clock.nowMs
    for (let ticks = 0; !this.#isConverged(); ticks++) {
      if (ticks === healingTicksMax) assert.fail(`not converged: ${this.#describe()}`)
      this.#clock.run(tickMs)
    }
    return (this.#clock.nowMs - sinceMs) / tickMs
  }

  #isConverged(): boolean {
    const [first, ...others] = this.#peers.values()
    if (first === undefined || others.length !== this.#names.length - 1) return false
    return (
      [first, ...others].every((peer) => peer.isMember && peer.flushes.size === 0) &&
      others.every((peer) => peer.vector.equals(first.vector))
    )
  }

  /** Holds at any moment, not at the end only: a replica is what its vector says, and that names lives that go on. */
  #checkAgainstOracle(peer: SimulatedPeer): void {
    this.#checkVector(peer)
    // What it shows may be gone, and it has not heard of it.
    if (this.#group.counts.lost > 0 && !this.#group.isCurrent(peer.replica)) return
    const found = differences(peer.objects, this.#oracle.judge(peer.readable))
    assert.deepEqual(found, [], `${peer.name} holds each operation of its vector once`)
  }

  #checkVector(peer: SimulatedPeer): void {
    const leased = [...peer.vector.entries()].filter(([id]) => isLeased(id)).length
    this.#vectorMax = Math.max(this.#vectorMax, leased)
    checkEntries(this.#group.space, peer.replica, peer.vector)
    // Who began alone is known to nobody by that name.
    const isBounded = leased === peer.vector.size || !isLeased(peer.replica)
    assert.ok(isBounded, `${peer.name} has entries of slots only`)
  }

  #acknowledge(flusher: SimulatedPeer, flush: OpenFlush): void {
    const origin = flusher.replica
    const isHolder = (peer: SimulatedPeer) => peer.held(origin) >= flush.last
    const holders = [...this.#peers.values()].filter(isHolder)
    // A peer that died lately may have been counted: its neighbours need not know yet.
    const lately = this.#deathsMs.filter((diedMs) => diedMs > flush.sinceMs - 1_000).length
    const what = `${nameOf(origin)}.${flush.last}, by ${holders.map(({ name }) => name).join(' ')}`
    assert.ok(holders.length + lately >= flush.replicas, `${flush.replicas} peers hold ${what}`)
    this.#acknowledged.push({ origin, last: flush.last, replicas: flush.replicas, holders })
  }

  #checkAcknowledged(): void {
    const [any] = this.#peers.values()
    const isIn = this.#oracle.seenBy(any!.vector)
    for (const { origin, last, replicas, holders } of this.#acknowledged) {
      // One keeper may be missing when a seal closes.
      if (replicas < 2 || !holders.some((holder) => holder.alive)) continue
      const what = `${nameOf(origin)}.${last}, at ${replicas}`
      assert.ok(isIn(origin, last), `what a flush acknowledged lives while a holder does: ${what}`)
    }
  }

  #report(convergedTicks: number): SimulationReport {
    const lives = [...this.#past, ...this.#peers.values()]
    const total = (name: keyof SimulatedPeer['counts']) =>
      lives.reduce((sum, peer) => sum + peer.counts[name], 0)
    return {
      operations: this.#oracle.size,
      batches: total('batches'),
      states: total('states'),
      quarantined: total('quarantined'),
      asks: total('asks'),
      restarts: this.#past.length,
      snapshots: total('snapshots'),
      fenced: total('fenced'),
      ...{ reissued: total('reissued'), alone: total('alone') },
      ...{ seals: this.#group.counts.seals, epochs: this.#group.counts.epochs },
      vectorMax: this.#vectorMax,
      ...{ livesMax: this.#group.counts.livesMax, lost: this.#group.counts.lost },
      words: this.#group.counts.words,
      flushes: this.#acknowledged.length,
      convergedTicks,
    }
  }

  #describe(): string {
    const lines = [...this.#peers.values()].map((peer) => {
      const entries = [...peer.vector.entries()].map(([id, last]) => `${nameOf(id)}:${last}`)
      const { heldBatches, wants } = peer.usage
      const waiting = `${heldBatches} held back, ${wants} wanted, ${peer.flushes.size} flushes`
      return `${peer.name}, ${peer.status} in ${peer.epoch}, has ${entries.sort().join(' ')} (${waiting})`
    })
    return [...lines, this.#group.describe()].join('; ')
  }
}

function isUnexpected(reason: string): boolean {
  return !/neighbour that is not up|too many probes/.test(reason)
}
