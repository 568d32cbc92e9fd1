import assert from 'node:assert/strict'
import { parseDescriptor } from '#crdt-objects/engine.ts'
import { isJoineryError, map, topK, type Ranked } from '#crdt-objects/index.ts'
import { stateText } from '#test/suites/state-text.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const names = (ranking: readonly Ranked[] | undefined): string =>
  (ranking ?? []).map(({ key, score }) => `${key}${score}`).join(' ')

describe('topK', () => {
  it('ranks by score, then by key, and shows the best', () => {
    const { states, handles } = share(topK(3))
    handles[0]!.offer('b', 5)
    handles[0]!.offer('c', 7)
    handles[1]!.offer('a', 5)
    handles[1]!.offer('d', 1)
    sync(...states)
    for (const handle of handles) {
      assert.equal(names(handle.value), 'c7 a5 b5')
      assert.equal(names(handle.top(1)), 'c7')
      assert.equal(names(handle.top(0)), '')
      assert.equal(names(handle.top(100)), 'c7 a5 b5')
    }
  })

  it('takes an offer that does not get in, or does not raise a score, for no update', () => {
    const { states, handles } = share(topK(2))
    handles[0]!.offer('b', 5)
    handles[0]!.offer('c', 5)
    sync(...states)
    for (const [key, score] of [
      ['d', 5],
      ['a', 4],
      ['b', 5],
      ['b', 2],
    ] as const)
      // prettier-ignore
      handles[1]!.offer(key, score)
    assert.equal(states[1]!.pendingUpdates, 0)
    handles[1]!.offer('a', 5)
    assert.equal(states[1]!.pendingUpdates, 1)
    assert.equal(names(handles[1]!.value), 'a5 b5')
  })

  it('removes what an offer displaces, so that the state stays small', () => {
    const { states, handles } = share(topK(3))
    for (let i = 0; i < 1_000; i++) handles[0]!.offer(`key ${i}`, i)
    sync(...states)
    assert.equal(stateText(states[1]!).match(/key \d+=/g)?.length, 3)
  })

  it('keeps more than its places only between concurrent offers', () => {
    const { states, handles } = share(topK(2))
    handles[0]!.offer('a', 1)
    handles[0]!.offer('b', 2)
    handles[1]!.offer('c', 3)
    handles[1]!.offer('d', 4)
    sync(...states)
    assert.equal(stateText(states[0]!).match(/[a-d]=\[/g)?.length, 4)
    handles[0]!.offer('e', 5)
    sync(...states)
    for (const [i, handle] of handles.entries()) {
      assert.equal(names(handle.value), 'e5 d4')
      assert.equal(stateText(states[i]!).match(/[a-e]=\[/g)?.length, 2)
    }
  })

  it('keeps the greatest of concurrent scores for one key', () => {
    const { states, handles } = share(topK(2))
    handles[0]!.offer('a', 1)
    handles[1]!.offer('a', 2)
    sync(...states)
    for (const handle of handles) assert.equal(names(handle.value), 'a2')
  })

  it('tells listeners which keys came and went', () => {
    const { handles } = share(topK(1))
    handles[0]!.offer('a', 1)
    const paths: unknown[] = []
    handles[0]!.subscribe(({ detail }) => paths.push(...detail.map(({ path }) => path)))
    handles[0]!.offer('b', 2)
    assert.deepEqual(paths.flat().sort(), ['a', 'b'])
  })

  it('goes with its entry of a map; what was offered without knowing stays', () => {
    const { states, handles } = share(map(topK(2)))
    handles[0]!.at('x').offer('a', 1)
    sync(...states)
    handles[0]!.delete('x')
    handles[1]!.at('x').offer('b', 2)
    sync(...states)
    for (const handle of handles) assert.equal(names(handle.get('x')), 'b2')
  })

  it('refuses scores and keys that are none, and sizes out of range', () => {
    const state = replica(1n)
    const handle = open(state, topK(2))
    for (const [key, score] of [
      ['a', NaN],
      ['a', Infinity],
      ['a', '1'],
      [1, 1],
      ['__proto__', 1],
      ['\ud800', 1],
    ])
      // prettier-ignore
      refuses(state, 'VALUE_INVALID', () => {
        handle.offer(key as string, score as number)
      })
    for (const n of [-1, 1.5, NaN]) refuses(state, 'VALUE_INVALID', () => handle.top(n))
    for (const k of [0, 1_001, 1.5, NaN]) {
      assert.throws(
        () => topK(k),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
    assert.throws(
      () => parseDescriptor('["topK",0]'),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })
})
