// A few replicas of a text or list that enter epochs, settle and trim each when it may, while batches arrive one by one,
// at some early and at others late. Beside each stands a twin of the same id that gets the same and never trims: what a
// replica reads must be what its twin reads, at any time. What is written is at few places, so that much is at once.
import assert from 'node:assert/strict'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { orderedText } from './canonical-text.ts'
import { OBJECT } from './history.ts'
import type { Draw } from './type-spec.ts'

/** What is written and read. */
export interface Hands {
  /** Draws a write that fits what is here, to be carried out at a replica and at its twin. */
  draw(handle: object, draw: Draw): (handle: object) => void
  read(handle: object): unknown
}

interface Made {
  readonly batch: Uint8Array
  readonly twin: Uint8Array
  /** Of its author, as it was made. */
  readonly epoch: number
}

class Member {
  readonly id: bigint
  readonly state: SpaceState
  readonly twin: SpaceState
  readonly made: Made[] = []
  /** By epoch: its last update when it had entered, and settled it. */
  readonly lastAtEpoch: number[] = [0]
  readonly lastAtSettled: number[] = [0]

  constructor(slot: number) {
    this.id = packReplica(slot, 1)
    this.state = new SpaceState({ replica: this.id, clock: () => 1 })
    this.twin = new SpaceState({ replica: this.id, clock: () => 1 })
  }

  get last(): number {
    return this.state.vector.lastOf(this.id, 0)
  }

  seal(): void {
    const [batch, twin] = [this.state.takeBatch(), this.twin.takeBatch()]
    if (batch !== undefined && twin !== undefined) {
      this.made.push({ batch, twin, epoch: this.state.epoch })
    }
  }

  note(): void {
    const { epoch, settledEpoch } = this.state
    while (this.lastAtEpoch.length <= epoch) this.lastAtEpoch.push(this.last)
    while (this.lastAtSettled.length <= settledEpoch) this.lastAtSettled.push(this.last)
  }
}

export class Trimming {
  readonly members = [0, 1, 2, 3].map((slot) => new Member(slot))
  /** One that writes nothing, and that nobody counts: it may be far behind, and take a state then. */
  readonly guest = new Member(8)
  /** From then on the units that others made last are deleted, and trimmed, too. */
  onlyFirstWrites = false
  private readonly schema: Schema
  private readonly hands: Hands

  constructor(schema: Schema, hands: Hands) {
    this.schema = schema
    this.hands = hands
    // A text of which all know something, so that nothing begins with nothing.
    for (const { state, twin } of [...this.members, this.guest]) {
      for (const each of [state, twin]) this.handleOf(each)
    }
  }

  private handleOf(state: SpaceState): object {
    const { kind } = this.schema
    return state.open(OBJECT, kind).handle(kind)
  }

  step(draw: Draw): void {
    const member = this.members[draw(this.members.length)]!
    const other = this.members[draw(this.members.length)]!
    const which = draw(28)
    if (which < 8) this.write(this.onlyFirstWrites ? this.members[0]! : member, draw)
    else if (which < 10) member.seal()
    else if (which < 16) for (let left = draw(4); left >= 0; left--) this.deliver(member, other)
    else if (which < 18) this.enter(member)
    else if (which < 20) for (const each of this.members) this.settle(each)
    else if (which < 22) this.trim(member)
    else if (which === 22) this.bringAll(member)
    else if (which < 25) this.join(member, other)
    else this.stepGuest(other, draw)
    this.compare(member)
  }

  private stepGuest(other: Member, draw: Draw): void {
    const { guest } = this
    if (draw(8) === 0) this.join(guest, other)
    else if (guest.state.epoch < other.state.epoch) this.advance(guest)
    for (let left = draw(6); left > 0; left--) this.deliver(guest, other)
    this.compare(guest)
  }

  private write({ state, twin }: Member, draw: Draw): void {
    const write = this.hands.draw(this.handleOf(state), draw)
    for (const each of [state, twin]) write(this.handleOf(each))
  }

