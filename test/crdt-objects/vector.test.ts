import assert from 'node:assert/strict'
import { parseDescriptor, type SpaceState } from '#crdt-objects/engine.ts'
import { isJoineryError, map, matrix, vector, type Local } from '#crdt-objects/index.ts'
import { glimpse, open, refuses, replica, share, sync } from './replicas.ts'

const bad = [NaN, Infinity, -Infinity, '1', null, undefined, 1n] as number[]

describe('a vector', () => {
  it('sums what replicas add to it, whole, at one place and at several', () => {
    const { states, handles } = share(vector(3))
    handles[0]!.add([1, 2, 3])
    handles[0]!.add(Float64Array.of(0.5, 0, 0))
    handles[1]!.addAt(2, -10)
    handles[1]!.addSparse([0, 2, 0], [1, 1, 1])
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, Float64Array.of(3.5, 2, -6))
  })

  it('reads as zeros before anything was added, and gives copies', () => {
    const state = replica(1n)
    const handle = open(state, vector(2))
    assert.deepEqual(handle.value, Float64Array.of(0, 0))
    handle.add([1, 1])
    handle.value[0] = 99
    assert.deepEqual(handle.value, Float64Array.of(1, 1))
    assert.equal(JSON.stringify(handle), '[1,1]')
  })

  it('takes its amounts when it is called', () => {
    const handle = open(replica(1n), vector(2))
    const amounts = Float64Array.of(1, 2)
    handle.add(amounts)
    amounts.fill(7)
    assert.deepEqual(handle.value, Float64Array.of(1, 2))
  })

  it('refuses what is no number, no index and no such length', () => {
    const state = replica(1n)
    const handle = open(state, vector(2))
    handle.add([1, 2])
    for (const amount of bad) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.add([1, amount])
      })
      refuses(state, 'VALUE_INVALID', () => {
        handle.addAt(0, amount)
      })
      refuses(state, 'VALUE_INVALID', () => {
        handle.addSparse([0, 1], [1, amount])
      })
    }
    for (const index of [-1, 2, 0.5, NaN, '0'] as number[]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.addAt(index, 1)
      })
      refuses(state, 'VALUE_INVALID', () => {
        handle.addSparse([0, index], [1, 1])
      })
    }
    for (const values of [[1], [1, 2, 3], 7, 'ab', null, undefined, {}] as number[][]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.add(values)
      })
    }
    refuses(state, 'VALUE_INVALID', () => {
      handle.addSparse([0, 1], [1])
    })
    refuses(state, 'VALUE_INVALID', () => {
      handle.add(Float64Array.of(0, NaN))
    })
  })

  it('refuses a length that is none, and one that no batch carries', () => {
    for (const length of [0, -1, 1.5, NaN, 262_145, '3'] as number[]) {
      assert.throws(
        () => vector(length),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
      const descriptor = JSON.stringify(['vector', length])
      assert.throws(
        () => parseDescriptor(descriptor),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
    }
    assert.equal(parseDescriptor('["vector",262144]').name, 'vector')
    assert.equal(vector(3).kind.text, 'vector(3)')
  })

  it('refuses a sum that would not be finite, and stays as it was', () => {
    const { states, handles } = share(vector(2))
    const handle = handles[0]!
    handle.addAt(0, Number.MAX_VALUE)
    refuses(states[0]!, 'VALUE_INVALID', () => {
      handle.add([Number.MAX_VALUE, 1])
    })
    sync(...states)
    for (const each of handles) {
      refuses(states[handles.indexOf(each)]!, 'VALUE_INVALID', () => {
        each.addAt(0, 2 ** 1000)
      })
      refuses(states[handles.indexOf(each)]!, 'VALUE_INVALID', () => {
        each.addSparse([1, 1], [1e308, 1e308])
      })
    }
    handle.addAt(0, -Number.MAX_VALUE)
    assert.deepEqual(handle.value, Float64Array.of(0, 0))
  })

  it('stops at the greatest number when concurrent sums go beyond', () => {
    const { states, handles } = share(vector(1), 3)
    for (const handle of handles) handle.addAt(0, Number.MAX_VALUE)
    sync(...states)
    for (const handle of handles) assert.equal(handle.value[0], Number.MAX_VALUE)
    handles[0]!.addAt(0, -1e308)
    sync(...states)
    const joiner = replica(9n)
    joiner.joinState(states[0]!.encodeState())
    const reading = handles[0]!.value
    assert.deepEqual(open(joiner, vector(1)).value, reading)
    assert.deepEqual(handles[1]!.value, reading)
  })

  it('sends what was added and not what there is', () => {
    const { states, handles } = share(vector(10_000))
    handles[0]!.add(new Float64Array(10_000).fill(0.1))
    sync(...states)
    handles[0]!.addAt(7, 1)
    handles[0]!.addAt(9_999, 2)
    const batch = states[0]!.takeBatch()!
    assert.ok(batch.length < 80)
    states[1]!.apply(batch)
    assert.deepEqual(handles[1]!.value, handles[0]!.value)
  })

  it('that is long and nearly empty takes little, and fills up all the same', () => {
    const { states, handles } = share(map(vector(100_000)))
    for (let i = 0; i < 200; i++) handles[0]!.at(`key ${i}`).addAt(i, 1)
    assert.ok(states[0]!.takeBatch()!.length < 8_000)
    const one = share(vector(1_000))
    for (let i = 0; i < 1_000; i++) one.handles[0]!.addAt((i * 7) % 1_000, i)
    sync(...one.states)
    const expected = new Float64Array(1_000)
    for (let i = 0; i < 1_000; i++) expected[(i * 7) % 1_000]! += i
    for (const handle of one.handles) assert.deepEqual(handle.value, expected)
  })

  it('in a transaction is added to whole or not at all', () => {
    const state = replica(1n)
    const sums = open(state, map(vector(2)))
    sums.at('x').add([1, 1])
    state.takeBatch()
    sums.at('x').add([2, 2])
    const before = glimpse(state)
    const attempt = (fails: boolean): void => {
      state.transact((tx) => {
        const draft = tx(sums) as Local<ReturnType<typeof map<ReturnType<typeof vector>>>>
        draft.at('x').addAt(0, 5)
        draft.delete('x')
        draft.at('x').add([7, 7])
        draft.at('y').add([1, 2])
        if (fails) throw new Error('stop')
      })
    }
    assert.throws(() => {
      attempt(true)
    }, /stop/)
    assert.equal(glimpse(state), before)
    assert.deepEqual(sums.get('x'), Float64Array.of(3, 3))
    attempt(false)
    assert.deepEqual(sums.get('x'), Float64Array.of(7, 7))
    const other = replica(2n)
    const seen = open(other, map(vector(2)))
    other.joinState(caughtUp(state))
    assert.deepEqual(seen.get('x'), Float64Array.of(7, 7))
  })

  it('removed from a map is refused as too large when its contents are, and stays', () => {
    const { states, handles } = share(map(vector(262_144)), 4)
    for (const handle of handles) handle.at('x').add(new Float64Array(262_144).fill(0.1))
    sync(...states)
    refuses(states[0]!, 'OBJECT_TOO_LARGE', () => {
      handles[0]!.delete('x')
    })
  })
})

