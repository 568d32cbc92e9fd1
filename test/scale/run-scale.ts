/*
 * One size of cluster on virtual time, all peers of which write at random, so many operations a second in all. Times are
 * those of the protocol and the network: processing takes none, and is counted as processor time instead.
 */
import { strict as assert } from 'node:assert'
import { decodeBatchHeader } from '@joinery/crdt-objects/engine'
import { MemoryControl } from '#test/fixtures/memory-control.ts'
import { Random } from '#test/simulation/random.ts'
import { VirtualClock } from '#test/simulation/virtual-clock.ts'
import { ScaleNetwork, type Traffic } from './scale-network.ts'
import { type Adapter, CONTROLLED, ScalePeer, type ScaleWorld } from './scale-peer.ts'

export interface ScaleOptions {
  readonly seed: number
  readonly peers: number
  readonly adapter: Adapter
  /** Of all peers together, in a second. */
  readonly operationsPerSecond: number
  readonly warmUpMs: number
  readonly measuredMs: number
  /** Part of the copies of gossip that is lost. Default 0. */
  readonly lost?: number
}

/** What one size costs; all of it but the times for one peer and one second. */
export interface ScaleFigures {
  readonly peers: number
  readonly adapter: Adapter
  readonly operationsPerSecond: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly messagesSent: number
  readonly messagesReceived: number
  /** Of the messages received: copies of what was there. */
  readonly repeated: number
  readonly cpuUs: number
  /** Of all peers together. */
  readonly batches: number
  readonly batchBytes: number
  /** What others had written that a batch says it comes after: entries of one batch. */
  readonly dependencies: number
  /** From a write until the last replica shows it. */
  readonly everywhereMs: { readonly p50: number; readonly p99: number }
  /** From the last write until all hold all. */
  readonly convergedMs: number
}

type Totals = Traffic & { readonly cpuUs: number }

interface Spreading {
  readonly writtenMs: number
  left: number
}

const convergedMsMax = 60_000

export function runScale(options: ScaleOptions): ScaleFigures {
  return new ScaleRun(options).run()
}

class ScaleRun {
  readonly #options: ScaleOptions
  readonly #clock = new VirtualClock()
  readonly #random: Random
  readonly #network: ScaleNetwork
  readonly #peers: readonly ScalePeer[]
  readonly #spreading = new Map<string, Spreading>()
  readonly #everywhereMs: number[] = []
  #isMeasured = false
  #isWriting = true
  #batches = 0
  #batchBytes = 0
  #dependencies = 0
  #values = 0

  constructor(options: ScaleOptions) {
    this.#options = options
    const { seed, peers, adapter, lost = 0 } = options
    const [clock, random] = [this.#clock, new Random(seed)]
    this.#random = random
    this.#network = new ScaleNetwork({ clock, random, peers, lost })
    const control = new MemoryControl()
    control.state.apply({ kind: 'found', space: CONTROLLED, keepers: 3, durability: 2 }, 0)
    const world: ScaleWorld = {
      ...{ clock, random, network: this.#network, control, adapter, peers },
      onSealed: (batch, writtenMs) => this.#sealed(batch, writtenMs),
      onApplied: (batch) => this.#applied(batch),
    }
    this.#peers = Array.from({ length: peers }, (_, number) => new ScalePeer(number, world))
    for (const peer of this.#peers) this.#network.attach(peer)
  }

  run(): ScaleFigures {
    const { warmUpMs, measuredMs } = this.#options
    for (const one of this.#peers) {
      for (const other of this.#peers) if (one !== other) one.meet(other.number)
    }
    for (const peer of this.#peers) this.#writeLater(peer)
    this.#clock.run(warmUpMs)
    this.#isMeasured = true
    const before = this.#totals()
    this.#clock.run(measuredMs)
    const after = this.#totals()
    this.#isMeasured = false
    this.#isWriting = false
    const convergedMs = this.#converge()
    return this.#figures(before, after, convergedMs)
  }

  #writeLater(peer: ScalePeer): void {
    const { operationsPerSecond, peers } = this.#options
    const meanMs = (1000 * peers) / operationsPerSecond
    this.#clock.after(-Math.log(1 - this.#random.next()) * meanMs, () => {
      if (!this.#isWriting) return
      peer.write(this.#values++)
      this.#writeLater(peer)
    })
  }

  #sealed(batch: Uint8Array, writtenMs: number): void {
    const left = this.#options.peers - 1
    const { dependencies } = decodeBatchHeader(batch)
    this.#spreading.set(nameOf(batch), { writtenMs, left })
    if (!this.#isMeasured) return
    this.#batches++
    this.#batchBytes += batch.length
    this.#dependencies += dependencies.length
  }

  #applied(batch: Uint8Array): void {
    const name = nameOf(batch)
    const spreading = this.#spreading.get(name)
    assert.ok(spreading, 'what is applied was made, and by no peer twice')
    if (--spreading.left > 0) return
    this.#spreading.delete(name)
    if (this.#isMeasured) this.#everywhereMs.push(this.#clock.nowMs - spreading.writtenMs)
  }

  /** What is in windows still leaves; then everything arrives, or is asked for. */
  #converge(): number {
    const sinceMs = this.#clock.nowMs
    const windowMsMax = 300
    let convergedMs = 0
    while (this.#clock.nowMs - sinceMs < windowMsMax || this.#spreading.size > 0) {
      if (this.#spreading.size > 0) convergedMs = this.#clock.nowMs - sinceMs
      assert.ok(convergedMs < convergedMsMax, `${this.#spreading.size} batches are not everywhere`)
      this.#clock.run(5)
    }
    return convergedMs + 5
  }

  #totals(): Totals {
    const sum = (of: (traffic: Traffic) => number): number =>
      this.#network.traffic.reduce((total, traffic) => total + of(traffic), 0)
    return {
      bytesSent: sum(({ bytesSent }) => bytesSent),
      bytesReceived: sum(({ bytesReceived }) => bytesReceived),
      sent: sum(({ sent }) => sent),
      received: sum(({ received }) => received),
      repeated: sum(({ repeated }) => repeated),
      cpuUs: this.#peers.reduce((total, { cpuUs }) => total + cpuUs, 0),
    }
  }

  #figures(before: Totals, after: Totals, convergedMs: number): ScaleFigures {
    const { peers, adapter, operationsPerSecond, measuredMs } = this.#options
    const seconds = measuredMs / 1000
    const each = (name: keyof typeof after): number =>
      (after[name] - before[name]) / peers / seconds
    const sorted = this.#everywhereMs.toSorted((a, b) => a - b)
    const part = (of: number): number => sorted[Math.floor(of * (sorted.length - 1))] ?? NaN
    return {
      ...{ peers, adapter, operationsPerSecond, convergedMs },
      bytesSent: each('bytesSent'),
      bytesReceived: each('bytesReceived'),
      messagesSent: each('sent'),
      messagesReceived: each('received'),
      repeated: each('repeated'),
      cpuUs: each('cpuUs'),
      batches: this.#batches / seconds,
      batchBytes: this.#batchBytes / this.#batches,
      dependencies: this.#dependencies / this.#batches,
      everywhereMs: { p50: part(0.5), p99: part(0.99) },
    }
  }
}

function nameOf(batch: Uint8Array): string {
  const { origin, last } = decodeBatchHeader(batch)
  return `${origin} ${last}`
}
