import assert from 'node:assert/strict'
import { decodeBatchHeader, kindOf, parseDescriptor, SpaceState } from '#crdt-objects/engine.ts'
import {
  counter,
  flag,
  isJoineryError,
  map,
  max,
  min,
  register,
  set,
  struct,
} from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { schemaByTitle } from '#test/suites/schemas.ts'
import { stateText } from '#test/suites/state-text.ts'
import { glimpse, open, refuses, replica, share, sync } from './replicas.ts'

function invalid(code: 'ENCODING_INVALID' | 'VALUE_INVALID'): (error: unknown) => boolean {
  return (error) => isJoineryError(error, code)
}

describe('SpaceState', () => {
  it('numbers each operation, and its own entry of the vector ends at the last batch', () => {
    const state = replica(1n)
    const handle = open(state, map<number>())
    for (let i = 0; i < 5; i++) handle.set('x', i)
    handle.clear()
    assert.equal(state.pendingUpdates, 6)
    assert.equal(state.vector.get(1n), 0)
    const header = decodeBatchHeader(state.takeBatch()!)
    assert.deepEqual(header, { origin: 1n, first: 1, last: 6, epoch: 0, dependencies: [] })
    assert.equal(state.vector.get(1n), 6)
    assert.equal(state.pendingUpdates, 0)
    assert.equal(state.takeBatch(), undefined)
  })

  it('names what its author had seen, as far as that advanced since its batch before', () => {
    const { states, handles } = share(counter(), 3)
    const [a, b] = states as [SpaceState, SpaceState]
    handles[0]!.add(1)
    b.apply(a.takeBatch()!)
    handles[1]!.add(1)
    assert.deepEqual(decodeBatchHeader(b.takeBatch()!).dependencies, [[1n, 1]])
    handles[1]!.add(1)
    assert.deepEqual(decodeBatchHeader(b.takeBatch()!).dependencies, [])
  })

  it('does not name what others of whom it names had seen, and says it all the same', () => {
    const { states, handles } = share(counter(), 3)
    const [a, b, c] = states as [SpaceState, SpaceState, SpaceState]
    const write = (index: number): Uint8Array => {
      handles[index]!.add(1)
      return states[index]!.takeBatch()!
    }
    const first = write(0)
    b.apply(first)
    const caused = write(1)
    const second = write(0)
    for (const batch of [first, caused]) c.apply(batch)
    const third = write(2)
    assert.deepEqual(decodeBatchHeader(third).dependencies, [[2n, 1]])
    assert.deepEqual(new Map(c.observed), new Map([[1n, 1], [2n, 1]])) // prettier-ignore
    // What b had not seen is named.
    c.apply(second)
    assert.deepEqual(decodeBatchHeader(write(2)).dependencies, [[1n, 2]])
    assert.deepEqual(c.observed, [[1n, 2]])
    assert.deepEqual(decodeBatchHeader(write(2)).dependencies, [])
    assert.deepEqual(c.observed, [])
    assert.equal(a.apply(third), 'gap')
    assert.equal(a.apply(caused), 'applied')
    assert.equal(a.apply(third), 'applied')
  })

  it('holds off what comes too early, and takes nothing twice', () => {
    const { states, handles } = share(counter(), 3)
    const [a, b, c] = states as [SpaceState, SpaceState, SpaceState]
    handles[0]!.add(1)
    const first = a.takeBatch()!
    handles[0]!.add(10)
    const second = a.takeBatch()!
    b.apply(first)
    handles[1]!.add(100)
    const caused = b.takeBatch()!
    const before = glimpse(c)
    assert.equal(c.apply(second), 'gap')
    assert.equal(c.apply(caused), 'gap')
    assert.equal(glimpse(c), before)
    assert.equal(c.apply(first), 'applied')
    assert.equal(c.apply(first), 'duplicate')
    assert.equal(c.apply(caused), 'applied')
    assert.equal(c.apply(second), 'applied')
    assert.equal(handles[2]!.value, 111)
    assert.equal(a.apply(first), 'duplicate')
  })

  it('keeps objects of two schemas that met at one name apart', () => {
    const states = [replica(1n), replica(2n)]
    open(states[0]!, counter()).add(1)
    open(states[1]!, flag()).enable()
    sync(...states)
    for (const state of states) {
      assert.equal(open(state, counter()).value, 1)
      assert.equal(open(state, flag()).value, true)
      const first = [counter(), flag()].map((schema) => kindOf(schema).family).sort()[0]
      assert.equal(state.find('object')?.kind.family, first)
    }
    assert.equal(stateText(states[0]!), stateText(states[1]!))
  })

  it('refuses to open a name with another schema, and says both', () => {
    const state = replica(1n)
    open(state, map(counter()))
    assert.throws(
      () => open(state, map(flag())),
      (error) => {
        assert.ok(isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'))
        const details = { name: 'object', expected: 'map(flag())', found: 'map(counter())', path: ['*'] } // prettier-ignore
        assert.deepEqual(error.details, details)
        return true
      },
    )
    assert.equal([...state.objects()].length, 1)
    assert.equal(open(state, map(counter())), open(state, map(counter())))
  })

  it('refuses writes once closed, and goes on reading and merging', () => {
    const { states, handles } = share(map(struct({ tags: set<string>(), hits: counter() })))
    const state = states[0]!
    const held = handles[0]!.at('held')
    held.tags.add('a')
    held.hits.add(1)
    state.close()
    for (const write of [
      () => held.tags.add('b'),
      () => held.hits.add(1),
      () => handles[0]!.at('new').hits.add(1),
      () => handles[0]!.delete('held'),
      () => handles[0]!.clear(),
      () => open(state, counter(), 'another'),
    ]) {
      refuses(state, 'SPACE_ENDED', write)
    }
    handles[1]!.at('held').hits.add(5)
    sync(...states)
    assert.deepEqual(handles[0]!.get('held'), { tags: new Set(['a']), hits: 6 })
  })

  it('notices a replica id used twice', () => {
    const states = [replica(1n), replica(1n)]
    for (const state of states) open(state, counter()).add(1)
    const batch = states[0]!.takeBatch()!
    const before = glimpse(states[1]!)
    assert.throws(() => states[1]!.apply(batch), invalid('ENCODING_INVALID'))
    assert.throws(() => states[1]!.joinState(states[0]!.encodeState()), invalid('ENCODING_INVALID'))
    assert.equal(glimpse(states[1]!), before)
  })

  it('keeps local writes that no batch has carried over a join', () => {
    const { states, handles } = share(map(set<string>()))
    handles[0]!.at('x').add('a')
    sync(...states)
    handles[0]!.at('x').delete('a')
    handles[0]!.at('x').add('b')
    handles[1]!.at('x').add('c')
    states[1]!.takeBatch()
    assert.equal(states[0]!.joinState(states[1]!.encodeState()), true)
    assert.deepEqual(handles[0]!.get('x'), new Set(['b', 'c']))
    assert.equal(states[1]!.apply(states[0]!.takeBatch()!), 'applied')
    assert.deepEqual(handles[1]!.get('x'), new Set(['b', 'c']))
  })
})

describe('batches', () => {
  function filling(): { state: SpaceState; batches: Uint8Array[] } {
    const batches: Uint8Array[] = []
    const take = (): void => {
      batches.push(state.takeBatch()!)
    }
    const state: SpaceState = new SpaceState({ replica: 1n, clock: () => 1, onFull: take })
    return { state, batches }
  }

  const writers: readonly (readonly [string, (state: SpaceState, i: number) => void])[] = [
    ['counters', (state, i) => open(state, map(counter())).at(`key ${i}`).add(i)],
    ['elements', (state, i) => open(state, set<unknown>()).add({ i })],
    ['values', (state, i) => open(state, map<unknown>()).set(`key ${i}`, [i, 'x'.repeat(i % 90)])],
    [
      'registers',
      (state, i) =>
        open(state, map(register()))
          .at(`key ${i}`)
          .set(i / 3),
    ],
    ['objects', (state, i) => open(state, flag(), `object ${i}`).enable()],
    ['removals', (state, i) => {
      const handle = open(state, map<number>())
      if (i % 2 === 0) handle.set(`key ${i}`, i)
      else handle.delete(`key ${i - 1}`)
    }], // prettier-ignore
  ]
  for (const [title, write] of writers) {
    it(`of many ${title} leave at about 64 KiB`, () => {
      const { state, batches } = filling()
      for (let i = 0; i < 30_000; i++) write(state, i)
      assert.ok(batches.length > 1)
      for (const { length } of batches) assert.ok(length > 15_000 && length < 100_000, `${length}`)
    })
  }

  it('stay small though small values are overwritten by large ones', () => {
    const { state, batches } = filling()
    const handle = open(state, map<string>())
    const large = 'x'.repeat(50_000)
    for (let i = 0; i < 100; i++) {
      handle.set(`key ${i}`, 'small')
      handle.set(`key ${i}`, large)
    }
    for (const { length } of batches) assert.ok(length < 256 * 1024, `${length}`)
  })

  it('carry one value of the greatest size, and it is still small enough for gossip', () => {
    const { state, batches } = filling()
    const handle = open(state, map<string>())
    for (let i = 0; i < 1_000; i++) handle.set(`key ${i}`, 'x'.repeat(50))
    handle.set('large', 'x'.repeat(190 * 1024))
    for (const { length } of batches) assert.ok(length <= 256 * 1024, `${length}`)
  })

  it('are asked for once, by the first update', () => {
    const calls: string[] = []
    const state = new SpaceState({ replica: 1n, clock: () => 1, onPending: () => calls.push('pending') }) // prettier-ignore
    const handle = open(state, counter())
    handle.add(1)
    handle.add(1)
    assert.deepEqual(calls, ['pending'])
    state.takeBatch()
    handle.add(1)
    assert.deepEqual(calls, ['pending', 'pending'])
  })

  it('carry one operation of megabytes, and none beyond 4 MiB', () => {
    const { state, batches } = filling()
    const keys = map<number>()
    const handle = open(state, map(keys))
    const fill = (entry: string, count: number): void => {
      for (let i = 0; i < count; i++) handle.at(entry).set(`${i}`.padEnd(4_000, 'k'), i)
    }
    fill('large', 900)
    handle.at('large').clear()
    const { length } = batches.at(-1)!
    assert.ok(length > 3_000_000 && length < 4 * 1024 * 1024, `${length}`)
    fill('too large', 1_100)
    state.takeBatch()
    for (const write of [
      () => handle.at('too large').clear(),
      () => handle.delete('too large'),
      () => handle.clear(),
    ]) {
      refuses(state, 'OBJECT_TOO_LARGE', write)
    }
    handle.at('too large').delete('0'.padEnd(4_000, 'k'))
    assert.equal(handle.get('too large')?.size, 1_099)
  })
})

describe('descriptors', () => {
  for (const [title, schema] of schemaByTitle) {
    it(`of a ${title} gives the same kind back`, () => {
      const kind = kindOf(schema)
      const parsed = parseDescriptor(kind.descriptor)
      assert.equal(parsed.descriptor, kind.descriptor)
      assert.equal(parsed.fingerprint, kind.fingerprint)
      assert.match(kind.fingerprint, /^[0-9a-f]{16}$/)
      assert.deepEqual([...parsed.verbs], [...kind.verbs])
    })
  }

  it('are equal for equal schemas, and differ for different ones', () => {
    const a = kindOf(struct({ x: counter(), y: set<string>() }))
    const b = kindOf(struct({ y: set<number>(), x: counter() }))
    assert.equal(a.fingerprint, b.fingerprint)
    const schemas: Schema[] = [
      ...[counter(), flag(), max(), min(), set(), register(), map(), map(counter())],
      ...[struct({}), struct({ x: counter() }), struct({ y: counter() }), struct({ x: flag() })],
      ...[register({ initial: 0 }), register({ initial: '0' }), map(map()), map(map(counter()))],
    ]
    assert.equal(new Set(schemas.map((schema) => kindOf(schema).fingerprint)).size, schemas.length)
  })

  it('never change their fingerprint: old replicas know them by it', () => {
    const fingerprints = [counter(), map<number>(), struct({ b: set(), a: map(max()) })].map(
      (schema) => [kindOf(schema).descriptor, kindOf(schema).fingerprint],
    )
    assert.deepEqual(fingerprints, [
      ['["counter"]', 'be1a106313edeb45'],
      ['["map"]', '4426b4f5fc1fef8b'],
      ['["struct",["a",["map",["max"]]],["b",["set"]]]', '277c10dc34996095'],
    ])
  })

  it('that are malformed are refused as encodings', () => {
    for (const text of [
      ...[
        '',
        '[]',
        '{}',
        'null',
        '["lists"]',
        '["counter",1]',
        '["map",["counter"],1]',
        '[["map"]]',
      ],
      ...['["struct",["a"]]', '["struct",["then",["flag"]]]', '["struct",["__proto__",["flag"]]]'],
      ...['["struct",["b",["flag"]],["a",["flag"]]]', '["struct",["a",["flag"]],["a",["flag"]]]'],
      ...[
        '["register","zz"]',
        '["register",""]',
        '["register","0000"]',
        '[ "counter"]',
        '["map",1]',
      ],
      ...['['.repeat(60_000), '["map",'.repeat(3_000) + '["flag"]' + ']'.repeat(3_000)],
      '["register","05' + '61'.repeat(40_000) + '"]',
    ]) {
      assert.throws(() => parseDescriptor(text), invalid('ENCODING_INVALID'), text.slice(0, 60))
    }
  })

  it('that others would refuse are refused where they are built', () => {
    assert.throws(() => register({ initial: 'x'.repeat(40_000) }), invalid('VALUE_INVALID'))
    const nest = (): Schema => {
      let schema: Schema = flag()
      for (let depth = 0; depth < 40; depth++) schema = map(schema)
      return schema
    }
    assert.throws(nest, invalid('VALUE_INVALID'))
  })
})
