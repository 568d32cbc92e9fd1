// Flags whose `disable` wins, sets whose `delete` wins, and what that costs.
import assert from 'node:assert/strict'
import { flag, isJoineryError, map, set } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

describe("flag({ wins: 'disable' })", () => {
  const Permit = flag({ wins: 'disable' })

  it('is disabled by a disable beside an enable, until it is enabled by one who knows', () => {
    const { states, handles } = share(Permit, 3)
    handles[0]!.enable()
    sync(...states)
    handles[0]!.enable()
    handles[1]!.disable()
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, false)
    handles[2]!.enable()
    sync(...states)
    for (const handle of handles) assert.equal(handle.value, true)
  })

  it('takes no update for a disable of what is not enabled here', () => {
    const { states, handles } = share(Permit)
    handles[0]!.disable()
    assert.equal(states[0]!.pendingUpdates, 0)
    handles[1]!.enable()
    sync(...states)
    assert.equal(handles[0]!.value, true)
  })

  it('is gone from a map when it is disabled, whoever enables or removes it meanwhile', () => {
    const { states, handles } = share(map(Permit))
    handles[0]!.at('a').enable()
    handles[0]!.at('b').enable()
    sync(...states)
    handles[0]!.at('a').disable()
    assert.deepEqual([...handles[0]!.keys()], ['b'])
    handles[1]!.at('a').enable()
    handles[1]!.delete('b')
    sync(...states)
    for (const handle of handles) assert.equal(handle.size, 0)
  })

  it('is another schema than a flag that enable wins', () => {
    assert.notEqual(Permit.kind.descriptor, flag().kind.descriptor)
    assert.equal(flag({ wins: 'enable' }).kind, flag().kind)
    assert.throws(
      () => flag({ wins: 'add' as 'enable' }),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
  })
})

describe("set({ wins: 'delete' })", () => {
  const Members = set<number>({ wins: 'delete' })

  it('loses what was deleted beside an add, and takes it back from one who knows', () => {
    const { states, handles } = share(Members)
    handles[0]!.add(1)
    handles[0]!.add(2)
    sync(...states)
    handles[0]!.add(1)
    handles[1]!.delete(1)
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle], [2])
    handles[0]!.add(1)
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle], [1, 2])
    for (const handle of handles) assert.equal(handle.count(), 2)
  })

  it('is cleared of all that is there, also of what others add to it meanwhile', () => {
    const { states, handles } = share(Members)
    for (const n of [1, 2, 3]) handles[0]!.add(n)
    handles[0]!.delete(3)
    sync(...states)
    handles[0]!.clear()
    for (const n of [1, 3, 4]) handles[1]!.add(n)
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle], [3, 4])
    handles[0]!.clear()
    const before = states[0]!.pendingUpdates
    handles[0]!.clear()
    handles[0]!.delete(4)
    assert.equal(states[0]!.pendingUpdates, before)
  })

  it('is as before when a transaction fails', () => {
    const { states, handles } = share(map(Members))
    const place = handles[0]!.at('k')
    for (const n of [1, 2, 3]) place.add(n)
    sync(...states)
    place.delete(3)
    refuses(states[0]!, 'VALUE_INVALID', () => {
      states[0]!.transact((tx) => {
        const draft = tx(handles[0]!) as (typeof handles)[0]
        draft.at('k').delete(1)
        draft.at('k').add(3)
        draft.at('k').clear()
        draft.at('k').add(9)
        draft.delete('k')
        draft.at('k').add(NaN)
      })
    })
    assert.deepEqual([...place], [1, 2])
    assert.equal(place.size, 2)
    sync(...states)
    assert.deepEqual([...handles[1]!.at('k')], [1, 2])
  })

  it('keeps deleted elements inside until its place is removed', () => {
    const { states, handles } = share(map(Members))
    for (let n = 0; n < 100; n++) handles[0]!.at('k').add(n)
    sync(...states)
    for (let n = 0; n < 99; n++) handles[1]!.at('k').delete(n)
    sync(...states)
    const kept = states[0]!.encodeState().length
    assert.ok(kept > 400, `${kept} bytes`)
    handles[0]!.delete('k')
    sync(...states)
    assert.ok(states[1]!.encodeState().length < 100)
  })

  it('refuses what is no value, and another winner', () => {
    const state = replica(1n)
    const handle = open(state, Members)
    handle.add(1)
    refuses(state, 'VALUE_INVALID', () => handle.add(NaN))
    refuses(state, 'VALUE_INVALID', () => handle.delete(NaN))
    assert.throws(
      () => set({ wins: 'disable' as 'delete' }),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
  })
})
