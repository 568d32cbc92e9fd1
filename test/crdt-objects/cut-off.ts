import assert from 'node:assert/strict'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import type { Local } from '#crdt-objects/handles.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { orderedText } from '#test/suites/canonical-text.ts'
import { OBJECT } from '#test/suites/history.ts'
import { open } from './replicas.ts'

/** A life that is cut off, a member, and what the life comes back as. */
export class CutOff<S extends Schema> {
  timeMs = 1_000_000
  readonly schema: S
  readonly author = this.begin(0)
  readonly member = this.begin(1)
  readonly sent: Uint8Array[] = []

  constructor(schema: S) {
    this.schema = schema
  }

  private begin(slot: number): SpaceState {
    return new SpaceState({ replica: packReplica(slot, 1), clock: () => this.timeMs++ })
  }

  handle(state: SpaceState): Local<S> {
    return open(state, this.schema, OBJECT)
  }

  reading(state: SpaceState): string {
    return orderedText((this.handle(state) as { readonly value: unknown }).value)
  }

  takeFrom(state: SpaceState): Uint8Array[] {
    const batch = state.takeBatch()
    return batch === undefined ? [] : [batch]
  }

  /** The author's writes reach the member. */
  send(): void {
    for (const batch of this.takeFrom(this.author)) this.member.apply(batch)
  }

  /** The author writes while it is cut off. */
  keep(): void {
    this.sent.push(...this.takeFrom(this.author))
  }

  /** The member's writes reach the author. */
  receive(): void {
    for (const batch of this.takeFrom(this.member)) this.author.apply(batch)
  }

  /**
   * The author's life is sealed, and it comes back in another slot. Batches that it makes again reach the member, after
   * what happens `meanwhile`.
   */
  comeBack(meanwhile: () => void = () => undefined): {
    readonly state: SpaceState
    readonly isWhole: boolean
  } {
    const { author, member } = this
    member.takeBatch()
    const cut = member.vector.lastOf(author.replica, 0)
    const born = [member.replica, packReplica(2, 1)]
    member.enterEpoch([{ slot: 0, inc: 1, m: cut }], born)
    const state = this.begin(2)
    state.joinState(member.encodeState())
    meanwhile()
    const again = state.reissue(this.sent, cut)
    assert.ok(again !== 'engine-missing')
    for (const batch of again.batches) assert.equal(member.apply(batch), 'applied')
    return { state, isWhole: again.incomplete === 0 }
  }
}
