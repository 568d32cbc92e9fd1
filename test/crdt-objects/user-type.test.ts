import assert from 'node:assert/strict'
import { interval } from '../../docs/examples/interval.ts'
import { remoteHandle, type RemoteObject, verbMode } from '#crdt-objects/engine.ts'
import {
  defineType,
  invalidValue,
  isJoineryError,
  map,
  type ErrorCode,
  type Remote,
  type Transaction,
} from '#crdt-objects/index.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

interface Note {
  readonly at: number
  readonly by: string
  readonly text: string
}

/** The last note, by agreed time. */
const lastNote = defineType({
  name: 'test.last-note',
  empty: (): Note => ({ at: 0, by: '', text: '' }),
  join: (a, b) => (a.at > b.at || (a.at === b.at && a.by > b.by) ? a : b),
  value: ({ text }) => text,
  operations: {
    write: (_state, { now, replica: by }, text: string): Note => ({ at: now, by, text }),
  },
})

/** A set of tags that only grows; each added one has a name of its own. */
const dots = defineType({
  name: 'test.dots',
  empty: (): ReadonlySet<string> => new Set(),
  join: (a, b) => new Set([...a, ...b]),
  value: (state) => [...state],
  operations: {
    add: (_state, context, times = 1) =>
      new Set(Array.from({ length: times }, () => context.dot())),
    put: (_state, _context, ...tags: string[]) => new Set(tags),
  },
})

/** A type of which everything can be made to fail. */
let broken = ''
const fragile = defineType({
  name: 'test.fragile',
  empty: (): { n: number } => ({ n: 0 }),
  join(a, b) {
    if (broken === 'join') throw new TypeError('no join')
    // As nobody should: in place.
    a.n = Math.max(a.n, b.n)
    return a
  },
  value(state) {
    if (broken === 'value') throw new TypeError('no value')
    return broken === 'NaN' ? { n: NaN } : { n: state.n }
  },
  operations: {
    raise(state, _context, n: number) {
      state.n = n
      if (broken === 'raise') throw new TypeError('no raise')
      if (broken === 'argument') throw invalidValue('not this one', n)
      return state
    },
  },
  codec: {
    encode: ({ n }) => new TextEncoder().encode(JSON.stringify(n)),
    decode: (bytes) => ({ n: JSON.parse(new TextDecoder().decode(bytes)) as number }),
  },
})

function throwsCode(code: ErrorCode, call: () => unknown): void {
  assert.throws(call, (error) => isJoineryError(error, code), `expected ${code}`)
}

describe('a type of the user’s own', () => {
  afterEach(() => {
    broken = ''
  })

  it('joins what replicas added', () => {
    const { states, handles } = share(interval())
    assert.equal(handles[0]!.value, undefined)
    handles[0]!.widen(3)
    handles[1]!.widen(-1, 2)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, { low: -1, high: 3 })
  })

  it('takes an operation that adds nothing for no update', () => {
    const { states, handles } = share(interval())
    handles[0]!.widen(1, 5)
    sync(...states)
    handles[1]!.widen(2, 5)
    handles[1]!.widen()
    assert.equal(states[1]!.pendingUpdates, 0)
    const others = share(dots())
    others.handles[0]!.put('a', 'b')
    others.handles[0]!.put('b', 'a')
    assert.equal(others.states[0]!.pendingUpdates, 1)
  })

  it('reads the same, in the same order, whatever came first', () => {
    const { states, handles } = share(dots())
    handles[0]!.put('b', 'd')
    handles[1]!.put('c', 'a')
    sync(...states)
    assert.deepEqual(handles[0]!.value, handles[1]!.value)
    assert.equal(new Set(handles[0]!.value).size, 4)
  })

  it('gives each operation a time that is later than all it has seen, whatever the clock says', () => {
    const ahead = replica(1n, { ms: 5_000 })
    const behind = replica(2n, { ms: 1_000 })
    const handles = [ahead, behind].map((state) => open(state, lastNote()))
    handles[0]!.write('first')
    sync(ahead, behind)
    handles[1]!.write('second')
    sync(ahead, behind)
    for (const handle of handles) assert.equal(handle.value, 'second')
    const third = replica(3n, { ms: 2_000 })
    third.joinState(ahead.encodeState())
    const late = open(third, lastNote())
    late.write('third')
    assert.equal(late.value, 'third')
  })

  it('gives each operation the replica, and strings that no other call gives', () => {
    const { states, handles } = share(dots())
    handles[0]!.add(2)
    handles[0]!.add()
    sync(...states)
    handles[0]!.add()
    handles[1]!.add(3)
    sync(...states)
    assert.equal(handles[0]!.value.length, 7)
    assert.ok(handles[0]!.value.every((dot) => /^000000000000000[12]\.\d+\.\d$/.test(dot)))
  })

  it('joins what comes in many batches to one state', () => {
    const { states, handles } = share(interval())
    for (let i = 0; i < 100; i++) {
      handles[0]!.widen(i)
      sync(...states)
    }
    const size = states[1]!.encodeState().length
    assert.ok(size < 150, `${size} bytes`)
    assert.deepEqual(handles[1]!.value, { low: 0, high: 99 })
  })

  it('goes with its entry of a map, and comes back empty', () => {
    const { states, handles } = share(map(interval()))
    handles[0]!.at('x').widen(1)
    sync(...states)
    handles[1]!.delete('x')
    sync(...states)
    assert.equal(handles[0]!.size, 0)
    handles[0]!.at('x').widen(7)
    sync(...states)
    assert.deepEqual(handles[1]!.get('x'), { low: 7, high: 7 })
  })

  it('is written by drafts, and undone with its transaction', () => {
    const state = replica(1n)
    const handle = open(state, interval())
    const transact = (work: (tx: Transaction) => undefined): void => {
      state.transact((tx) => work(tx as Transaction))
    }
    transact((tx) => {
      tx(handle).widen(1)
    })
    assert.deepEqual(handle.value, { low: 1, high: 1 })
    refuses(state, 'VALUE_INVALID', () => {
      transact((tx) => {
        tx(handle).widen(5)
        tx(handle).widen(NaN)
      })
    })
  })

  it('has its operations as verbs of the remote face', async () => {
    const local = open(replica(1n), interval())
    const object: RemoteObject = {
      name: 'object',
      call: async ({ verb, mode, args }) => {
        assert.equal(verbMode(local, [], verb), mode)
        const method = (local as unknown as Record<string, (...args: unknown[]) => unknown>)[verb]!
        return await Promise.resolve(method.apply(local, [...args]))
      },
      stream: () => assert.fail('no streams here'),
      open: () => Promise.reject(new Error('no other objects here')),
    }
    const face = remoteHandle(interval(), object) as Remote<ReturnType<typeof interval>>
    await face.widen(2, 4)
    assert.deepEqual(await face.read(), { low: 2, high: 4 })
    throwsCode('VALUE_INVALID', () => verbMode(local, [], 'narrow'))
  })
})

