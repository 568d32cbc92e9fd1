import { strict as assert } from 'node:assert'
import { type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import type { EpochRecord } from '#peer/identity/core/control-contract.ts'
import { type Dot, nameOf } from '#peer/identity/core/incarnation.ts'
import type { Batch, Beginning, Intent, ReplicaPort } from '#peer/identity/core/member-contract.ts'

/** What is asked for: an increment, or an element that is put into the set or taken out. */
export interface Operation {
  /** Names it for the oracle, through all its issues. */
  readonly id: number
  readonly kind: 'increment' | 'add' | 'remove'
  readonly amount: number
  readonly element: string
}

/** One update of a batch. */
export interface SmallUpdate {
  readonly seq: number
  readonly operation: Operation
  /** What its origin has added to the counter so far. */
  readonly total: number
  readonly kills: readonly Dot[]
  /** The epoch that its author had settled. */
  readonly settled: number
}

export type SmallBody = readonly SmallUpdate[]
export type SmallBatch = Batch<SmallBody>

interface Tag {
  readonly dot: Dot
  readonly element: string
}

export interface SmallState {
  readonly settledEpoch: number
  readonly trimmedEpoch: number
  readonly base: number
  readonly totalById: ReadonlyMap<ReplicaId, number>
  readonly tagByDot: ReadonlyMap<string, Tag>
  readonly vector: VersionVector
}

export const keyOf = ({ origin, seq }: Dot): string => `${nameOf(origin)}.${seq}`

/** A counter and an add-wins set under one vector: the least that has folds, removals and dependencies. */
export class SmallReplica implements ReplicaPort<SmallBody, SmallState> {
  vector = new VersionVector()
  settledEpoch = 0
  /** Invariant: whatever is applied from now on is of who had settled this epoch. */
  trimmedEpoch = 0
  #id: ReplicaId | undefined
  #base = 0
  #totalById = new Map<ReplicaId, number>()
  #tagByDot = new Map<string, Tag>()
  /** What its batches have told of others. */
  #told = new VersionVector()
  /** How far batches that are applied here name each. */
  #impliedById = new Map<ReplicaId, number>()
  /** Told the base of each epoch that it is in. */
  readonly #onBase: (epoch: number, base: number) => void

  constructor(onBase: (epoch: number, base: number) => void) {
    this.#onBase = onBase
  }

  begin(id: ReplicaId, from: Beginning<SmallState>): void {
    this.discard()
    this.#id = id
    if (from.kind === 'state') this.#load(from.state)
    else {
      const born = from.born.map((life): [ReplicaId, number] => [life, 0])
      this.vector = new VersionVector(from.epoch, born)
      this.settledEpoch = from.epoch
    }
    this.#onBase(this.epoch, this.#base)
  }

  get epoch(): number {
    return this.vector.epoch
  }

  discard(): void {
    this.#load({
      ...{ settledEpoch: 0, trimmedEpoch: 0 },
      ...{ base: 0, vector: new VersionVector() },
      ...{ totalById: new Map(), tagByDot: new Map() },
    })
    this.#id = undefined
    this.#told = new VersionVector()
    this.#impliedById = new Map()
  }

  #load(state: SmallState): void {
    this.settledEpoch = state.settledEpoch
    this.trimmedEpoch = state.trimmedEpoch
    this.#base = state.base
    this.#totalById = new Map(state.totalById)
    this.#tagByDot = new Map(state.tagByDot)
    this.vector = state.vector.copy()
  }

  /** What an operation on the set acts on now. */
  observed({ kind, element }: Operation): Dot[] {
    if (kind === 'increment') return []
    return [...this.#tagByDot.values()]
      .filter((tag) => tag.element === element)
      .map(({ dot }) => dot)
  }

  /** Makes one batch of operations; those that are issued again name what they had observed. */
  write(
    asked: readonly {
      readonly operation: Operation
      readonly stamp: number
      readonly again?: Intent<Operation>
    }[],
  ): { batch: SmallBatch; intents: Intent<Operation>[] } {
    const id = this.#id
    assert.ok(id !== undefined)
    const first = this.vector.lastOf(id, Infinity) + 1
    assert.ok(this.vector.hasBegun(id), 'its predecessor is sealed here')
    const body: SmallUpdate[] = []
    const intents: Intent<Operation>[] = []
    for (const [index, { operation, stamp, again }] of asked.entries()) {
      const seq = first + index
      const observed = again?.observed ?? this.observed(operation)
      const added = operation.kind === 'increment' ? operation.amount : 0
      const total = (this.#totalById.get(id) ?? 0) + added
      const kills = observed.filter((dot) => this.#tagByDot.has(keyOf(dot)))
      const update = { seq, operation, total, kills, settled: this.settledEpoch }
      body.push(update)
      intents.push({ seq, operation, observed, stamp, replaces: again?.replaces, size: 1 })
      this.#update(id, update)
    }
    const seen = [...this.vector.entries()].filter(
      ([of, reach]) => of !== id && !this.#told.has(of, reach),
    )
    for (const [of, reach] of seen) this.#told.advance(of, reach)
    // What others of these name is named by naming those.
    const dependencies = seen.filter(([of, reach]) => reach > (this.#impliedById.get(of) ?? 0))
    const last = first + asked.length - 1
    this.vector.advance(id, last)
    const { epoch } = this
    const size = asked.length
    return { batch: { origin: id, first, last, epoch, dependencies, body, size }, intents }
  }

  apply({ origin, first, last, epoch, dependencies, body }: SmallBatch): 'applied' {
    assert.ok(epoch <= this.epoch, `what its author had seen sealed is sealed here`)
    assert.ok(this.vector.hasBegun(origin), `${nameOf(origin)} has begun`)
    assert.equal(this.vector.get(origin), first - 1, `${nameOf(origin)}.${first} is next`)
    assert.ok(dependencies.every(([of, reach]) => this.vector.has(of, reach)))
    assert.ok(epoch >= this.settledEpoch, 'what is settled is so of all that is applied after it')
    for (const update of body) {
      assert.ok(
        update.settled >= this.trimmedEpoch,
        `${nameOf(origin)}.${first} is of who had heard of what is forgotten here`,
      )
      this.#update(origin, update)
    }
    this.vector.advance(origin, last)
    for (const [of, reach] of dependencies) {
      this.#impliedById.set(of, Math.max(reach, this.#impliedById.get(of) ?? 0))
    }
    return 'applied'
  }

  #update(origin: ReplicaId, { seq, operation, total, kills }: SmallUpdate): void {
    if (operation.kind === 'increment') this.#totalById.set(origin, total)
    for (const dot of kills) this.#tagByDot.delete(keyOf(dot))
    if (operation.kind !== 'add') return
    const dot = { origin, seq }
    this.#tagByDot.set(keyOf(dot), { dot, element: operation.element })
  }

  enterEpoch({ seals, born }: EpochRecord): void {
    for (const { incarnation, last } of seals) {
      assert.equal(this.vector.get(incarnation), last, `${nameOf(incarnation)} is whole`)
      this.#base += this.#totalById.get(incarnation) ?? 0
      this.#totalById.delete(incarnation)
    }
    const sealed = seals.map(({ incarnation }) => incarnation)
    this.vector.enter(sealed, born)
    this.#onBase(this.epoch, this.#base)
  }

  /** Nothing here needs it. */
  settleEpoch(epoch: number): void {
    assert.ok(epoch <= this.epoch)
    this.settledEpoch = Math.max(this.settledEpoch, epoch)
  }

  trimEpoch(epoch: number): void {
    assert.ok(epoch <= this.settledEpoch)
    this.trimmedEpoch = Math.max(this.trimmedEpoch, epoch)
  }

  join(other: SmallState): void {
    const mine = this.snapshot()
    const isNewer = other.vector.epoch >= mine.vector.epoch
    const [older, newer] = isNewer ? [mine, other] : [other, mine]
    const tagByDot = new Map(newer.tagByDot)
    for (const [key, tag] of older.tagByDot) {
      const { origin, seq } = tag.dot
      if (!newer.vector.has(origin, seq)) tagByDot.set(key, tag)
    }
    for (const [key, { dot }] of newer.tagByDot) {
      const isGone = older.vector.has(dot.origin, dot.seq) && !older.tagByDot.has(key)
      if (isGone) tagByDot.delete(key)
    }
    const totalById = new Map(newer.totalById)
    for (const [id, total] of older.totalById) {
      if (!newer.vector.has(id, older.vector.get(id))) totalById.set(id, total)
    }
    const vector = newer.vector.copy()
    vector.merge(older.vector)
    const { base } = newer
    const settledEpoch = Math.max(this.settledEpoch, other.settledEpoch)
    const trimmedEpoch = Math.max(this.trimmedEpoch, other.trimmedEpoch)
    this.#load({ settledEpoch, trimmedEpoch, base, totalById, tagByDot, vector })
    this.#onBase(this.epoch, this.#base)
  }

  snapshot(): SmallState {
    return {
      ...{ base: this.#base, vector: this.vector.copy() },
      ...{ settledEpoch: this.settledEpoch, trimmedEpoch: this.trimmedEpoch },
      ...{ totalById: new Map(this.#totalById), tagByDot: new Map(this.#tagByDot) },
    }
  }

  get value(): number {
    return [...this.#totalById.values()].reduce((sum, total) => sum + total, this.#base)
  }

  get counted(): number {
    return this.#totalById.size
  }

  /** What is in the set, by the updates that put it there. */
  tags(): string[] {
    return [...this.#tagByDot].map(([key, { element }]) => `${key} ${element}`).sort()
  }

  /** All that replicas of the same epoch and vector must agree on. */
  fingerprint(): string {
    const vector = [...this.vector.entries()].map(([id, reach]) => `${nameOf(id)}:${reach}`).sort()
    return JSON.stringify([this.epoch, this.value, this.#base, this.tags(), vector])
  }
}
