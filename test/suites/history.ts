// Histories: a few replicas that write, seal batches, hand them to each other and join states, as drawn integers say.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { SpaceState } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { canonicalText } from './canonical-text.ts'
import { carryOut, drawOperation, drawsFrom } from './operations.ts'
import { stateText } from './state-text.ts'
import { shapeOf, type Draw, type Operation, type Shape } from './type-spec.ts'

export const OBJECT = 'object'

/** What a failing transaction of a history throws. */
const CHANGED_MIND = new Error('changed my mind')

/** What someone who keeps a model beside the replicas is told, as it happens. */
export interface HistoryWatcher {
  /** An operation is about to be carried out, at this time in ms. */
  wrote(replica: number, operation: Operation, timeMs: number): void
  /** The writer's updates so far left in batch `index` of its own. */
  sealed(replica: number, index: number): void
  applied(replica: number, origin: number, index: number): void
  joined(replica: number, other: number): void
}

export interface HistoryOptions {
  readonly watcher?: HistoryWatcher
  /** The schema that each replica opens the object with, where they differ. */
  readonly schemaOf?: (replica: number) => Schema
  /** Whether failing transactions are left out: it must make no difference. */
  readonly omitsFailing?: boolean
}

/** Replicas of one space with one object, and every batch that any of them made. */
export class History {
  readonly states: SpaceState[] = []
  readonly handles: object[] = []
  /** By replica: its batches in order. */
  readonly batches: Uint8Array[][] = []
  readonly schema: Schema
  private timeMs = 1_000_000
  private readonly shapes: readonly Shape[]
  private readonly options: HistoryOptions

  constructor(schema: Schema, replicas: number, options: HistoryOptions = {}) {
    this.schema = schema
    this.options = options
    const schemas = Array.from(
      { length: replicas },
      (_, index) => options.schemaOf?.(index) ?? schema,
    )
    this.shapes = schemas.map(shapeOf)
    for (const [index, { kind }] of schemas.entries()) {
      const state = this.observer(replicaId(index))
      this.states.push(state)
      this.handles.push(state.open(OBJECT, kind).handle(kind))
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
    const which = draw(12)
    if (which < 4) this.write(replica, this.handles[replica]!, draw)
    else if (which === 4) this.writeAtOnce(replica, other, draw)
    else if (which === 5) this.transact(replica, draw)
    else if (which === 6) this.failToTransact(replica, draw)
    else if (which < 9) this.seal(replica)
    else if (which < 11) this.deliver(replica, other, draw)
    else this.join(replica, other)
  }

  /** Draws an operation from what the replica reads, and carries it out through a handle or a draft. */
  private write(replica: number, face: object, draw: Draw, isKept = true): void {
    const handle = this.handles[replica] as { readonly value: unknown }
    const shape = this.shapes[replica]!
    const operation = drawOperation(shape, draw, () => handle.value)
    if (isKept) this.options.watcher?.wrote(replica, operation, this.timeMs)
    carryOut(face, shape, operation)
  }

  /** Two write in the same millisecond: their stamps are equal. */
  private writeAtOnce(replica: number, other: number, draw: Draw): void {
    for (const writer of [replica, other]) this.write(writer, this.handles[writer]!, draw)
  }

  private transact(replica: number, draw: Draw): void {
    this.states[replica]!.transact((tx) => {
      const draft = tx(this.handles[replica]!)
      for (let left = 1 + draw(3); left >= 0; left--) {
        this.timeMs++
        this.write(replica, draft, draw)
      }
    })
  }

  private failToTransact(replica: number, draw: Draw): void {
    const operations = 1 + draw(3)
    if (this.options.omitsFailing === true) {
      this.timeMs += operations
      return
    }
    const before = this.glimpse(replica)
    const work = (tx: (handle: object) => object): void => {
      const draft = tx(this.handles[replica]!)
      for (let left = operations; left > 0; left--) {
        this.timeMs++
        this.write(replica, draft, draw, false)
      }
      throw CHANGED_MIND
    }
    assert.throws(() => {
      this.states[replica]!.transact(work)
    }, CHANGED_MIND)
    assert.equal(this.glimpse(replica), before, 'a failed transaction left a trace')
  }

  /** What can be seen of a replica without taking its batch. */
  private glimpse(replica: number): string {
    const state = this.states[replica]!
    const { value } = this.handles[replica] as { readonly value: unknown }
    const whole = state.pendingUpdates === 0 ? stateText(state) : `pending ${state.pendingUpdates}`
    return `${canonicalText(value)}\n${whole}`
  }

  seal(replica: number): void {
    const batch = this.states[replica]!.takeBatch()
    if (batch === undefined) return
    this.batches[replica]!.push(batch)
    this.options.watcher?.sealed(replica, this.batches[replica]!.length - 1)
  }

  private deliver(replica: number, origin: number, draw: Draw): void {
    const batches = this.batches[origin]!
    if (batches.length > 0) this.offer(replica, origin, draw(batches.length))
  }

  private offer(replica: number, origin: number, index: number): boolean {
    const verdict = this.states[replica]!.apply(this.batches[origin]![index]!)
    if (verdict === 'applied') this.options.watcher?.applied(replica, origin, index)
    return verdict !== 'gap'
  }

  private join(replica: number, other: number): void {
    this.seal(other)
    this.states[replica]!.joinState(this.states[other]!.encodeState())
    this.options.watcher?.joined(replica, other)
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

/** Drawn steps, each a list of integers. */
export const steps = drawnSteps({ integers: 4, most: 28 })

/** At most so many steps, of at least so many integers: deeper schemas take more. */
export function drawnSteps({
  integers,
  most,
}: {
  readonly integers: number
  readonly most: number
}): fastCheck.Arbitrary<number[][]> {
  const step = fastCheck.array(fastCheck.nat(719), { minLength: integers, maxLength: 24 })
  // Unbiased: what is drawn are remainders, and small numbers would all mean the same.
  return fastCheck.noBias(fastCheck.array(step, { minLength: 1, maxLength: most, size: 'max' }))
}

/** A history of these steps. */
export function runHistory(
  schema: Schema,
  drawn: readonly (readonly number[])[],
  options: HistoryOptions = {},
): History {
  const history = new History(schema, 3 + (drawn.length % 3), options)
  for (const step of drawn) history.step(drawsFrom(step))
  return history
}