describe('the functions of a type', () => {
  it('that throw change nothing, and give an error that has what they threw', () => {
    const state = replica(1n)
    const handle = open(state, fragile())
    handle.raise(1)
    for (const method of ['raise', 'join']) {
      broken = method
      assert.throws(
        () => {
          handle.raise(2)
        },
        (error) =>
          isJoineryError(error, 'OBJECT_METHOD_FAILED') &&
          error.details.type === 'test.fragile' &&
          error.details.method === method &&
          (error.cause as Error).message === `no ${method}`,
      )
      broken = ''
      assert.deepEqual(handle.value, { n: 1 })
      assert.equal(state.pendingUpdates, 1)
    }
    broken = 'value'
    throwsCode('OBJECT_METHOD_FAILED', () => handle.value)
    broken = 'NaN'
    throwsCode('OBJECT_METHOD_FAILED', () => handle.value)
    broken = 'argument'
    throwsCode('VALUE_INVALID', () => {
      handle.raise(2)
    })
  })

  it('that fail never stop replication: what came is joined later', () => {
    const { states, handles } = share(fragile())
    broken = 'join'
    for (let i = 1; i <= 40; i++) {
      broken = ''
      handles[0]!.raise(i)
      broken = 'join'
      sync(...states)
    }
    throwsCode('OBJECT_METHOD_FAILED', () => handles[1]!.value)
    const third = replica(3n)
    third.joinState(states[1]!.encodeState())
    broken = ''
    assert.deepEqual(handles[1]!.value, { n: 40 })
    assert.deepEqual(open(third, fragile()).value, { n: 40 })
  })

  it('may change what they are given: nothing else has it', () => {
    const { states, handles } = share(fragile())
    handles[0]!.raise(5)
    assert.equal(Reflect.set(handles[0]!.value, 'n', 100), false, 'what is read is frozen')
    handles[0]!.raise(3)
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.value, { n: 5 })
  })

  it('that give what cannot be shared, or too much, are refused', () => {
    const state = replica(1n)
    const odd = defineType({
      name: 'test.odd',
      empty: (): unknown => [],
      join: (_a, b) => b,
      value: (state) => state,
      operations: { put: (_state, _context, value: unknown) => value },
    })
    const handle = open(state, odd())
    for (const value of [NaN, () => 0, Symbol('s'), new (class {})()]) {
      refuses(state, 'VALUE_INVALID', () => {
        handle.put(value)
      })
    }
    for (const length of [200 * 1024, 1024 * 1024]) {
      refuses(state, 'OBJECT_TOO_LARGE', () => {
        handle.put('x'.repeat(length))
      })
    }
  })
})
