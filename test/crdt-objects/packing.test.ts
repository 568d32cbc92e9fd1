import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { packReplica, type SpaceState } from '#crdt-objects/engine.ts'
import type { Change } from '#crdt-objects/index.ts'
import { counter, log, map, register, set, struct, text, vector } from '#crdt-objects/index.ts'
import { Churn } from '#test/suites/churn.ts'
import { drawnSteps } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { packAll } from '#test/suites/pack-all.ts'
import { runsOf } from '#test/suites/runs.ts'
import { loadAllEngines, schemaByTitle } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { open, replica, share, sync } from './replicas.ts'

const steps = drawnSteps({ integers: 6, most: 60 })
const page = struct({ hits: counter(), notes: text(), names: map<string>() })

function isPacked(state: SpaceState, name = 'object'): boolean {
  return state.find(name)!.isPacked
}

/** The life in slot 2 ends after one batch of two, and so many without any that those are forgotten that nothing names. */
function endManyLives(state: SpaceState): void {
  const ends = [{ slot: 2, inc: 1, m: 2 }]
  for (let slot = 3; slot < 603; slot++) ends.push({ slot, inc: 1, m: 0 })
  for (let inc = 1; inc <= 3; inc++) {
    const sealed = inc === 1 ? ends : ends.map(({ slot }) => ({ slot, inc, m: 0 }))
    state.enterEpoch(sealed, inc === 1 ? [packReplica(0, 1), packReplica(1, 1)] : [])
    state.settleEpoch(inc)
  }
}

describe('an object that is packed whenever nobody looks', () => {
  before(loadAllEngines)

  for (const [title, schema] of schemaByTitle) {
    it(`is what one is that never was, through epochs: ${title}`, () => {
      fastCheck.assert(
        fastCheck.property(steps, (drawn) => {
          const churn = new Churn(schema, { packs: true })
          for (const step of drawn) churn.step(drawsFrom(step))
          churn.finish()
        }),
        runsOf(title, 'packing', 3),
      )
    })
  }
})

