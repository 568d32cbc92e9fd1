import assert from 'node:assert/strict'
import { BatchReader } from '#crdt-objects/codec/batch-reader.ts'
import { decodeColumn, encodeColumn } from '#crdt-objects/codec/number-column.ts'
import { Reader, Writer } from '#crdt-objects/engine.ts'
import { type Change, isJoineryError, log, map } from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync, type StoppedClock } from './replicas.ts'

describe('log', () => {
  it('has at every replica the order of time, then replica, whenever entries arrive', () => {
    const clocks: StoppedClock[] = [{ ms: 5_000 }, { ms: 1_000 }, { ms: 1_000 }]
    const states = clocks.map((clock, i) => replica(BigInt(3 - i), clock))
    const handles = states.map((state) => open(state, log<string>()))
    handles[0]!.append('late')
    handles[1]!.append('early 2')
    handles[2]!.append('early 1', 'and next to it')
    sync(...states)
    const order = ['early 1', 'and next to it', 'early 2', 'late']
    for (const handle of handles) assert.deepEqual(handle.value, order)
    // Later than all that is seen, whatever the wall clock says.
    handles[1]!.append('last')
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.slice(-2), ['late', 'last'])
  })

  it('takes late entries in between thousands, also several at once', () => {
    const clocks: StoppedClock[] = [{ ms: 0 }, { ms: 0 }]
    const states = clocks.map((clock, i) => replica(BigInt(i + 1), clock))
    const [a, b] = states.map((state) => open(state, log<number>()))
    for (let i = 0; i < 5_000; i++) {
      clocks[0]!.ms = 2 * i
      a!.append(i)
    }
    for (let i = 0; i < 40; i++) {
      clocks[1]!.ms = 251 * i + 1
      if (i % 2 === 0) b!.append(-i)
      else b!.append(...Array.from({ length: 700 }, () => -i))
    }
    sync(...states)
    assert.equal(a!.count(), 5_000 + 20 + 20 * 700)
    assert.deepEqual(a!.value, b!.value)
    const times = a!.value.map((n) => (n >= 0 ? 2 * n : -251 * n + 1))
    assert.deepEqual(times, [...times].sort((x, y) => x - y)) // prettier-ignore
  })

  it('gives a reading under way what was there when it began', () => {
    const clock = { ms: 5_000 }
    const { states, handles } = share(log<number>())
    const late = replica(9n, clock)
    clock.ms = 0
    open(late, log<number>()).append(-1)
    for (let i = 0; i < 600; i++) handles[0]!.append(i)
    const reading = handles[0]![Symbol.iterator]()
    assert.equal(reading.next().value, 0)
    handles[0]!.append(600)
    states[0]!.apply(late.takeBatch()!)
    const rest: unknown[] = []
    for (let step = reading.next(); step.done !== true; step = reading.next()) rest.push(step.value)
    assert.deepEqual(rest, Array.from({ length: 599 }, (_, i) => i + 1)) // prettier-ignore
    assert.equal(handles[0]!.length, 602)
    assert.equal(handles[0]!.slice(0, 1)[0], -1)
  })

  it('slices as an array does', () => {
    const { handles } = share(log<number>(), 1)
    const items = [0, 1, 2, 3, 4]
    handles[0]!.append(...items)
    for (const bounds of [[], [2], [-2], [1, 3], [-4, -1], [3, 1], [0, 99], [1.7, 3.2], [NaN, 2]]) {
      assert.deepEqual(handles[0]!.slice(...bounds), items.slice(...bounds))
    }
    assert.deepEqual(open(replica(1n), map(log())).at('none').slice(1), [])
  })

  it('refuses an append with anything that is no value, and takes nothing of it', () => {
    const state = replica(1n)
    const handle = open(state, map(log<unknown>()))
    handle.at('a').append(1)
    refuses(state, 'VALUE_INVALID', () => handle.at('a').append(2, NaN))
    refuses(state, 'VALUE_INVALID', () => handle.at('b').append(() => 1))
    refuses(state, 'OBJECT_TOO_LARGE', () => {
      handle.at('a').append(...Array.from({ length: 30 }, () => 'x'.repeat(180_000)))
    })
    const before = state.pendingUpdates
    handle.at('c').append()
    assert.equal(state.pendingUpdates, before)
    assert.equal(handle.has('c'), false)
  })

  it('keeps its entries to itself: changes by caller or reader reach nobody', () => {
    const { handles } = share(log<unknown>(), 1)
    const given = { list: [1], at: new Date(0) }
    handles[0]!.append(given)
    given.list.push(2)
    const [read] = handles[0]!.value as [typeof given]
    read.at.setTime(9)
    assert.deepEqual(handles[0]!.value, [{ list: [1], at: new Date(0) }])
    assert.ok(Object.isFrozen(handles[0]!.value))
  })

  it('loses in a removal what the remover had seen, and no more', () => {
    const { states, handles } = share(map(log<string>()), 3)
    handles[0]!.at('k').append('a1')
    handles[1]!.at('k').append('b1')
    sync(...states)
    handles[0]!.at('k').append('a2')
    handles[1]!.at('k').append('b2')
    handles[2]!.delete('k')
    assert.equal(handles[2]!.has('k'), false)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('k'), ['a2', 'b2'])
    handles[0]!.at('k').append('never sent')
    handles[0]!.delete('k')
    handles[0]!.at('k').append('a4')
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('k'), ['a4'])
    handles[1]!.clear()
    sync(...states)
    for (const handle of handles) assert.equal(handle.size, 0)
  })

  it('tells where entries came to stand', () => {
    const clocks: StoppedClock[] = [{ ms: 5_000 }, { ms: 0 }]
    const states = clocks.map((clock, i) => replica(BigInt(i + 1), clock))
    const [a, b] = states.map((state) => open(state, log<string>()))
    a!.append('x')
    const changes: Change[] = []
    a!.subscribe((change) => changes.push(change))
    a!.append('y', 'z')
    b!.append('early')
    clocks[1]!.ms = 9_000
    b!.append('late', 'later')
    sync(...states)
    assert.deepEqual(
      changes.map(({ origin, detail }) => [origin, detail]),
      [
        ['local', [{ path: [], delta: [{ retain: 1 }, { insert: ['y', 'z'] }] }]],
        [
          'remote',
          [
            {
              path: [],
              delta: [{ insert: ['early'] }, { retain: 3 }, { insert: ['late', 'later'] }],
            },
          ],
        ],
      ],
    )
  })

  it('is as before when a transaction fails, and whole at others when it does not', () => {
    const { states, handles } = share(map(log<number>()))
    for (let i = 0; i < 700; i++) handles[0]!.at('k').append(i)
    sync(...states)
    handles[0]!.at('k').append(700)
    refuses(states[0]!, 'VALUE_INVALID', () => {
      states[0]!.transact((tx) => {
        const draft = tx(handles[0]!) as unknown as (typeof handles)[0]
        for (let i = 0; i < 600; i++) draft.at('k').append(-i)
        draft.delete('k')
        draft.at('k').append(1, 2)
        draft.at('k').append(NaN)
      })
    })
    sync(...states)
    for (const handle of handles) {
      assert.deepEqual(handle.get('k'), Array.from({ length: 701 }, (_, i) => i)) // prettier-ignore
    }
  })

  it('takes a few bytes an entry in a batch, and in a state', () => {
    const { states, handles } = share(log<number>(), 1)
    for (let i = 0; i < 10_000; i++) handles[0]!.append(i % 10)
    const batch = states[0]!.takeBatch()!
    assert.ok(batch.length < 10_000 * 5 + 100, `${batch.length} bytes`)
    const state = states[0]!.encodeState()
    assert.ok(state.length < 10_000 * 5 + 100, `${state.length} bytes`)
  })
})

