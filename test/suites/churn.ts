// A space under churn: lives of slots that write, are sealed, and are followed by others, while replicas enter epochs and
// settle and trim at different times. Beside each replica stands a twin that gets the same batches and states, and never
// folds or trims: each life is a replica of its own to it. What a replica reads must be what its twin reads, at any time.
import assert from 'node:assert/strict'
import { isJoineryError } from '#crdt-objects/index.ts'
import { packReplica, SpaceState, unleasedReplica, type Seal } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { orderedText } from './canonical-text.ts'
import { OBJECT } from './history.ts'
import { carryOut, drawOperation } from './operations.ts'
import { packAll } from './pack-all.ts'
import { stateText } from './state-text.ts'
import { shapeOf, type Draw, type Shape } from './type-spec.ts'

/** A batch, and the one that the twin of its author made of the same operations. */
interface Made {
  readonly batch: Uint8Array
  readonly twin: Uint8Array
  readonly first: number
  readonly last: number
}

/** One life of a slot. */
export class Life {
  readonly id: bigint
  readonly state: SpaceState
  readonly twin: SpaceState
  readonly made: Made[] = []
  /** By epoch: the last update that it had made when it entered it. */
  readonly lastAtEpoch: number[] = []
  /** By epoch: the last update that it had made when it settled it. */
  readonly lastAtSettled: number[] = []
  /** The epoch that it trimmed last. */
  trimmed = 0
  readonly slot: number
  readonly inc: number

  constructor(slot: number, inc: number, clock: () => number) {
    this.slot = slot
    this.inc = inc
    this.id = packReplica(slot, inc)
    this.state = new SpaceState({ replica: this.id, clock })
    // In the order of the ids of the lives, so that ties are broken alike.
    this.twin = new SpaceState({ replica: unleasedReplica(this.id), clock })
  }

  get last(): number {
    return this.state.vector.lastOf(this.id, 0)
  }
}

const SLOTS = 4

export class Churn {
  readonly schema: Schema
  readonly lives: Life[] = []
  /** Record `e` is entry `e - 1`. */
  readonly records: { readonly seals: readonly Seal[]; readonly born: readonly bigint[] }[] = []
  /** All lives that ever were. */
  private readonly everyone: Life[] = []
  private readonly baseByEpoch = new Map<number, string>()
  private readonly shape: Shape
  private timeMs = 1_000_000
  /** Whether all that can be packed is, whenever nobody looks. */
  private readonly packs: boolean

  constructor(schema: Schema, { packs = false } = {}) {
    this.schema = schema
    this.packs = packs
    this.shape = shapeOf(schema)
    for (let slot = 0; slot < SLOTS - 1; slot++) this.add(slot, 1)
  }

  private add(slot: number, inc: number): Life {
    const life = new Life(slot, inc, () => this.timeMs)
    this.lives.push(life)
    this.everyone.push(life)
    return life
  }

  private handleOf(state: SpaceState): { readonly value: unknown } {
    const { kind } = this.schema
    return state.open(OBJECT, kind).handle(kind) as { readonly value: unknown }
  }

  step(draw: Draw): void {
    this.timeMs++
    const life = this.lives[draw(this.lives.length)]!
    const other = this.lives[draw(this.lives.length)]!
    const which = draw(18)
    if (which < 5) this.write(life, draw)
    else if (which < 7) this.seal(life)
    else if (which < 10) this.deliver(life, draw)
    else if (which === 10) this.join(life, other)
    else if (which === 11) this.end(life)
    else if (which === 12) this.beginAnew(other)
    else if (which < 15) this.enter(life)
    else if (draw(2) === 0) this.settle(life)
    else this.trim(life)
    if (this.lives.includes(life)) this.compare(life)
    if (this.packs) for (const { state } of this.lives) packAll(state)
  }

  private write(life: Life, draw: Draw): void {
    const reading = this.handleOf(life.state)
    const operation = drawOperation(this.shape, draw, () => reading.value)
    for (const state of [life.state, life.twin]) {
      carryOut(this.handleOf(state), this.shape, operation)
    }
  }

  private seal({ state, twin, made, last }: Life): void {
    const batch = state.takeBatch()
    const twinBatch = twin.takeBatch()
    assert.equal(batch === undefined, twinBatch === undefined)
    if (batch === undefined || twinBatch === undefined) return
    made.push({
      batch,
      twin: twinBatch,
      first: last + 1,
      last: state.vector.lastOf(state.replica, 0),
    })
  }

  private deliver(life: Life, draw: Draw): void {
    const { made } = this.everyone[draw(this.everyone.length)]!
    if (made.length > 0) this.offer(life, made[draw(made.length)]!)
  }

  private offer(life: Life, made: Made): boolean {
    const verdict = life.state.apply(made.batch)
    // What is sealed here is here, or was cut; the twin has the same of it.
    if (verdict !== 'gap') assert.equal(life.twin.apply(made.twin), verdict)
    return verdict === 'applied'
  }

  private join(life: Life, other: Life): void {
    if (life === other) return
    this.seal(life)
    this.seal(other)
    life.state.joinState(other.state.encodeState())
    life.twin.joinState(other.twin.encodeState())
    this.noteEpoch(life)
  }

  private noteEpoch(life: Life): void {
    for (let epoch = life.lastAtEpoch.length; epoch <= life.state.epoch; epoch++) {
      life.lastAtEpoch.push(life.last)
    }
    for (let epoch = life.lastAtSettled.length; epoch <= life.state.settledEpoch; epoch++) {
      life.lastAtSettled.push(life.last)
    }
  }