describe('an object that nobody uses', () => {
  before(loadAllEngines)

  it('is packed once it was not used between two looks, and unpacked by the next use', () => {
    const state = replica(1n)
    const handle = open(state, page)
    handle.notes.append('x'.repeat(300))
    for (let turn = 0; turn < 4; turn++) state.packIdle(1)
    assert.ok(!isPacked(state), 'it waits for a batch')
    state.takeBatch()
    for (let turn = 0; turn < 4; turn++) {
      assert.equal(handle.value.notes.length, 300)
      state.packIdle(1)
      assert.ok(!isPacked(state), 'it was used since')
    }
    state.packIdle(1)
    state.packIdle(1)
    assert.ok(isPacked(state))
    assert.equal(handle.notes.value.length, 300)
    assert.ok(!isPacked(state))
  })

  it('is looked at once in a round, of which each turn looks at a part', () => {
    const state = replica(1n)
    for (let i = 0; i < 100; i++) open(state, text(), `text ${i}`).append('x')
    state.takeBatch()
    const packed = (): number => [...state.objects()].filter((each) => each.isPacked).length
    for (let turn = 0; turn < 10; turn++) state.packIdle(10)
    assert.equal(packed(), 0)
    state.packIdle(10)
    assert.equal(packed(), 11)
    for (let turn = 1; turn < 10; turn++) state.packIdle(10)
    assert.equal(packed(), 100)
  })

  it('is there for all that had it: handles of places below, listeners, and what others write', () => {
    const { states, handles } = share(page, 2)
    const [state, other] = states as [SpaceState, SpaceState]
    const [handle, far] = handles as [(typeof handles)[0], (typeof handles)[0]]
    const { hits, notes, names } = handle
    hits.add(1)
    notes.append('a')
    names.set('first', 'x')
    sync(state, other)
    const told: Change[] = []
    handle.subscribe((change) => told.push(change))
    assert.equal(packAll(state), 1)
    assert.equal(hits.value, 1)
    assert.equal(packAll(state), 1)
    hits.add(10)
    assert.deepEqual(told.map(({ detail }) => detail), [[{ path: ['hits'] }]]) // prettier-ignore
    sync(state, other)
    assert.equal(packAll(state), 1)
    far.notes.append('b')
    sync(state, other)
    assert.deepEqual(told.at(-1), { origin: 'remote', by: ['0000000000000002'], detail: [{ path: ['notes'], delta: [{ retain: 1 }, { insert: 'b' }] }] }) // prettier-ignore
    assert.deepEqual([hits.value, notes.value, names.get('first')], [11, 'ab', 'x'])
    assert.equal(stateText(state), stateText(other))
  })

  it('is in a state as it was, and stays packed', () => {
    const { states, handles } = share(page)
    const [state, other] = states as [SpaceState, SpaceState]
    for (const handle of handles) {
      handle.notes.append('notes')
      handle.hits.add(3)
    }
    sync(...states)
    const unpacked = stateText(state)
    assert.equal(packAll(state), 1)
    assert.equal(stateText(state), unpacked)
    assert.ok(isPacked(state))
    const late = replica(3n)
    late.joinState(state.encodeState())
    assert.equal(open(late, page).notes.value, open(other, page).notes.value)
  })

  it('goes on with more fields, where a schema brings them', () => {
    const state = replica(1n)
    open(state, struct({ hits: counter() })).hits.add(1)
    state.takeBatch()
    assert.equal(packAll(state), 1)
    const wider = open(state, page)
    wider.names.set('a', 'b')
    assert.equal(wider.hits.value, 1)
    assert.equal(open(state, struct({ hits: counter() })).hits.value, 1)
  })

  it('keeps no life in mind that is over: what that has left is folded when it is used again', () => {
    const ids = [packReplica(0, 1), packReplica(1, 1)] as const
    const [state, gone] = ids.map((id) => replica(id)) as [SpaceState, SpaceState]
    const handle = open(gone, page)
    handle.hits.add(5)
    handle.names.set('gone', 'x')
    state.apply(gone.takeBatch()!)
    assert.equal(packAll(state), 1)
    state.enterEpoch([{ slot: 1, inc: 1, m: 2 }], [])
    state.settleEpoch(1)
    assert.ok(isPacked(state))
    assert.equal(open(state, page).hits.value, 5)
    assert.match(stateText(state), /base 5/)
  })

  it('is trimmed when it is used again, if all others were meanwhile', () => {
    const trimmed = (packs: boolean): { packed: number; bytes: Uint8Array } => {
      const [state, ...others] = [0, 1, 2].map((slot) => replica(packReplica(slot, 1)))
      const notes = open(state!, text())
      notes.append('x'.repeat(100))
      state!.takeBatch()
      notes.delete(0, 99)
      state!.takeBatch()
      for (const other of others) {
        open(other, counter(), 'count').add(1)
        state!.apply(other.takeBatch()!)
      }
      const packed = packs ? packAll(state!) : 0
      for (const slot of [1, 2]) state!.enterEpoch([{ slot, inc: 1, m: 1 }], [])
      state!.settleEpoch(2)
      state!.trimEpoch(2)
      return { packed, bytes: state!.encodeState({ canonical: true }) }
    }
    const packed = trimmed(true)
    assert.equal(packed.packed, 2)
    assert.deepEqual(packed.bytes, trimmed(false).bytes)
  })

  it('stays as it is where it is small, large, or a sum of floating point numbers', () => {
    const state = replica(1n)
    const many = open(state, map<number>(), 'large')
    for (let i = 0; i < 4_000; i++) many.set(String(i), i)
    open(state, map<number>(), 'small').set('a', 1)
    open(state, vector(3), 'sums').add([0.1, 0.2, 0.3])
    state.takeBatch()
    for (let turn = 0; turn < 6; turn++) state.packIdle(1)
    for (const name of ['large', 'small', 'sums']) assert.ok(!isPacked(state, name), name)
    many.delete('0')
    state.takeBatch()
    for (let turn = 0; turn < 6; turn++) state.packIdle(1)
    assert.ok(isPacked(state, 'large'))
  })

  it('was read from before, and is read on: what is read of it is looked for again', () => {
    const state = replica(1n)
    const handle = open(state, log<string>())
    const below = open(state, map(log<string>()), 'logs')
    handle.append('a', 'b')
    below.at('key').append('c')
    state.takeBatch()
    const [values, places] = [handle.values(), below.at('key').values()]
    assert.equal(packAll(state), 2)
    assert.deepEqual([...values, ...places], ['a', 'b', 'c'])
  })

  it('stays packed where unpacking fails', () => {
    const state = replica(1n)
    const handle = open(state, map(struct({ notes: text() })))
    for (let i = 0; i < 20; i++) handle.at(`key ${i}`).notes.append('a')
    state.takeBatch()
    assert.equal(packAll(state), 1)
    // Where the stack ends it fails at this or that place, until there is stack enough.
    let failures = 0
    const dive = (): void => {
      try {
        dive()
      } catch (error) {
        try {
          if (isPacked(state)) assert.equal(handle.value.size, 20)
        } catch {
          failures++
        }
        throw error
      }
    }
    assert.throws(dive, RangeError)
    assert.ok(failures > 3, String(failures))
    assert.equal(handle.value.size, 20)
  })

  it('is packed although states are sent all the time', () => {
    const state = replica(1n)
    open(state, text()).append('x'.repeat(300))
    state.takeBatch()
    for (let turn = 0; turn < 4; turn++) {
      state.packIdle(1)
      state.encodeState()
    }
    assert.ok(isPacked(state))
  })

  it('loses by a state what was removed, though it alone names its writer', () => {
    const [keeps, removes, writer] = [0, 1, 2].map((slot) => replica(packReplica(slot, 1)))
    open(writer!, set<string>(), 'tags').add('x')
    open(writer!, register<string>(), 'title').set('x')
    const batch = writer!.takeBatch()!
    for (const each of [keeps!, removes!]) each.apply(batch)
    assert.equal(packAll(keeps!), 2)
    for (const each of [keeps!, removes!]) endManyLives(each)
    open(removes!, set<string>(), 'tags').delete('x')
    open(removes!, register<string>(), 'title').set('y')
    removes!.takeBatch()
    keeps!.joinState(removes!.encodeState())
    assert.deepEqual([...open(keeps!, set<string>(), 'tags').value], [])
    assert.deepEqual(open(keeps!, register<string>(), 'title').conflicts(), [])
  })

  it('is not packed in the midst of a transaction', () => {
    const state = replica(1n)
    const notes = open(state, text())
    notes.append('x'.repeat(300))
    state.takeBatch()
    assert.throws(() => {
      state.transact((tx) => {
        ;(tx(notes) as typeof notes).append('y')
        for (let turn = 0; turn < 6; turn++) state.packIdle(1)
        throw new Error('taken back')
      })
    }, /taken back/)
    assert.ok(!isPacked(state))
    assert.equal(notes.value, 'x'.repeat(300))
  })
})