  /** The next batch of another that is not here. Like seals, it does not come where its author's epoch is not entered. */
  private deliver({ state, twin }: Member, { id, made }: Member): boolean {
    for (const { batch, twin: twinBatch, epoch } of made) {
      if (epoch > state.epoch) return false
      const verdict = state.apply(batch)
      assert.equal(twin.apply(twinBatch), verdict, String(id))
      if (verdict !== 'duplicate') return verdict === 'applied'
    }
    return false
  }

  private bringAll(member: Member): void {
    for (let isMoving = true; isMoving;) {
      isMoving = this.members.some((other) => other !== member && this.deliver(member, other))
    }
  }

  private enter(member: Member): void {
    const floor = Math.min(...this.members.map(({ state }) => state.epoch))
    if (member.state.epoch > floor) return
    member.seal()
    this.enterNext(member)
  }

  private hasAll({ state }: Member, lasts: (member: Member) => number): boolean {
    return this.members.every((each) => state.vector.has(each.id, lasts(each)))
  }

  private settle(member: Member): void {
    member.seal()
    const floor = Math.min(...this.members.map(({ state }) => state.epoch))
    if (!this.hasAll(member, ({ lastAtEpoch }) => lastAtEpoch[floor]!)) return
    member.state.settleEpoch(floor)
    member.note()
  }

  private trim(member: Member): void {
    member.seal()
    const floor = Math.min(...this.members.map(({ state }) => state.settledEpoch))
    if (floor <= member.state.trimmedEpoch) return
    if (!this.hasAll(member, ({ lastAtSettled }) => lastAtSettled[floor]!)) return
    member.state.trimEpoch(floor)
  }

  private join(member: Member, other: Member): void {
    if (member === other) return
    member.seal()
    other.seal()
    member.state.joinState(other.state.encodeState())
    member.twin.joinState(other.twin.encodeState())
    // The twin settles nothing, and a state that brings no update is passed over.
    member.note()
  }

  private readingOf(state: SpaceState): string {
    return orderedText(this.hands.read(this.handleOf(state)))
  }

  private compare({ state, twin }: Member): void {
    assert.equal(this.readingOf(state), this.readingOf(twin))
  }

  /** Everybody gets everything, and reads the same; so does who begins with the state of one of them. */
  finish(): void {
    for (const member of this.members) member.seal()
    const epoch = Math.max(...this.members.map(({ state }) => state.epoch))
    for (const member of [...this.members, this.guest]) {
      while (member.state.epoch < epoch) this.advance(member)
      this.bringAll(member)
    }
    const [first] = this.members
    const joiners: SpaceState[] = []
    for (const [index, member] of [...this.members, this.guest].entries()) {
      this.compare(member)
      assert.equal(this.readingOf(member.state), this.readingOf(first!.state))
      const joiner = new SpaceState({ replica: packReplica(9 + index, epoch + 1), clock: () => 1 })
      joiner.joinState(member.state.encodeState())
      assert.equal(this.readingOf(joiner), this.readingOf(member.state))
      joiners.push(joiner)
    }
    // A joiner knows each unit by its name, too: what goes by the names comes to the same.
    for (let drawn = 0, left = 3; left > 0; left--) {
      this.write(first!, (bound) => (drawn += 7) % bound)
      const batch = first!.state.takeBatch()
      if (batch === undefined) continue
      for (const joiner of joiners) {
        assert.equal(joiner.apply(batch), 'applied')
        assert.equal(this.readingOf(joiner), this.readingOf(first!.state))
      }
    }
  }

  private advance(member: Member): void {
    this.enterNext(member)
  }

  private enterNext(member: Member): void {
    // The first record names all lives that go on.
    const all = [...this.members, this.guest].map(({ id }) => id)
    for (const each of [member.state, member.twin]) each.enterEpoch([], each.epoch === 0 ? all : [])
    member.note()
  }
}
