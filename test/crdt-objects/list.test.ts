import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { loadEngines } from '#crdt-objects/engine.ts'
import type { ListHandle, SequenceStep } from '#crdt-objects/index.ts'
import { list, map } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'
import { applyListSteps } from './sequence-mirror.ts'

type List<T = unknown> = ListHandle<'local', T>

describe('list', () => {
  before(() => loadEngines(list().kind))

  it('mirrors an array: push, insert, delete, get, slice, length, iteration', () => {
    const { handles } = share(list<string>(), 1)
    const [letters] = handles as [List<string>]
    letters.push('a', 'b')
    letters.insert(1, 'x', 'y')
    letters.push('c')
    letters.delete(1)
    letters.delete(0, 1)
    assert.deepEqual(letters.value, ['y', 'b', 'c'])
    assert.equal(letters.length, 3)
    assert.equal(letters.count(), 3)
    assert.deepEqual([...letters], ['y', 'b', 'c'])
    assert.deepEqual([...letters.values()], ['y', 'b', 'c'])
    assert.equal(letters.get(2), 'c')
    for (const outside of [3, -1, 0.5, NaN]) assert.equal(letters.get(outside), undefined)
    assert.deepEqual(letters.slice(), ['y', 'b', 'c'])
    assert.deepEqual(letters.slice(-2, -1), ['b'])
    assert.deepEqual(letters.toJSON(), ['y', 'b', 'c'])
  })

  it('holds every value that can be shared, and gives snapshots that no change reaches', () => {
    const { states, handles } = share(list<unknown>())
    const [a, b] = handles as [List, List]
    const values = [
      undefined,
      null,
      0,
      -0,
      1.5,
      2 ** 53 - 1,
      'text',
      true,
      -(10n ** 30n),
      new Date(7),
      Uint8Array.of(1, 2),
      new Map([['k', new Set([1])]]),
      [1, [2]],
      { value: 1 },
      {},
    ]
    a.push(...values)
    sync(...states)
    for (const handle of [a, b]) {
      assert.deepEqual(handle.value, values)
      assert.ok(Object.is(handle.get(3), -0))
      for (const [index, value] of values.entries()) assert.deepEqual(handle.get(index), value)
      ;(handle.get(9) as Date).setTime(0)
      ;(handle.value[10] as Uint8Array).fill(0)
      ;(handle.value[11] as Map<string, unknown>).clear()
      assert.ok(Object.isFrozen(handle.value[13]))
      assert.deepEqual(handle.value, values)
    }
    ;(values[9] as Date).setTime(1)
    assert.deepEqual(a.get(9), new Date(7))
  })

  it('merges what is inserted and deleted at the same time', () => {
    const { states, handles } = share(list<number>())
    const [a, b] = handles as [List<number>, List<number>]
    a.push(1, 2, 3, 4)
    sync(...states)
    a.insert(2, 21, 22)
    b.delete(1, 2)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, [1, 21, 22, 4])
  })

  it('refuses what it cannot take, and is left as it was', () => {
    const { states, handles } = share(list(), 1)
    const [items] = handles as [List]
    items.push(1, 2)
    for (const index of [-1, 3, 0.5, NaN, undefined as never]) {
      refuses(states[0]!, 'VALUE_INVALID', () => {
        items.insert(index, 'x')
      })
      refuses(states[0]!, 'VALUE_INVALID', () => {
        items.delete(index)
      })
    }
    for (const count of [-1, 2, 0.5]) {
      refuses(states[0]!, 'VALUE_INVALID', () => {
        items.delete(1, count)
      })
    }
    for (const wrong of [NaN, Infinity, () => 1, Symbol('x'), '\udc00', [NaN], new Error('x')]) {
      refuses(states[0]!, 'VALUE_INVALID', () => {
        items.push(1, wrong)
      })
    }
    refuses(states[0]!, 'OBJECT_TOO_LARGE', () => {
      items.push('x'.repeat(120_000), 'x'.repeat(120_000))
    })
    items.push()
    items.delete(2, 0)
    assert.equal(states[0]!.pendingUpdates, 1, 'nothing changed: no update')
  })

  it('is removed from a map as far as it was seen', () => {
    const { states, handles } = share(map(list<string>()))
    const [a, b] = handles as [(typeof handles)[0], (typeof handles)[0]]
    a.at('l').push('one', 'two')
    sync(...states)
    a.clear()
    b.at('l').push('three')
    sync(...states)
    for (const handle of handles) assert.deepEqual([...handle.value], [['l', ['three']]])
    a.at('l').delete(0)
    sync(...states)
    for (const handle of handles) assert.equal(handle.size, 0)
  })

  it('is written together with others, or not at all', () => {
    const { states, handles } = share(map(list<number>()))
    const [a, b] = handles as [(typeof handles)[0], (typeof handles)[0]]
    a.at('x').push(1)
    states[0]!.transact((tx) => {
      const draft = tx(a) as typeof a
      draft.at('x').push(2, 3)
      draft.at('y').push(4)
      draft.delete('x')
      draft.at('x').push(5)
      assert.deepEqual(a.at('x').value, [5])
    })
    assert.throws(() => {
      states[0]!.transact((tx) => {
        const draft = tx(a) as typeof a
        draft.delete('y')
        draft.at('z').push(6)
        draft.at('x').delete(1)
      })
    })
    const expected = new Map([
      ['x', [5]],
      ['y', [4]],
    ])
    assert.deepEqual(a.value, expected)
    sync(...states)
    assert.deepEqual(b.value, expected)
  })

  it('can be mirrored from change events alone', () => {
    const draws = fastCheck.array(
      fastCheck.array(fastCheck.nat(99), { minLength: 4, maxLength: 4 }),
    )
    fastCheck.assert(
      fastCheck.property(draws, (drawn) => {
        const { states, handles } = share(list<unknown>(), 3)
        const mirrors: (readonly unknown[])[] = handles.map(() => [])
        for (const [index, handle] of handles.entries()) {
          handle.subscribe(({ detail }) => {
            for (const { delta } of detail) {
              mirrors[index] = applyListSteps(mirrors[index]!, delta!)
            }
          })
        }
        for (const [who, what, from, to] of drawn) {
          const handle = handles[who! % 3] as List
          const index = from! % (handle.length + 1)
          if (what! % 4 === 0) sync(...states)
          else if (what! % 4 === 1) handle.delete(index, to! % (handle.length - index + 1))
          else handle.insert(index, to, { n: what })
          assert.deepEqual(mirrors[who! % 3], handle.value)
        }
        sync(...states)
        for (const [index, handle] of handles.entries()) {
          assert.deepEqual(mirrors[index], handle.value)
          assert.deepEqual(handles[0]!.value, handle.value)
        }
      }),
    )
  })

  it('tells of a local change with its items, which no listener can change', () => {
    const items = open(replica(1n), list<object>())
    const seen: (readonly SequenceStep[])[] = []
    items.subscribe(({ detail }) => seen.push(detail[0]!.delta!))
    items.push({ a: 1 })
    items.push({ b: 2 })
    assert.deepEqual(seen, [[{ insert: [{ a: 1 }] }], [{ retain: 1 }, { insert: [{ b: 2 }] }]])
    assert.ok(Object.isFrozen((seen[0]![0] as { insert: unknown }).insert))
  })
})
