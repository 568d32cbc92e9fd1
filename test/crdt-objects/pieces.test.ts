import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { packReplica, SpaceState } from '#crdt-objects/engine.ts'
import { counter, isJoineryError, map, struct, type Change } from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import type { StateEncoding } from '#crdt-objects/state/state-encoding.ts'
import type { StateJoining } from '#crdt-objects/state/state-joining.ts'
import { drawnSteps } from '#test/suites/history.ts'
import { mutate, mutations } from '#test/suites/hostile-bytes.ts'
import { carryOut, drawOperation, drawsFrom } from '#test/suites/operations.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { shapeOf, type Draw } from '#test/suites/type-spec.ts'
import { glimpse, open, replica } from './replicas.ts'

/** Slots: who gives its state, a writer that stays, one whose lives end, who joins, and who begins with the state. */
const [GIVER, STAYING, ENDING, JOINER, FRESH] = [0, 1, 2, 3, 9] as const

/** A few replicas of a space with several objects, one of which gives its state in pieces while all go on. */
class Space {
  private timeMs = 1_000_000
  private readonly schemas: readonly Schema[]
  private readonly states = new Map<number, SpaceState>()
  private endingLife = 1
  private opened = 2
  readonly encoding: StateEncoding
  readonly pieces: Uint8Array[] = []

  constructor(schema: Schema, early: readonly Draw[]) {
    this.schemas = [schema, map(counter()), schema, struct({ part: schema }), schema]
    for (const slot of [GIVER, STAYING, ENDING, JOINER]) this.begin(slot, 1)
    for (const draw of early) this.go(draw)
    this.encoding = this.giver.beginStateEncoding()
  }

  private begin(slot: number, inc: number): SpaceState {
    const state = new SpaceState({ replica: packReplica(slot, inc), clock: () => this.timeMs++ })
    this.states.set(slot, state)
    return state
  }

  get giver(): SpaceState {
    return this.states.get(GIVER)!
  }

  /** Something happens. Whoever joins takes part as long as it hears of the others. */
  go(draw: Draw, slots = this.states.size): void {
    const slot = draw(slots)
    const which = draw(12)
    if (which < 7) this.write(this.states.get(slot)!, draw)
    else if (which === 7) this.opened = Math.min(this.opened + 1, this.schemas.length)
    else if (which < 10) this.pass(slot, slots)
    else if (which === 10) this.end(slots)
    else this.settle(slots)
  }

  write(state: SpaceState, draw: Draw): void {
    const index = draw(this.opened)
    const schema = this.schemas[index]!
    const handle = open(state, schema, `object ${index}`) as { readonly value: unknown }
    const shape = shapeOf(schema)
    const operation = drawOperation(shape, draw, () => handle.value)
    carryOut(handle, shape, operation)
  }

  /** What one has written reaches all others. */
  private pass(slot: number, slots: number): void {
    const batch = this.states.get(slot)!.takeBatch()
    if (batch === undefined) return
    for (const [other, state] of this.states) {
      if (other !== slot && other < slots) assert.equal(state.apply(batch), 'applied')
    }
  }

  /** The rest hears of whoever joins. */
  hear(batch: Uint8Array): void {
    for (const [slot, state] of this.states) {
      if (slot < JOINER) assert.equal(state.apply(batch), 'applied')
    }
  }

  private passAll(slots: number): void {
    for (let slot = 0; slot < slots; slot++) this.pass(slot, slots)
  }

  /** A life ends, and its slot is another's. */
  private end(slots: number): void {
    this.passAll(slots)
    const { replica } = this.states.get(ENDING)!
    const m = this.giver.vector.lastOf(replica, 0)
    const seal = { slot: ENDING, inc: this.endingLife++, m }
    const others = [GIVER, STAYING, JOINER, FRESH].map((slot) => packReplica(slot, 1))
    for (const [slot, state] of this.states) {
      if (slot === ENDING || slot >= slots) continue
      state.enterEpoch([seal], state.epoch === 0 ? others : [])
    }
    this.begin(ENDING, this.endingLife).joinState(this.giver.encodeState())
  }

  private settle(slots: number): void {
    this.passAll(slots)
    for (const [slot, state] of this.states) if (slot < slots) state.settleEpoch(state.epoch)
  }

  /** The giver makes a piece. */
  give(bytesMax: number): boolean {
    this.pass(GIVER, JOINER)
    const piece = this.encoding.next(bytesMax)
    if (piece !== undefined) this.pieces.push(piece)
    return piece !== undefined
  }

