import { map, type Local } from '@joinery/crdt-objects'
import { type Applied, kindOf, type ReplicaPorts, SpaceState } from '@joinery/crdt-objects/engine'
import { encodeEnvelope } from '#peer/dissemination/gossip.ts'
import { decodeFrame, encodeFrame, type Frame } from '#peer/membership/wire.ts'
import { type Effect, type Input, tickMs } from '#peer/replication/core/contract.ts'
import { decodeMessage, encodeMessage } from '#peer/replication/core/message.ts'
import { ReplicationCore } from '#peer/replication/core/replication-core.ts'
import { windowMsFor } from '#peer/replication/seal-schedule.ts'
import { type MemoryControl } from '#test/fixtures/memory-control.ts'
import { type Random } from '#test/simulation/random.ts'
import { type VirtualClock } from '#test/simulation/virtual-clock.ts'
import { CpuMeter } from './cpu-meter.ts'
import { type Endpoint, type ScaleNetwork } from './scale-network.ts'

export type Adapter = 'direct' | 'gossip'

/** What a peer lives in. */
export interface ScaleWorld {
  readonly clock: VirtualClock
  readonly random: Random
  readonly network: ScaleNetwork
  /** Answers at once, and is not measured: what it costs is a matter of leases, not of writes. */
  readonly control: MemoryControl
  readonly adapter: Adapter
  /** All peers, as many as there will be. */
  readonly peers: number
  /** A batch was made: its author wrote the first operation in it at `writtenMs`. */
  onSealed(batch: Uint8Array, writtenMs: number): void
  /** A peer has applied a batch of another one. */
  onApplied(batch: Uint8Array): void
}

const table = map<number>()
const keys = 1000
const writerSeenForMs = 5000
/** The space, as the control group knows it. */
export const CONTROLLED = 'space'
/** All that is in the space is one key: a number as good as any. */
const space = 1

/** A replica that tells of each batch that it applies. */
class WatchedState extends SpaceState {
  readonly #onApplied: ScaleWorld['onApplied']

  constructor(ports: ReplicaPorts, onApplied: ScaleWorld['onApplied']) {
    super(ports)
    this.#onApplied = onApplied
  }

  override apply(bytes: Uint8Array): Applied {
    const applied = super.apply(bytes)
    if (applied === 'applied') this.#onApplied(bytes)
    return applied
  }
}

/** The production core of one peer, with the seal schedule of peers on virtual time. */
export class ScalePeer implements Endpoint {
  readonly number: number
  readonly #meter = new CpuMeter()
  readonly #world: ScaleWorld
  readonly #core: ReplicationCore
  readonly #session: string
  readonly #table: Local<typeof table>
  readonly #seenMsByWriter = new Map<bigint, number>()
  #lastSealMs = -Infinity
  #firstWrittenMs = 0
  #willSeal = false

  constructor(number: number, world: ScaleWorld) {
    this.number = number
    this.#world = world
    const ports: Omit<ReplicaPorts, 'replica'> = {
      clock: () => 1_700_000_000_000 + world.clock.nowMs,
      onPending: () => this.#sealLater(),
    }
    this.#core = new ReplicationCore({
      space: CONTROLLED,
      create: (replica) =>
        new WatchedState({ ...ports, replica }, (batch) =>
          this.#meter.pause(() => world.onApplied(batch)),
        ),
    })
    this.#session = `session ${number}`
    this.#step({ kind: 'contact', session: this.#session })
    const kind = kindOf(table)
    this.#table = this.#core.visible!.open('table', kind).handle(kind) as Local<typeof table>
    world.clock.after(world.random.next() * tickMs, () => this.#tick())
  }

  /** Processor time of this peer's replication so far, in us. */
  get cpuUs(): number {
    return this.#meter.spentUs
  }

  meet(other: number): void {
    this.#meter.run(() => this.#step({ kind: 'neighbour-up', neighbour: String(other) }))
  }

  write(value: number): void {
    const key = `key-${this.#world.random.integer(0, keys - 1)}`
    this.#meter.run(() => this.#table.set(key, value))
  }

  takeFrame(from: number, bytes: Uint8Array): void {
    this.#meter.run(() => {
      const frame = decodeFrame(bytes)
      if (frame.kind === 'batch') this.#takeBatch(from, frame.bytes)
      else if (frame.kind === 'message') {
        const message = decodeMessage(frame.bytes)
        this.#step({ kind: 'message', neighbour: String(from), message })
      }
    })
  }

  takeGossip(from: number, batch: Uint8Array): void {
    this.#meter.run(() => this.#takeBatch(from, batch))
  }

  #takeBatch(from: number, batch: Uint8Array): void {
    this.#step({ kind: 'gossip', batch, from: String(from) })
  }

  #tick(): void {
    const { clock, random } = this.#world
    this.#meter.run(() => this.#step({ kind: 'tick', random: random.next() }))
    clock.after(tickMs * (0.8 + 0.4 * random.next()), () => this.#tick())
  }

  #step(input: Input): void {
    for (const effect of this.#core.step(input)) this.#carryOut(effect)
  }

  #carryOut(effect: Effect): void {
    const { network } = this.#world
    if (effect.kind === 'request') {
      const answer = this.#world.control.answer(effect.request)
      this.#step({ kind: 'answer', answer })
    } else if (effect.kind === 'contact-due') {
      this.#step({ kind: 'contact', session: this.#session })
    } else if (effect.kind === 'send') {
      const bytes = encodeMessage(effect.message)
      network.send(this.number, Number(effect.neighbour), framed({ kind: 'message', space, bytes }))
    } else if (effect.kind === 'disseminate') this.#disseminate(effect)
    else if (effect.kind === 'received')
      this.#seenMsByWriter.set(effect.origin, this.#world.clock.nowMs)
    else if (effect.kind === 'quarantined') throw new Error(effect.reason)
  }

  #disseminate({ origin, last, batch }: Extract<Effect, { kind: 'disseminate' }>): void {
    const { network, adapter, peers } = this.#world
    this.#meter.pause(() => this.#world.onSealed(batch, this.#firstWrittenMs))
    if (adapter === 'gossip') {
      network.publish(this.number, encodeEnvelope(origin, last, batch), batch)
      return
    }
    const frame = framed({ kind: 'batch', space, bytes: batch })
    for (let to = 0; to < peers; to++) if (to !== this.number) network.send(this.number, to, frame)
  }

  /** As `SealSchedule`, which runs on timers. */
  #sealLater(): void {
    if (this.#willSeal) return
    this.#willSeal = true
    const { clock } = this.#world
    this.#firstWrittenMs = clock.nowMs
    const waitMs = this.#lastSealMs + windowMsFor(this.#writers() + 1) - clock.nowMs
    clock.after(Math.max(0, waitMs), () => {
      this.#willSeal = false
      this.#lastSealMs = clock.nowMs
      this.#meter.run(() => this.#step({ kind: 'local-batch' }))
    })
  }

  #writers(): number {
    const oldestMs = this.#world.clock.nowMs - writerSeenForMs
    for (const [writer, seenMs] of this.#seenMsByWriter) {
      if (seenMs < oldestMs) this.#seenMsByWriter.delete(writer)
    }
    return this.#seenMsByWriter.size
  }
}

function framed(frame: Frame): Uint8Array {
  // The encoder's own memory is used again for the next frame.
  return encodeFrame(frame).slice()
}
