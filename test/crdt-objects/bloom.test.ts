import assert from 'node:assert/strict'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { bloom, isJoineryError, map } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const anything = bloom<unknown>({ capacity: 10_000 })

describe('bloom', () => {
  it('has what any replica added, and counts it', () => {
    const { states, handles } = share(anything)
    handles[0]!.add('a', { x: 1, y: 2 })
    handles[1]!.add('b')
    sync(...states)
    for (const handle of handles) {
      for (const item of ['a', 'b', { y: 2, x: 1 }]) assert.equal(handle.has(item), true)
      for (const item of ['c', { x: 1 }, 1]) assert.equal(handle.has(item), false)
      assert.equal(handle.count(), 3)
      assert.equal(handle.value, 3)
    }
  })

  it('has nothing while nothing was added', () => {
    const handle = open(replica(1n), anything)
    assert.equal(handle.has('a'), false)
    assert.equal(handle.count(), 0)
  })

  it('takes an item that is there for no update', () => {
    const { states, handles } = share(anything)
    handles[0]!.add('a', 'b')
    sync(...states)
    handles[1]!.add('b')
    handles[1]!.add()
    assert.equal(states[1]!.pendingUpdates, 0)
  })

  it('sends the bits of new items only, and a state no larger than its bits', () => {
    const state = replica(1n)
    const handle = open(state, anything)
    for (let i = 0; i < 10_000; i++) handle.add(i)
    const bytes = 100_989 / 8
    assert.ok(state.takeBatch()!.length < bytes + 100)
    handle.add('one more')
    assert.ok(state.takeBatch()!.length < 80)
    assert.ok(state.encodeState().length < bytes + 100)
  })

  it('is the same to a replica that joins the state', () => {
    for (const items of [5, 5_000]) {
      const state = replica(1n)
      const handle = open(state, anything)
      for (let i = 0; i < items; i++) handle.add(i)
      state.takeBatch()
      const other = replica(2n)
      other.joinState(state.encodeState())
      const copy = open(other, anything)
      assert.equal(copy.value, handle.value)
      for (let i = 0; i < items; i++) assert.ok(copy.has(i))
    }
  })

  it('goes with its entry of a map', () => {
    const { states, handles } = share(map(anything))
    handles[0]!.at('x').add('a')
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    for (const handle of handles) {
      assert.equal(handle.size, 0)
      assert.equal(handle.at('x').has('a'), false)
    }
  })

  it('refuses what no value is, and filters out of range', () => {
    const state = replica(1n)
    const handle = open(state, anything)
    refuses(state, 'VALUE_INVALID', () => {
      handle.add('fine', NaN)
    })
    refuses(state, 'VALUE_INVALID', () => handle.has(Symbol('s')))
    const refused = [
      { capacity: 0 },
      { capacity: -1 },
      { capacity: 1.5 },
      { capacity: NaN },
      { capacity: 10_000_000 },
      { capacity: 10, error: 0 },
      { capacity: 10, error: 0.6 },
      { capacity: 10, error: NaN },
    ]
    for (const options of refused) {
      assert.throws(
        () => bloom(options),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })

  it('is described by capacity and error, which are not trusted', () => {
    assert.equal(anything.kind.descriptor, '["bloom",10000,0.01]')
    for (const args of ['', ',10', ',10,0.01,1', ',0,0.01', ',1e9,0.01', ',10,"x"']) {
      assert.throws(
        () => parseDescriptor(`["bloom"${args}]`),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
    }
  })
})