function caughtUp(state: SpaceState): Uint8Array {
  state.takeBatch()
  return state.encodeState()
}

describe('a matrix', () => {
  it('sums what replicas add to it, whole, by rows and at one place', () => {
    const { states, handles } = share(matrix(2, 3))
    handles[0]!.add([
      [1, 2, 3],
      [4, 5, 6],
    ])
    handles[1]!.addRow(1, Float64Array.of(1, 1, 1))
    handles[1]!.addAt(0, 2, 0.5)
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.value, [Float64Array.of(1, 2, 3.5), Float64Array.of(5, 6, 7)])
      assert.deepEqual(handle.row(1), Float64Array.of(5, 6, 7))
    }
    assert.equal(JSON.stringify(handles[0]!), '[[1,2,3.5],[5,6,7]]')
  })

  it('refuses what is no number, no row, no column and no such size', () => {
    const state = replica(1n)
    const handle = open(state, matrix(2, 3))
    for (const amount of bad) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.addAt(0, 0, amount)
      })
      refuses(state, 'VALUE_INVALID', () => {
        handle.addRow(0, [1, 2, amount])
      })
      refuses(state, 'VALUE_INVALID', () => {
        handle.add([
          [1, 2, 3],
          [1, 2, amount],
        ])
      })
    }
    for (const [row, column] of [
      [2, 0],
      [-1, 0],
      [0, 3],
      [0, 0.5],
    ] as const) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.addAt(row, column, 1)
      })
    }
    for (const rows of [[[1, 2, 3]], [[1, 2, 3], [1]], [[1, 2, 3], 7], 7] as number[][][]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.add(rows)
      })
    }
    refuses(state, 'VALUE_INVALID', () => handle.row(2))
    handle.addAt(0, 0, 1e308)
    refuses(state, 'VALUE_INVALID', () => {
      handle.addRow(0, [1e308, 0, 0])
    })
  })

  it('has at most as many numbers as a vector', () => {
    for (const [rows, columns] of [
      [0, 1],
      [1, -1],
      [513, 512],
      [1.5, 2],
    ] as const) {
      assert.throws(
        () => matrix(rows, columns),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
    assert.equal(matrix(512, 512).kind.text, 'matrix(512, 512)')
    assert.throws(
      () => parseDescriptor('["matrix",3]'),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  })

  it('in a map is removed as far as it was seen', () => {
    const { states, handles } = share(map(matrix(1, 2)))
    handles[0]!.at('x').addAt(0, 0, 1)
    sync(...states)
    handles[1]!.delete('x')
    handles[0]!.at('x').addAt(0, 1, 2)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('x'), [Float64Array.of(0, 2)])
  })
})