  /** From here on whoever joins hears of nobody. */
  leave(draw: Draw): SpaceState {
    this.passAll(this.states.size)
    const joiner = this.states.get(JOINER)!
    if (draw(2) === 0) this.settle(JOINER)
    return joiner
  }
}

function finish(joining: StateJoining): void {
  let progress = joining.step()
  while (progress === 'more') progress = joining.step()
  assert.equal(progress, 'complete')
}

/** Gives all of a state while the rest goes on, and takes it in as it comes. */
function hand(
  space: Space,
  joining: StateJoining,
  late: readonly Draw[],
  alongside: (draw: Draw) => void = () => undefined,
): void {
  const rest = [...late]
  for (let isMore = true; isMore;) {
    const draw = rest.shift() ?? (() => 0)
    for (let left = draw(3); left > 0 && rest.length > 0; left--) {
      if (!space.encoding.isComplete) space.go(rest.shift()!, JOINER)
    }
    alongside(draw)
    isMore = space.give(1 + draw(300) * (1 + draw(20)))
    if (space.pieces.length > 0) joining.add(space.pieces.shift()!)
    for (let left = draw(4); left > 0; left--) joining.step()
  }
  for (const piece of space.pieces.splice(0)) joining.add(piece)
}

describe('a state in pieces', () => {
  before(loadAllEngines)

  const steps = drawnSteps({ integers: 8, most: 24 })
  for (const [title, schema] of schemaByTitle) {
    it(`is what its giver has at the end, whatever happens meanwhile: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, (early, late) => {
          const space = new Space(schema, early.map(drawsFrom))
          const fresh = new SpaceState({ replica: packReplica(FRESH, 1), clock: () => 5 })
          const joining = fresh.beginStateJoining()
          hand(space, joining, late.map(drawsFrom))
          finish(joining)
          assert.equal(joining.commit(), !space.giver.vector.isEmpty)
          assert.equal(stateText(fresh), stateText(space.giver))
          space.write(fresh, drawsFrom(late[0] ?? []))
          const batch = fresh.takeBatch()
          if (batch !== undefined) assert.equal(space.giver.apply(batch), 'applied')
          assert.equal(stateText(fresh), stateText(space.giver))
        }),
        runsOf(title, 'pieces', 5),
      )
    })

    it(`brings up to date who was away, who goes on as itself: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, fastCheck.boolean(), (early, late, hasWritten) => {
          const space = new Space(schema, early.map(drawsFrom))
          const joiner = space.leave(drawsFrom(late.at(-1) ?? []))
          if (hasWritten) space.write(joiner, drawsFrom(late.at(0) ?? []))
          const own = [joiner.takeBatch()]
          const send = (): void => {
            for (const batch of own.splice(0)) {
              if (batch !== undefined) space.hear(batch)
            }
          }
          const joining = joiner.beginStateJoining()
          // The giver may hear of the one that joins meanwhile, who goes on writing.
          hand(space, joining, late.map(drawsFrom), (draw) => {
            if (draw(3) > 0) return
            space.write(joiner, draw)
            own.push(joiner.takeBatch())
            if (draw(3) > 0) send()
          })
          finish(joining)
          joining.commit()
          // That something is settled, alone, is no reason to join a state.
          joiner.settleEpoch(space.giver.settledEpoch)
          for (let again = 0; again < 2; again++) {
            send()
            for (const step of late.slice(0, 3)) space.write(joiner, drawsFrom(step))
            own.push(joiner.takeBatch())
          }
          send()
          assert.equal(stateText(joiner), stateText(space.giver))
        }),
        runsOf(title, 'pieces of who was away', 5),
      )
    })

    it(`is taken whole or refused, if it was changed on its way: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, steps, fastCheck.array(mutations), (early, late, all) => {
          const space = new Space(schema, early.map(drawsFrom))
          const aside = replica(0x77n).beginStateJoining()
          const pieces: Uint8Array[] = []
          const add = aside.add.bind(aside)
          aside.add = (piece) => {
            pieces.push(piece)
            add(piece)
          }
          hand(space, aside, late.map(drawsFrom))
          for (const [i, mutation] of all.entries()) {
            const taker = replica(0x99n)
            const before = glimpse(taker)
            const joining = taker.beginStateJoining()
            try {
              for (const [at, piece] of pieces.entries()) {
                joining.add(at === i % pieces.length ? mutate(piece, mutation) : piece)
              }
              let progress = joining.step()
              while (progress === 'more') progress = joining.step()
              if (progress === 'complete') joining.commit()
              else assert.equal(glimpse(taker), before)
            } catch (error) {
              if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
              assert.equal(glimpse(taker), before)
              assert.throws(
                () => joining.step(),
                (again) => again === error,
              )
            }
          }
        }),
        runsOf(title, 'hostile pieces', 8),
      )
    })
  }

  /** All pieces of what a replica has. */
  function piecesOf(state: SpaceState, bytesMax?: number): Uint8Array[] {
    const encoding = state.beginStateEncoding()
    const pieces: Uint8Array[] = []
    for (;;) {
      const piece = encoding.next(bytesMax)
      if (piece === undefined) return pieces
      pieces.push(piece)
    }
  }

  it('is not longer than the state at once, and its pieces are as short as is asked for', () => {
    const state = replica(1n)
    for (let i = 0; i < 5_000; i++) open(state, counter(), `counter ${i}`).add(i)
    state.takeBatch()
    const bytes = (pieces: readonly Uint8Array[]): number =>
      pieces.reduce((sum, { length }) => sum + length, 0)
    assert.ok(bytes(piecesOf(state)) < state.encodeState().length * 1.02)
    for (const piece of piecesOf(state, 1_000)) assert.ok(piece.length <= 1_000)
  })

  it('is seen at once, by who holds handles and listens', () => {
    const giver = replica(1n)
    const taker = replica(2n)
    const [first, second] = [open(taker, counter(), 'a'), open(taker, counter(), 'b')] as const
    for (const name of ['a', 'b']) open(giver, counter(), name).add(1)
    giver.takeBatch()
    const heard: [Change, number, number][] = []
    first.subscribe((change) => heard.push([change, first.value, second.value]))
    const joining = taker.beginStateJoining()
    for (const piece of piecesOf(giver, 1)) joining.add(piece)
    finish(joining)
    assert.deepEqual([first.value, second.value, heard], [0, 0, []])
    assert.equal(joining.commit(), true)
    const by = ['0000000000000001']
    assert.deepEqual(heard, [[{ origin: 'remote', by, detail: [{ path: [] }] }, 1, 1]])
    first.add(1)
    assert.equal(taker.pendingUpdates, 1)
  })

  it('begins anew where its giver joins a state, and where too much happens', () => {
    const [giver, other, taker] = [replica(1n), replica(2n), replica(3n)] as const
    for (let i = 0; i < 10; i++) open(giver, counter(), `counter ${i}`).add(1)
    giver.takeBatch()
    open(other, counter(), 'other').add(5)
    other.takeBatch()
    const encoding = giver.beginStateEncoding()
    const joining = taker.beginStateJoining()
    for (let i = 0; i < 20; i++) joining.add(encoding.next(10)!)
    giver.joinState(other.encodeState())
    for (let i = 0; i < 60; i++) joining.add(encoding.next(10)!)
    for (let i = 0; i < 10; i++) {
      open(giver, map(), 'large').set(`${i}`, 'x'.repeat(190_000))
      open(giver, map(), 'large').set(`${i}`, 'x')
      for (let j = 0; j < 8; j++) open(giver, map(), 'large').set(`${i} ${j}`, 'x'.repeat(180_000))
      giver.takeBatch()
    }
    for (;;) {
      const piece = encoding.next(100_000)
      if (piece === undefined) break
      joining.add(piece)
    }
    finish(joining)
    joining.commit()
    assert.equal(stateText(taker), stateText(giver))
  })

  it('is refused where it says of its taker what cannot be, is incomplete, or too many are asked for', () => {
    const [giver, taker] = [replica(1n), replica(2n)] as const
    open(taker, counter()).add(1)
    giver.apply(taker.takeBatch()!)
    const again = replica(2n).beginStateJoining()
    for (const piece of piecesOf(giver)) again.add(piece)
    assert.throws(() => again.step(), (error) => isJoineryError(error, 'ENCODING_INVALID')) // prettier-ignore
    const joining = replica(3n).beginStateJoining()
    const pieces = piecesOf(giver, 1)
    for (const piece of pieces.slice(0, -1)) joining.add(piece)
    while (joining.step() === 'more');
    assert.equal(joining.step(), 'waiting')
    assert.throws(() => joining.commit(), /pieces are missing/)
    assert.deepEqual([...joining.header!.vector.entries()], [[2n, 1]]) // prettier-ignore
    const encodings = Array.from({ length: 8 }, () => giver.beginStateEncoding())
    assert.throws(() => giver.beginStateEncoding(), /too many/)
    encodings[0]!.stop()
    assert.equal(encodings[0]!.next(), undefined)
    giver.beginStateEncoding().next()
    open(giver, counter()).add(1)
    assert.throws(() => encodings[1]!.next(), /between batches/)
  })
})
