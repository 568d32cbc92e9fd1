// What types refuse and programs without types do: each is told what is wrong with it.
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { kindOf, remoteHandle, type RemoteObject } from '#crdt-objects/engine.ts'
import * as library from '#crdt-objects/index.ts'
import { counter, isJoineryError, map, register, set, struct } from '#crdt-objects/index.ts'
import { yjsEngine } from '#crdt-objects/leaves/yjs/engine.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { open, replica } from './replicas.ts'

type Untyped = Record<string, (...args: unknown[]) => unknown>
type Name = keyof typeof library

/** The exports, as programs without types have them. */
function build(name: Name, ...args: readonly unknown[]): unknown {
  return (library as unknown as Untyped)[name]?.(...args)
}

function isRefusal(error: unknown): boolean {
  return isJoineryError(error, 'VALUE_INVALID')
}

const elsewhere: RemoteObject = {
  name: 'hits',
  call: () => Promise.reject(new Error('not asked')),
  stream: () => assert.fail('not asked'),
  open: () => Promise.reject(new Error('not asked')),
}

function faces(schema: Schema): Untyped[] {
  return [open(replica(1n), schema, 'hits'), remoteHandle(schema, elsewhere)] as Untyped[]
}

describe('misuse', () => {
  it('of builders is refused with a code', () => {
    const calls: [Name, ...unknown[]][] = [
      ['bloom'],
      ['register', 5],
      ['register', 'x'],
      ['struct'],
      ['struct', null],
      ['compatibility'],
      ['compatibility', counter()],
      ['defineType'],
      ['defineType', null],
      ['flag', null],
      ['set', 'delete'],
    ]
    for (const [name, ...args] of calls) {
      assert.throws(() => build(name, ...args), isRefusal, name)
    }
  })

  it('of options names those that there are', () => {
    const calls: [Name, RegExp, ...unknown[]][] = [
      ['flag', /a flag has the options wins, got "win"/, { win: 'disable' }],
      ['set', /a set has the options wins, validate, got "wns"/, { wns: 'delete' }],
      ['quantiles', /quantiles has the options error, got "eror"/, { eror: 0.1 }],
      ['distinct', /the options precision, got "digits"/, { digits: 3 }],
      ['bloom', /the options capacity, error, got "size"/, { capacity: 10, size: 3 }],
      ['register', /the options initial, validate, got "intial"/, { intial: 3 }],
      ['list', /a list takes no options/, {}],
      ['log', /a log takes no options/, {}],
      ['text', /a text takes no options/, {}],
      ['counter', /a counter takes no options, got 5/, 5],
    ]
    for (const [name, message, ...args] of calls) {
      assert.throws(() => build(name, ...args), message)
      assert.throws(() => build(name, ...args), isRefusal)
    }
  })

  it('of open is told what a schema is', () => {
    for (const wrong of [undefined, counter, { hits: counter() }, 'counter']) {
      assert.throws(() => kindOf(wrong as unknown as Schema), isRefusal)
    }
    assert.throws(
      () => kindOf(counter as unknown as Schema),
      /what an object is opened with is a schema, such as counter\(\) or set\(\), got the function counter/,
    )
  })

  it('of handles is refused on both faces', async () => {
    for (const face of faces(counter())) {
      await assert.rejects(async () => face['until']!(), isRefusal)
      await assert.rejects(async () => face['until']!(() => true, { timeout: 50 }), isRefusal)
      await assert.rejects(async () => face['until']!(() => true, { signal: 5 }), isRefusal)
      assert.throws(() => face['changes']!({ signal: 5 }), isRefusal)
      assert.throws(() => face['changes']!({ sign: undefined }), isRefusal)
    }
    const [local, remote] = faces(counter())
    assert.throws(() => local!['subscribe']!(), isRefusal)
    assert.throws(() => local!['subscribe']!(() => undefined, { signal: 5 }), isRefusal)
    assert.throws(() => remote!['with']!({ timeout: 5 }), isRefusal)
  })

  it('of a validator that answers nothing is refused at the write', () => {
    const silent = { '~standard': { validate: () => undefined } } as never
    const tags = open(replica(1n), set<string>({ validate: silent }))
    assert.throws(() => {
      tags.add('a')
    }, isRefusal)
    assert.equal(tags.size, 0)
  })

  it('of writes says what they take', async () => {
    await yjsEngine.load()
    const note = open(replica(1n), library.text())
    assert.throws(() => {
      note.edit([{} as never])
    }, /a step has insert, delete or retain, got \[object Object\]/)
    assert.throws(() => {
      note.edit([{ retain: -1 }])
    }, /from 0 on, got -1/)
    const sums = open(replica(1n), library.vector(3))
    assert.throws(() => {
      sums.add([1])
    }, /expected 3 numbers, got 1$/)
    const tags = open(replica(1n), set<unknown>())
    class Point {}
    assert.throws(() => {
      tags.add(new Point())
    }, /Point/)
  })

  it('of an operation that gives nothing is blamed on it', () => {
    const forgetful = library.defineType({
      name: 'test.misuse.forgetful',
      empty: () => 0,
      join: (a: number, b: number) => Math.max(a, b),
      value: (state: number) => state,
      operations: { raise: (() => undefined) as unknown as (state: number) => number },
    })
    const level = open(replica(1n), forgetful())
    assert.throws(
      () => {
        level.raise()
      },
      (error) => isJoineryError(error, 'OBJECT_METHOD_FAILED') && error.details.method === 'raise',
    )
  })

  it('of names says which fields clash', () => {
    const clash = (): unknown =>
      struct({ title: counter(), headline: library.renamed('title', register<string>()) })
    assert.throws(clash, /the fields title and headline have one name/)
  })
})

describe('handles', () => {
  it('are shown in a line', () => {
    const [local, remote] = faces(map(counter()))
    assert.equal(inspect(local), "MapHandle(local 'hits')")
    assert.equal(inspect(remote), "MapHandle(remote 'hits')")
    assert.equal(inspect({ at: local!['at']!('a') }), "{ at: CounterHandle(local 'hits/a') }")
  })

  it('have JSON where the data is, and elsewhere say that it is not', () => {
    const [local, remote] = faces(counter())
    assert.equal(JSON.stringify(local), '0')
    assert.throws(() => JSON.stringify(remote), isRefusal)
  })

  it('hide the same fields on both faces', () => {
    const names = ['value', 'name', 'read', 'toJSON', 'with', 'subscribe', 'at', 'size', 'until']
    const shape = struct(Object.fromEntries(names.map((name) => [name, counter()])))
    const [local, remote] = faces(shape)
    const reached = (face: object): string[] =>
      names.filter((name) => name in face && inspect((face as Untyped)[name]).startsWith('Counter'))
    assert.deepEqual(reached(remote!), ['size'])
    assert.deepEqual(reached(local!), ['size'])
    for (const name of names) assert.match(inspect(local!['at']!(name)), /^CounterHandle/)
  })
})
