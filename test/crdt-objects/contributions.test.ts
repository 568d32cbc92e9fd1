// What accumulates, whatever it is: removals, memory, and sums that are equal to the last bit.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { SpaceState } from '#crdt-objects/engine.ts'
import { map, moments, struct, vector, type Local } from '#crdt-objects/index.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { stateText } from '#test/suites/state-text.ts'
import type { Draw } from '#test/suites/type-spec.ts'
import { open, replica, share, sync } from './replicas.ts'

const Sums = map(vector(2))

/** Their sum depends on the order of adding. */
const amounts = [0.1, 0.2, 0.3, 1e16, -1e16, 1 / 3, 1e-9, -7.7]

function draw2(draw: Draw): number[] {
  return [amounts[draw(amounts.length)]!, amounts[draw(amounts.length)]!]
}

function bits(value: unknown): string {
  const numbers = [...(value as ReadonlyMap<string, Float64Array>)]
  return numbers
    .map(([key, floats]) => `${key} ${[...new BigUint64Array(floats.buffer)].join()}`)
    .join()
}

describe('contributions', () => {
  it('survive a removal that has not seen them, without what it has', () => {
    const { states, handles } = share(Sums, 3)
    handles[0]!.at('x').add([10, 0.1])
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').add([1, 0.5])
    assert.deepEqual([...handles[0]!.get('x')!], [11, 0.6])
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.get('x')!], [1, 0.5])
    handles[0]!.at('x').add([2, 0])
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.get('x')!], [3, 0.5])
  })

  it('of an author that has seen the removal begin anew: nothing of the old remains in the last bits', () => {
    const { states, handles } = share(Sums)
    handles[0]!.at('x').add([1e16, 0])
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    handles[0]!.at('x').add([0.1, 0])
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.get('x')!], [0.1, 0])
  })

  it('leave nothing once their author removed them', () => {
    const { states, handles } = share(Sums)
    handles[1]!.at('kept').add([1, 1])
    sync(...states)
    const before = states[1]!.encodeState().length
    for (let i = 0; i < 50; i++) handles[0]!.at(`entry ${i}`).add([i, i])
    sync(...states)
    handles[0]!.clear()
    sync(...states)
    for (const state of states) assert.ok(state.encodeState().length < before + 40)
  })

  it('leave nothing once another removed them and their author wrote anything', () => {
    const { states, handles } = share(struct({ sums: Sums, other: moments() }))
    handles[0]!.other.record(1)
    sync(...states)
    const before = states[1]!.encodeState().length
    for (let i = 0; i < 50; i++) handles[0]!.sums.at(`entry ${i}`).add([i, i])
    sync(...states)
    handles[1]!.sums.clear()
    sync(...states)
    assert.ok(states[1]!.encodeState().length > before + 500)
    handles[0]!.other.record(2)
    sync(...states)
    for (const state of states) assert.ok(state.encodeState().length < before + 40)
    assert.equal(stateText(states[0]!), stateText(states[1]!))
  })

  it('that another removed stay known until their author wrote: a transaction that fails is nothing written', () => {
    const { states, handles } = share(Sums)
    handles[0]!.at('x').add([1, 1])
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    const before = stateText(states[0]!)
    assert.throws(() => {
      states[0]!.transact((tx) => {
        const draft = tx(handles[0]!) as Local<typeof Sums>
        draft.at('x').add([5, 5])
        throw new Error('stop')
      })
    }, /stop/)
    assert.equal(stateText(states[0]!), before)
    handles[0]!.at('y').add([1, 1])
    sync(...states)
    assert.equal(stateText(states[0]!), stateText(states[1]!))
    assert.ok(!stateText(states[0]!).includes('x='))
  })

  it('that were removed and came back over and over do not pile up', () => {
    const { states, handles } = share(Sums, 3)
    for (let round = 0; round < 200; round++) {
      for (const handle of handles) handle.at('x').add([round, 1])
      if (round % 3 === 0) sync(...states)
      handles[round % 3]!.delete('x')
      if (round % 2 === 0) sync(...states)
    }
    sync(...states)
    assert.ok(states[0]!.encodeState().length < 500)
  })

  it('that are pending are forgotten by a removal, and later ones are not', () => {
    const { states, handles } = share(Sums)
    handles[0]!.at('x').add([5, 5])
    handles[0]!.delete('x')
    assert.equal(handles[0]!.has('x'), false)
    handles[0]!.at('x').add([1, 2])
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.get('x')!], [1, 2])
  })

  it('are told of once each, and closing a removed one tells nobody', () => {
    const { states, handles } = share(Sums)
    let heard = 0
    handles[1]!.subscribe(() => heard++)
    handles[0]!.at('x').add([1, 1])
    sync(...states)
    assert.equal(heard, 1)
    handles[1]!.delete('x')
    assert.equal(heard, 2)
    sync(...states)
    handles[0]!.at('y').add([1, 1])
    sync(...states)
    assert.equal(heard, 3)
  })

  it('read the same before they leave as after', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(fastCheck.nat(7), { maxLength: 40 }), (drawn) => {
        const { states, handles } = share(Sums)
        handles[1]!.at('x').add([0.7, -1e16])
        handles[0]!.at('x').add([0.1, 1e16])
        sync(...states)
        const draw = drawsFrom(drawn)
        for (let i = 0; i < 5; i++) handles[0]!.at('x').add(draw2(draw))
        const before = bits(handles[0]!.value)
        states[0]!.takeBatch()
        assert.equal(bits(handles[0]!.value), before)
      }),
    )
  })
})

