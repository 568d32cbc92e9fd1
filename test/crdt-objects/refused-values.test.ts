// What cannot be shared is refused before anything changes.
import assert from 'node:assert/strict'
import {
  counter,
  flag,
  isJoineryError,
  map,
  max,
  register,
  set,
  struct,
} from '#crdt-objects/index.ts'
import { decodeValue, encodeValue, Reader, Writer } from '#crdt-objects/engine.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

const cycle: unknown[] = []
cycle.push(cycle, cycle)
const parent: { children: unknown[] } = { children: [] }
parent.children.push({ parent }, { parent })

/** An array of itself doubled many times: small in memory, endless when written out. */
function doubled(times: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < times; i++) value = [value, value]
  return value
}

function nested(depth: number): unknown {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = new Map([['in', value]])
  return value
}

const invalid: readonly (readonly [string, unknown])[] = [
  ['NaN', NaN],
  ['Infinity', -Infinity],
  ['NaN inside', { a: [NaN] }],
  ['NaN among numbers of eight bytes', new Float64Array([1, NaN])],
  ['a lone surrogate', 'a\ud800'],
  ['a lone surrogate in a key', { '\udc00': 1 }],
  ['a function', () => 1],
  ['a function inside', [() => 1]],
  ['a symbol', Symbol('s')],
  ['a key that is a symbol', { [Symbol('s')]: 1 }],
  ['a cycle', cycle],
  ['a tree whose nodes know their parent', parent],
  ['an instance of a class', new (class Point {})()],
  ['a promise', Promise.resolve(1)],
  ['a date that is none', new Date(NaN)],
  ['the key __proto__', JSON.parse('{"__proto__": 1}')],
  ['what nests too deep', nested(65)],
]

const tooLarge: readonly (readonly [string, unknown])[] = [
  ['a text', 'x'.repeat(200_000)],
  ['a text of wide characters', '\u3042'.repeat(70_000)],
  ['bytes', new Uint8Array(200_000)],
  ['numbers of eight bytes', new Float64Array(30_000)],
  ['many bytes', new Uint8Array(64 * 1024 * 1024)],
  ['a long array', new Array(100_000).fill(0)],
  ['what holds itself many times over', doubled(50)],
]