  /** Gives a life all that there is, and enters what epochs it can. */
  private catchUp(life: Life): void {
    this.seal(life)
    let isMoving = true
    while (isMoving) {
      isMoving = this.enter(life)
      for (const { made } of this.everyone) {
        for (const each of made) if (this.offer(life, each)) isMoving = true
      }
    }
  }

  /** A life ends: it crashes, or loses its slot. What nobody else holds of it is cut. */
  private end(life: Life): void {
    if (this.lives.length < 3) return
    this.lives.splice(this.lives.indexOf(life), 1)
    const lastHeld = Math.max(...this.lives.map(({ state }) => state.vector.lastOf(life.id, 0)))
    const cut = life.made.findIndex(({ last }) => last > lastHeld)
    if (cut >= 0) life.made.length = cut
    for (const each of this.lives) this.catchUp(each)
    const epoch = this.records.length + 1
    this.records.push({
      seals: [{ slot: life.slot, inc: life.inc, m: lastHeld }],
      born: this.lives.filter(({ inc }) => inc === epoch).map(({ id }) => id),
    })
  }

  /** The next life of a free slot begins with the state of another replica. */
  private beginAnew(giver: Life): void {
    const slot = [...Array(SLOTS).keys()].find(
      (each) => !this.lives.some((life) => life.slot === each),
    )
    if (slot === undefined) return
    this.catchUp(giver)
    const life = this.add(slot, this.records.length + 1)
    life.state.joinState(giver.state.encodeState())
    life.twin.joinState(giver.twin.encodeState())
    this.catchUp(life)
    assert.equal(life.state.epoch, this.records.length)
    this.noteEpoch(life)
  }

  private enter(life: Life): boolean {
    const record = this.records[life.state.epoch]
    if (record === undefined) return false
    this.seal(life)
    try {
      life.state.enterEpoch(record.seals, record.born)
    } catch (error) {
      if (!isJoineryError(error, 'EPOCH_TOO_EARLY')) throw error
      return false
    }
    this.noteEpoch(life)
    return true
  }

  private settle(life: Life): void {
    this.seal(life)
    const floor = Math.min(...this.lives.map(({ state }) => state.epoch))
    const hasAll = this.lives.every(({ id, lastAtEpoch }) =>
      life.state.vector.has(id, lastAtEpoch[floor] ?? 0),
    )
    if (hasAll) life.state.settleEpoch(floor)
    this.noteEpoch(life)
  }

  /** Trims if it may. */
  private trim(life: Life): void {
    this.seal(life)
    const floor = Math.min(...this.lives.map(({ state }) => state.settledEpoch))
    const hasAll = this.lives.every(({ id, lastAtSettled }) =>
      life.state.vector.has(id, lastAtSettled[floor] ?? 0),
    )
    if (!hasAll || floor <= life.trimmed) return
    life.state.trimEpoch(floor)
    life.trimmed = floor
  }

  private readingOf(state: SpaceState): string {
    return orderedText(this.handleOf(state).value)
  }

  private compare(life: Life): void {
    assert.equal(this.readingOf(life.state), this.readingOf(life.twin))
    this.compareVector(life.state)
    if (life.state.pendingUpdates > 0) return
    const isRemovable = this.schema.kind.descriptor.includes('map')
    if (isRemovable) return
    const base = (/ base .*$/m.exec(stateText(life.state))?.[0] ?? '').replace(/ removed in.*/, '')
    const { epoch } = life.state
    assert.equal(base, this.baseByEpoch.get(epoch) ?? base, 'the base is a function of the epoch')
    this.baseByEpoch.set(epoch, base)
  }

  /** A vector has lives that its epoch has not sealed, and each of them that its records name. */
  private compareVector({ vector, epoch }: SpaceState): void {
    const isSealed = (id: bigint): boolean =>
      this.records
        .slice(0, epoch)
        .some(({ seals }) => seals.some(({ slot, inc }) => packReplica(slot, inc) === id))
    for (const { id, inc } of this.everyone) {
      assert.equal(vector.get(id) === 'sealed', isSealed(id))
      const hasEntry = [...vector.entries()].some(([of]) => of === id)
      if (isSealed(id)) assert.ok(!hasEntry)
      else if (inc <= epoch) assert.ok(hasEntry)
    }
  }

  /** Everybody gets everything, enters every epoch and settles. */
  finish(): void {
    for (const life of this.lives) this.seal(life)
    for (const life of this.lives) this.catchUp(life)
    for (const life of this.lives) this.catchUp(life)
    const [first] = this.lives as [Life]
    for (const life of this.lives) {
      this.compare(life)
      assert.equal(life.state.epoch, this.records.length)
      assert.equal(this.readingOf(life.state), this.readingOf(first.state))
      this.settle(life)
      assert.equal(life.state.settledEpoch, life.state.epoch)
      this.compare(life)
    }
    // Generations that their authors close go with the next batch of each.
    if (this.everyone.every(({ trimmed }) => trimmed === 0)) {
      for (const life of this.lives) assert.equal(textOf(life), textOf(first))
    }
    for (const life of this.lives) {
      this.trim(life)
      this.compare(life)
    }
  }
}

function textOf({ state }: Life): string {
  return stateText(state)
}