describe('a column of numbers', () => {
  const columns = [[], [7], [1, 1, 1], [1, 1, 1, 1], [2, 3, 3, 3, 3, 3, 4, 4], [0, 0, 0, 0, 2 ** 53 - 1]] // prettier-ignore

  it('comes back as it was written, runs in a few bytes', () => {
    for (const column of [...columns, Array<number>(5_000).fill(3)]) {
      const writer = new Writer()
      encodeColumn(writer, column)
      assert.ok(writer.length <= 2 + 9 * new Set(column).size * 2)
      const reader = new Reader(writer.finish())
      assert.deepEqual(decodeColumn(reader, column.length), column)
      reader.end()
    }
  })

  it('is refused when it is longer than said, or empty in between', () => {
    for (const bytes of [[7, 1], [0], [1, 1], [6, 1, 1, 1]]) {
      assert.throws(
        () => decodeColumn(new Reader(Uint8Array.from(bytes)), 2),
        (error) => isJoineryError(error, 'ENCODING_INVALID'),
      )
    }
  })
})

describe('the bytes of a log', () => {
  const frame = { rows: 1, first: 5, last: 6, baseStamp: 100, seenByRow: [6] }
  const { kind } = log()
  const refused = (decode: (batch: BatchReader) => unknown, bytes: readonly number[]): void => {
    assert.throws(
      () => decode(new BatchReader(new Reader(Uint8Array.from(bytes)), frame)),
      (error) => isJoineryError(error, 'ENCODING_INVALID'),
    )
  }

  it('are refused with numbers outside the batch, and stamps that do not rise', () => {
    const delta = (batch: BatchReader): unknown => kind.decodeDelta(batch)
    assert.doesNotThrow(() =>
      delta(new BatchReader(new Reader(Uint8Array.of(0, 2, 0, 0, 2, 0, 1, 2)), frame)),
    )
    refused(delta, [0, 2, 0, 0, 2, 0, 0, 2])
    refused(delta, [0, 2, 0, 0, 2, 2, 1, 2])
    refused(delta, [0, 99, 0, 0, 2])
    refused(delta, [1, 0, 0, 0])
    refused(delta, [1, 1, 5, 0])
  })

  it('are refused with entries that their author has not seen', () => {
    const whole = (batch: BatchReader): unknown => kind.decodeWhole(batch)
    assert.doesNotThrow(() =>
      whole(new BatchReader(new Reader(Uint8Array.of(1, 2, 0, 2, 6, 0, 2)), frame)),
    )
    refused(whole, [1, 2, 0, 2, 7, 0, 2])
    refused(whole, [1, 2, 0, 2, 0, 0, 2])
    refused(whole, [1, 2, 1, 2, 6, 0, 2])
    refused(whole, [9, 2, 0, 2, 6, 0, 2])
  })
})
