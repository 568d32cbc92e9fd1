// What a removal removes: exactly what its replica had seen.
import assert from 'node:assert/strict'
import { counter, flag, map, max, register, set, struct } from '#crdt-objects/index.ts'
import { open, replica, share, sync } from './replicas.ts'

describe('removals', () => {
  it('a counter of 10 that is deleted while another adds 1 reads 1', () => {
    const { states, handles } = share(map(counter()))
    const [a, b] = handles as [(typeof handles)[0], (typeof handles)[0]]
    a.at('x').add(10)
    sync(...states)
    a.delete('x')
    b.at('x').add(1)
    assert.equal(a.has('x'), false)
    assert.equal(b.get('x'), 11)
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 1)
  })

  it('a counter deleted by two at once and added to by a third keeps the addition alone', () => {
    const { states, handles } = share(map(counter()), 3)
    handles[0]!.at('x').add(10)
    sync(...states)
    handles[0]!.delete('x')
    handles[1]!.delete('x')
    handles[2]!.at('x').add(2)
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 2)
  })

  it('two concurrent deletes delete once', () => {
    const { states, handles } = share(map<number>())
    handles[0]!.set('x', 1)
    sync(...states)
    for (const handle of handles) handle.delete('x')
    sync(...states)
    for (const handle of handles) assert.equal(handle.size, 0)
  })

  it('an entry made again after its deletion starts anew', () => {
    const { states, handles } = share(map(struct({ hits: counter(), best: max(), tags: set() })))
    const entry = handles[0]!.at('x')
    entry.hits.add(5)
    entry.best.offer(9)
    entry.tags.add('old')
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    assert.equal(handles[0]!.has('x'), false)
    entry.hits.add(1)
    entry.best.offer(3)
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.get('x'), { hits: 1, best: 3, tags: new Set() })
    }
  })

  it('of a concurrent delete and set of one key, the set stays', () => {
    const { states, handles } = share(map<string>())
    handles[0]!.set('x', 'old')
    sync(...states)
    handles[0]!.delete('x')
    handles[1]!.set('x', 'new')
    sync(...states)
    for (const handle of handles) assert.equal(handle.get('x'), 'new')
  })

  it('of a concurrent enable and disable, the enable wins', () => {
    const { states, handles } = share(flag())
    handles[0]!.enable()
    sync(...states)
    handles[0]!.disable()
    handles[1]!.enable()
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, true)
  })

  it('of a concurrent add and delete of one element, the add wins', () => {
    const { states, handles } = share(set<string>())
    handles[0]!.add('x')
    sync(...states)
    handles[0]!.delete('x')
    handles[1]!.add('x')
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle], ['x'])
  })

  it('clear removes what is seen, and what is not stays', () => {
    const { states, handles } = share(map(set<string>()))
    handles[0]!.at('x').add('seen')
    sync(...states)
    handles[0]!.clear()
    handles[1]!.at('x').add('unseen')
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('x'), new Set(['unseen']))
  })

  it('a delete of what is not there is no update', () => {
    const state = replica(1n)
    open(state, map<number>(), 'values').delete('x')
    open(state, map(counter()), 'counters').delete('x')
    open(state, set(), 'set').clear()
    open(state, flag(), 'flag').disable()
    assert.equal(state.pendingUpdates, 0)
    assert.equal(state.takeBatch(), undefined)
  })

  it('what was written and deleted before a batch left leaves nothing elsewhere', () => {
    const { states, handles } = share(map(register<string>()))
    handles[0]!.at('x').set('brief')
    handles[0]!.delete('x')
    sync(...states)
    assert.equal(handles[1]!.size, 0)
    assert.equal(states[1]!.vector.get(1n), 2)
  })

  it('a handle held over a delete goes on working', () => {
    const { states, handles } = share(map(map(set<string>())))
    const held = handles[0]!.at('x').at('y')
    held.add('before')
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    assert.deepEqual(held.value, new Set())
    held.add('after')
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('x')?.get('y'), new Set(['after']))
    assert.deepEqual(held.value, new Set(['after']))
  })

  it('a child handle held while its parent is let go sees writes through other handles', () => {
    const { states, handles } = share(map(struct({ tags: set<string>() })))
    const held = handles[0]!.at('x').tags
    held.add('a')
    handles[0]!.delete('x')
    sync(...states)
    handles[0]!.at('x').tags.add('b')
    assert.deepEqual(held.value, new Set(['b']))
  })

  it('entries that are gone release their memory in the state', () => {
    const { states, handles } = share(map(struct({ tags: set<string>(), on: flag() })))
    const [a, b] = states as [(typeof states)[0], (typeof states)[0]]
    handles[0]!.at('kept').on.enable()
    sync(a, b)
    const before = a.encodeState().length
    for (let i = 0; i < 500; i++) handles[0]!.at(`entry ${i}`).tags.add('a')
    sync(a, b)
    assert.ok(a.encodeState().length > before + 500)
    handles[1]!.clear()
    handles[1]!.at('kept').on.enable()
    sync(a, b)
    for (const state of states) assert.ok(state.encodeState().length < before + 40)
  })

  it('a handle that is only looked at creates nothing', () => {
    const state = replica(1n)
    const handle = open(state, map(map(counter())))
    assert.equal(handle.at('x').at('y').value, 0)
    assert.equal(handle.size, 0)
    assert.equal(state.pendingUpdates, 0)
  })

  it('a replica that joined a state made while an object was empty takes later batches', () => {
    const writer = replica(1n)
    const handle = open(writer, flag())
    handle.enable()
    handle.disable()
    writer.takeBatch()
    const joiner = replica(2n)
    joiner.joinState(writer.encodeState())
    handle.enable()
    assert.equal(joiner.apply(writer.takeBatch()!), 'applied')
    assert.equal(open(joiner, flag()).value, true)
  })
})