/** Replicas that write, remove, deliver and join; all that ever had one version vector must have read the same bits. */
class BitHistory {
  readonly states = [7n, 3n, 9n, 1n].map((id) => replica(id))
  readonly batches: Uint8Array[] = []
  private readonly handles: Local<typeof Sums>[]
  private readonly readingByVector = new Map<string, string>()

  constructor() {
    this.handles = this.states.map((state) => open(state, Sums))
  }

  step(draw: Draw): void {
    const which = draw(12)
    const index = draw(this.states.length)
    const state = this.states[index]!
    const handle = this.handles[index]!
    const key = 'xy'[draw(2)]!
    if (which < 5) handle.at(key).add(draw2(draw))
    else if (which === 5) handle.delete(key)
    else if (which < 9) this.deliver(state, draw)
    else if (which === 9) this.join(state, this.states[draw(this.states.length)]!)
    else this.seal(state)
    this.compare(state, handle)
  }

  seal(state: SpaceState): void {
    const batch = state.takeBatch()
    if (batch !== undefined) this.batches.push(batch)
  }

  private deliver(state: SpaceState, draw: Draw): void {
    for (let i = 0; i < 3; i++) {
      if (this.batches.length > 0) state.apply(this.batches[draw(this.batches.length)]!)
    }
  }

  private join(state: SpaceState, other: SpaceState): void {
    if (state === other) return
    this.seal(other)
    state.joinState(other.encodeState())
  }

  compare(state: SpaceState, handle: Local<typeof Sums>): void {
    if (state.pendingUpdates > 0) return
    const key = [...state.vector.entries()]
      .map(([id, seq]) => `${id}:${seq}`)
      .sort()
      .join()
    const reading = bits(handle.value)
    assert.equal(this.readingByVector.get(key) ?? reading, reading)
    this.readingByVector.set(key, reading)
  }

  /** A further replica that gets everything in a drawn order. */
  observe(id: bigint, order: (batches: Uint8Array[]) => Uint8Array[]): void {
    const state = replica(id)
    const handle = open(state, Sums)
    let waiting = order([...this.batches])
    while (waiting.length > 0) {
      const batch = waiting.find((one) => state.apply(one) !== 'gap')!
      waiting = order(waiting.filter((one) => one !== batch))
      this.compare(state, handle)
    }
  }
}

describe('sums of floats', () => {
  const steps = fastCheck.array(
    fastCheck.array(fastCheck.nat(719), { minLength: 10, maxLength: 10 }),
    {
      minLength: 10,
      maxLength: 60,
      size: 'max',
    },
  )

  it('are equal to the last bit wherever the version vector is, removals and joins of states included', () => {
    fastCheck.assert(
      fastCheck.property(steps, fastCheck.nat(1000), (drawn, turn) => {
        const history = new BitHistory()
        for (const step of drawn) history.step(drawsFrom(step))
        for (const state of history.states) history.seal(state)
        history.observe(100n, (batches) => batches)
        history.observe(0n, (batches) => batches.reverse())
        history.observe(5n, (batches) =>
          batches.map((_, i) => batches[(i + turn) % batches.length]!),
        )
      }),
    )
  })

  it('add up batch by batch, replica by replica in the order of ids', () => {
    fastCheck.assert(
      fastCheck.property(fastCheck.array(fastCheck.nat(719), { maxLength: 90 }), (drawn) => {
        const draw = drawsFrom(drawn)
        const ids = [7n, 3n, 9n]
        const states = ids.map((id) => replica(id))
        const handles = states.map((state) => open(state, vector(1)))
        const totals = [0, 0, 0]
        for (let round = 0; round < 6; round++) {
          for (const [i, handle] of handles.entries()) {
            let increment = 0
            for (let adds = draw(4); adds > 0; adds--) {
              const amount = amounts[draw(amounts.length)]!
              handle.addAt(0, amount)
              increment += amount
            }
            totals[i]! += increment
          }
          sync(...states)
        }
        const expected = totals[1]! + totals[0]! + totals[2]!
        for (const handle of handles) assert.ok(Object.is(handle.value[0], expected))
      }),
    )
  })
})
