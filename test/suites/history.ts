// Histories: a few replicas that write, seal batches, hand them to each other and join states, as drawn integers say.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { SpaceState } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import {
  carryOut,
  drawOperation,
  drawsFrom,
  type Draw,
  type Operation,
  type Shape,
} from './operations.ts'

export const OBJECT = 'object'

/** What someone who keeps a model beside the replicas is told, as it happens. */
export interface HistoryWatcher {
  /** An operation is about to be carried out, at this time in ms. */
  wrote(replica: number, operation: Operation, timeMs: number): void
  /** The writer's updates so far left in batch `index` of its own. */
  sealed(replica: number, index: number): void
  applied(replica: number, origin: number, index: number): void
  joined(replica: number, other: number): void
}

/** Replicas of one space with one object, and every batch that any of them made. */
export class History {
  readonly states: SpaceState[] = []
  readonly handles: object[] = []
  /** By replica: its batches in order. */
  readonly batches: Uint8Array[][] = []
  readonly schema: Schema
  private timeMs = 1_000_000
  private readonly shape: Shape
  private readonly watcher: HistoryWatcher | undefined

  constructor(schema: Schema, replicas: number, watcher?: HistoryWatcher) {
    this.schema = schema
    this.shape = JSON.parse(schema.kind.descriptor) as Shape
    this.watcher = watcher
    for (let index = 0; index < replicas; index++) {
      const state = this.observer(replicaId(index))
      this.states.push(state)
      this.handles.push(state.open(OBJECT, schema.kind).handle())
      this.batches.push([])
    }
  }

  /** A further replica, that takes no part in the history. */
  observer(replica = 0xffffn): SpaceState {
    return new SpaceState({ replica, clock: () => this.timeMs })
  }

  /** Carries out one drawn step. */
  step(draw: Draw): void {
    this.timeMs++
    const replica = draw(this.states.length)
    const other = (replica + 1 + draw(this.states.length - 1)) % this.states.length
    const which = draw(10)
    if (which < 4) this.write(replica, draw)
    else if (which === 4) this.writeAtOnce(replica, other, draw)
    else if (which < 7) this.seal(replica)
    else if (which < 9) this.deliver(replica, other, draw)
    else this.join(replica, other)
  }

  private write(replica: number, draw: Draw): void {
    const operation = drawOperation(this.shape, draw)
    this.watcher?.wrote(replica, operation, this.timeMs)
    carryOut(this.handles[replica]!, operation)
  }

  /** Two write in the same millisecond: their stamps are equal. */
  private writeAtOnce(replica: number, other: number, draw: Draw): void {
    this.write(replica, draw)
    this.write(other, draw)
  }

  seal(replica: number): void {
    const batch = this.states[replica]!.takeBatch()
    if (batch === undefined) return
    this.batches[replica]!.push(batch)
    this.watcher?.sealed(replica, this.batches[replica]!.length - 1)
  }

  private deliver(replica: number, origin: number, draw: Draw): void {
    const batches = this.batches[origin]!
    if (batches.length > 0) this.offer(replica, origin, draw(batches.length))
  }

  private offer(replica: number, origin: number, index: number): boolean {
    const verdict = this.states[replica]!.apply(this.batches[origin]![index]!)
    if (verdict === 'applied') this.watcher?.applied(replica, origin, index)
    return verdict !== 'gap'
  }

  private join(replica: number, other: number): void {
    this.seal(other)
    this.states[replica]!.joinState(this.states[other]!.encodeState())
    this.watcher?.joined(replica, other)
  }

  /** Seals everything and delivers it to everyone. */
  settle(): void {
    this.timeMs++
    for (const index of this.states.keys()) this.seal(index)
    for (const replica of this.states.keys()) {
      const offers = this.batches.flatMap((batches, origin) =>
        batches.map((_, index) => ({ origin, index })),
      )
      drain(offers, ({ origin, index }) => this.offer(replica, origin, index))
    }
  }
}

/** Offers items in order, again and again, until each was taken. */
export function drain<T>(items: readonly T[], offer: (item: T) => boolean): void {
  let waiting = [...items]
  while (waiting.length > 0) {
    const refused = waiting.filter((item) => !offer(item))
    assert.ok(refused.length < waiting.length, 'batches that wait for each other')
    waiting = refused
  }
}

export function replicaId(index: number): bigint {
  // Neither in the order of their indexes nor small.
  return 0xa000_0000_0000_0000n + BigInt((index * 7 + 3) % 11)
}

const integers = fastCheck.array(fastCheck.nat(719), { minLength: 4, maxLength: 24 })

/** Drawn steps, each a list of integers. */
export const steps = fastCheck.array(integers, { minLength: 1, maxLength: 28, size: 'max' })

/** A history of these steps. */
export function runHistory(schema: Schema, drawn: readonly (readonly number[])[]): History {
  const history = new History(schema, 3 + (drawn.length % 3))
  for (const step of drawn) history.step(drawsFrom(step))
  return history
}