describe('refused values', () => {
  for (const [code, values] of [
    ['VALUE_INVALID', invalid],
    ['OBJECT_TOO_LARGE', tooLarge],
  ] as const) {
    for (const [title, value] of values) {
      it(`${title} is ${code} everywhere, and changes nothing`, () => {
        const state = replica(1n)
        const title_ = open(state, register(), 'register')
        const tags = open(state, set<unknown>(), 'set')
        const notes = open(state, map<unknown>(), 'map')
        const nestedNotes = open(state, map(map<unknown>()), 'nested')
        title_.set('before')
        tags.add('before')
        notes.set('a', 'before')
        refuses(state, code, () => title_.set(value))
        refuses(state, code, () => tags.add(value))
        refuses(state, code, () => notes.set('a', value))
        refuses(state, code, () => notes.set('b', value))
        refuses(state, code, () => nestedNotes.at('new').set('b', value))
        state.takeBatch()
        refuses(state, code, () => title_.set(value))
        refuses(state, code, () => tags.add(value))
      })
    }
  }

  it('counters add whole numbers only', () => {
    const state = replica(1n)
    const handle = open(state, map(counter()))
    handle.at('a').add(1)
    for (const amount of [NaN, 0.5, Infinity, 2 ** 53, '1' as unknown as number]) {
      refuses(state, 'VALUE_INVALID', () => handle.at('a').add(amount))
      refuses(state, 'VALUE_INVALID', () => handle.at('b').subtract(amount))
    }
  })

  it('offers are finite numbers', () => {
    const state = replica(1n)
    const handle = open(state, max())
    for (const offer of [NaN, Infinity, '1' as unknown as number]) {
      refuses(state, 'VALUE_INVALID', () => handle.offer(offer))
    }
  })

  it('keys are well-formed strings, of a length, and not __proto__', () => {
    const state = replica(1n)
    const values = open(state, map<number>(), 'values')
    const counters = open(state, map(counter()), 'counters')
    for (const key of ['__proto__', 'a\ud800', 'k'.repeat(4097), 1 as unknown as string]) {
      refuses(state, 'VALUE_INVALID', () => values.set(key, 1))
      refuses(state, 'VALUE_INVALID', () => counters.at(key).add(1))
    }
    values.set('constructor', 1)
    values.set('', 2)
    assert.deepEqual(new Map(values), new Map([['constructor', 1], ['', 2]])) // prettier-ignore
  })

  it('names of objects are well-formed strings', () => {
    const state = replica(1n)
    for (const name of ['a\ud800', 'n'.repeat(5000), 1 as unknown as string]) {
      refuses(state, 'VALUE_INVALID', () => open(state, flag(), name))
    }
  })

  it('fields named then or __proto__ are refused', () => {
    assert.throws(
      () => struct(JSON.parse('{"then": 1}')),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
    assert.throws(
      () => struct(JSON.parse('{"__proto__": 1}')),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
  })

  it('a value that nests as deep as allowed arrives and can be read and written on', () => {
    const { states, handles } = share(register())
    handles[0]!.set(nested(64))
    sync(...states)
    assert.deepEqual(handles[1]!.value, nested(64))
    states[1]!.encodeState()
  })

  it('negative zero stays what it is in a value, and is zero among elements and offers', () => {
    const state = replica(1n)
    const values = open(state, register(), 'register')
    values.set(-0)
    assert.ok(Object.is(values.value, -0))
    const elements = open(state, set<number>(), 'set')
    elements.add(-0)
    elements.add(0)
    assert.deepEqual([...elements].map((zero) => Object.is(zero, 0)), [true]) // prettier-ignore
  })
})

describe('values', () => {
  const value = () => ({
    text: 'žluťoučký \u{1f984} \uFEFF \uFFFD',
    numbers: [0, -0, 1.5, -1, 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 53, 5e-324],
    bytes: new Uint8Array([0, 255]),
    floats: new Float64Array([0.1, -0, 1e300]),
    big: [0n, -1n, 2n ** 80n],
    date: new Date(-1),
    map: new Map<unknown, unknown>([[{ a: 1 }, new Set([1, '1'])]]),
    none: [null, undefined, true, false],
  })

  it('come back as they were written', () => {
    const writer = new Writer()
    encodeValue(writer, value())
    const reader = new Reader(writer.finish())
    assert.deepEqual(decodeValue(reader), value())
    assert.ok(reader.done)
  })

  it('are copied in: later changes by the caller reach nobody', () => {
    const { states, handles } = share(map<unknown>())
    const given = value()
    handles[0]!.set('x', given)
    given.numbers.push(7)
    given.bytes[0] = 9
    given.floats[0] = 9
    given.map.clear()
    sync(...states)
    for (const handle of handles) assert.deepEqual(handle.get('x'), value())
  })

  it('are frozen or copied out: changes by a reader reach nobody', () => {
    const { states, handles } = share(register<unknown>())
    handles[0]!.set(value())
    sync(...states)
    for (const handle of handles) {
      const read = handle.read() as ReturnType<typeof value>
      assert.throws(() => read.numbers.push(7), TypeError)
      read.bytes[0] = 9
      read.floats[0] = 9
      read.map.clear()
      read.date.setTime(0)
      assert.deepEqual(handle.read(), value())
    }
  })

  it('are equal by structure in a set, however they were built', () => {
    const { states, handles } = share(set<unknown>())
    const bare = Object.assign(Object.create(null), { b: 1, a: 2 }) as object
    handles[0]!.add(bare)
    handles[0]!.add({ a: 2, b: 1 })
    handles[0]!.add([bare])
    assert.equal(handles[0]!.has({ b: 1, a: 2 }), true)
    sync(...states)
    for (const handle of handles) assert.deepEqual(new Set(handle), new Set([{ a: 2, b: 1 }, [{ a: 2, b: 1 }]])) // prettier-ignore
    handles[1]!.delete({ b: 1, a: 2 })
    sync(...states)
    assert.equal(handles[0]!.size, 1)
  })

  it('become JSON by toJSON, whatever their keys', () => {
    const state = replica(1n)
    const handle = open(state, register<unknown>())
    handle.set(new Map<unknown, unknown>([['__proto__', 1n], ['at', new Date(0)]])) // prettier-ignore
    assert.equal(JSON.stringify(handle), '{"__proto__":"1","at":"1970-01-01T00:00:00.000Z"}')
    handle.set([new Float64Array([0.5, 2]), new Uint8Array([1])])
    assert.equal(JSON.stringify(handle), '[[0.5,2],[1]]')
  })
})
