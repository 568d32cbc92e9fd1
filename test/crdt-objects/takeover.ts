import assert from 'node:assert/strict'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import type { Change } from '#crdt-objects/index.ts'
import type { Local } from '#crdt-objects/handles.ts'
import { resolvePlace } from '#crdt-objects/faces/invoke.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { orderedText } from '#test/suites/canonical-text.ts'
import { OBJECT } from '#test/suites/history.ts'
import { carryOut, drawOperation } from '#test/suites/operations.ts'
import { stateText } from '#test/suites/state-text.ts'
import { shapeOf, type Draw } from '#test/suites/type-spec.ts'
import { shapeAt } from '#test/suites/type-specs.ts'
import { open } from './replicas.ts'

interface Readable {
  readonly value: unknown
  subscribe(listener: (change: Change) => void): Disposable
}

/** A handle that a user made before, and what its listener heard. */
interface Kept {
  readonly path: readonly string[]
  readonly handle: Readable
  readonly heard: Change[]
}

/** A replica whose users hold handles, a member that goes on, and the replica that takes over once the first is sealed. */
export class Takeover<S extends Schema> {
  private timeMs = 1_000_000
  readonly schema: S
  readonly former = this.begin(0, 1)
  readonly member = this.begin(1, 1)
  readonly kept: Kept[] = []
  /** Batches of the former that reached nobody. */
  private readonly unsent: Uint8Array[] = []
  private isCut = false

  constructor(schema: S) {
    this.schema = schema
    this.keep([])
  }

  private begin(slot: number, inc: number): SpaceState {
    return new SpaceState({ replica: packReplica(slot, inc), clock: () => this.timeMs++ })
  }

  handle(state: SpaceState): Local<S> {
    return open(state, this.schema, OBJECT)
  }

  /** A user makes a handle of a place, uses it, and listens. */
  keep(path: readonly string[]): void {
    const handle = resolvePlace(this.handle(this.former), path) as Readable
    orderedText(handle.value)
    const kept: Kept = { path, handle, heard: [] }
    handle.subscribe((change) => kept.heard.push(change))
    this.kept.push(kept)
  }

  /** Writes what is drawn. At the former, whoever holds a handle of the place goes on listening. */
  write(state: SpaceState, draw: Draw): void {
    const handle = this.handle(state) as Readable
    const shape = shapeOf(this.schema)
    const operation = drawOperation(shape, draw, () => handle.value)
    if (state === this.former && operation.path.length > 0 && this.kept.length < 6) {
      this.keep(operation.path.slice(0, 1 + draw(operation.path.length)))
    }
    carryOut(handle, shape, operation)
  }

  /** What one has written reaches the other, until the former is cut off. */
  pass(from: SpaceState, to: SpaceState): void {
    const batch = from.takeBatch()
    if (batch === undefined) return
    if (!this.isCut) assert.equal(to.apply(batch), 'applied')
    else if (from === this.former) this.unsent.push(batch)
  }

  /** From now on neither hears of the other. */
  cut(): void {
    this.pass(this.former, this.member)
    this.pass(this.member, this.former)
    this.isCut = true
  }

  /** The former is sealed at what the member has of it; who takes over makes the rest again, users still with the former. */
  begun(): { readonly heir: SpaceState; readonly isWhole: boolean } {
    const { former, member } = this
    this.pass(former, member)
    this.pass(member, former)
    const cut = member.vector.lastOf(former.replica, 0)
    member.enterEpoch([{ slot: 0, inc: 1, m: cut }], [member.replica])
    const heir = this.begin(0, 2)
    heir.joinState(member.encodeState())
    const again = heir.reissue(this.unsent, cut)
    assert.ok(again !== 'engine-missing')
    for (const batch of again.batches) assert.equal(member.apply(batch), 'applied')
    return { heir, isWhole: again.incomplete === 0 }
  }

  /** Every handle that was made before reads what a new one of another replica reads, and what its own state has. */
  checkReadings(heir: SpaceState): void {
    const observer = this.begin(7, 2)
    observer.joinState(heir.encodeState())
    assert.equal(stateText(observer), stateText(heir))
    const fresh = this.handle(observer)
    for (const { path, handle } of this.kept) {
      const expected = (resolvePlace(fresh, path) as Readable).value
      assert.equal(orderedText(handle.value), orderedText(expected))
    }
  }

  /** What is written through a handle of before leaves as the heir's, and reaches the member. */
  checkWrites(heir: SpaceState, draw: Draw): void {
    const { handle } = this.kept[0]!
    const shape = shapeOf(this.schema)
    const operation = drawOperation(shape, draw, () => handle.value)
    // By the handle that is nearest to the place.
    const nearest = this.kept
      .filter(({ path }) => path.every((step, i) => step === operation.path[i]))
      .reduce((best, kept) => (kept.path.length > best.path.length ? kept : best))
    const path = operation.path.slice(nearest.path.length)
    carryOut(nearest.handle, shapeAt(shape, nearest.path), { ...operation, path })
    assert.equal(this.former.pendingUpdates, 0)
    const batch = heir.takeBatch()
    if (batch !== undefined) assert.equal(this.member.apply(batch), 'applied')
    assert.equal(stateText(heir), stateText(this.member))
  }
}
