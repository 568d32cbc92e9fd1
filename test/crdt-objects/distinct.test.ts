import assert from 'node:assert/strict'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { distinct, isJoineryError, map, type Shareable } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const anything = distinct<unknown>()

describe('distinct', () => {
  it('counts an item once, whoever added it and however it is spelt', () => {
    const { states, handles } = share(anything)
    handles[0]!.add('a', 1, { x: 1, y: [2] }, new Map([['k', new Set([1, 2])]]))
    handles[1]!.add('a', '1', { y: [2], x: 1 }, new Map([['k', new Set([2, 1])]]))
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, 5)
  })

  it('reads 0 while there is nothing, and takes no items at all', () => {
    const state = replica(1n)
    const handle = open(state, anything)
    assert.equal(handle.value, 0)
    handle.add()
    assert.equal(state.pendingUpdates, 0)
  })

  it('takes an item that is seen here for no update, and tells listeners nothing', () => {
    const { states, handles } = share(anything)
    handles[0]!.add('a', 'b')
    sync(...states)
    let heard = 0
    handles[1]!.subscribe(() => heard++)
    handles[1]!.add('b')
    handles[1]!.add('b', 'a')
    assert.equal(states[1]!.pendingUpdates, 0)
    assert.equal(heard, 0)
    handles[1]!.add('b', 'c')
    assert.equal(states[1]!.pendingUpdates, 1)
    assert.equal(heard, 1)
  })

  it('is one batch of a few bytes for one more item, however many there are', () => {
    const state = replica(1n)
    const handle = open(state, anything)
    for (let i = 0; i < 100_000; i++) handle.add(i)
    assert.ok(state.takeBatch()!.length < 3_200)
    for (let i = 100_000; state.pendingUpdates === 0; i++) handle.add(i)
    assert.ok(state.takeBatch()!.length < 50)
    assert.ok(state.encodeState().length < 3_200)
  })

  it('goes with its entry of a map; what was added without knowing stays', () => {
    const { states, handles } = share(map(anything))
    handles[0]!.at('x').add('a')
    sync(...states)
    handles[0]!.delete('x')
    assert.equal(handles[0]!.get('x'), undefined)
    handles[1]!.at('x').add('b')
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 1)
  })

  it('keeps all that a replica added, where it went on without knowing of a removal', () => {
    const { states, handles } = share(map(anything))
    handles[0]!.at('x').add('a')
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').add('b')
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 2)
  })

  it('refuses what no value is, and options out of range', () => {
    const state = replica(1n)
    const handle = open(state, anything)
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const item of [NaN, Infinity, Symbol('s'), () => 0, cycle, '\ud800', new (class {})()]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.add('fine', item)
      })
    }
    refuses(state, 'OBJECT_TOO_LARGE', () => {
      handle.add('x'.repeat(200 * 1024))
    })
    for (const precision of [3, 19, 12.5, NaN, '12' as unknown as number]) {
      assert.throws(
        () => distinct({ precision }),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })

  it('is another object with another precision, and no object with a forged one', () => {
    assert.equal(distinct().kind.descriptor, '["distinct",12]')
    assert.equal(distinct().kind.text, 'distinct({ precision: 12 })')
    assert.equal(parseDescriptor('["distinct",4]').descriptor, '["distinct",4]')
    const state = replica(1n)
    open(state, distinct({ precision: 10 }))
    assert.throws(
      () => open(state, distinct()),
      (error) => isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'),
    )
    for (const forged of [
      '["distinct"]',
      '["distinct",99]',
      '["distinct","12"]',
      '["distinct",12,1]',
    ])
      assert.throws(
        () => parseDescriptor(forged),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
  })

  it('takes items of its type', () => {
    const numbers: Shareable<number> = 1
    open(replica(1n), distinct<number>()).add(numbers, 2)
  })
})
