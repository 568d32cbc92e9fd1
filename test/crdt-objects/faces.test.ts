// The remote face over a wire that is a function call, and the way in for callers who are not trusted.
import assert from 'node:assert/strict'
import { invoke, remoteHandle, type RemoteObject, verbMode } from '#crdt-objects/engine.ts'
import {
  counter,
  isJoineryError,
  map,
  max,
  register,
  type Remote,
  set,
  struct,
  type WaitOptions,
} from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { open, replica } from './replicas.ts'

const table = struct({
  hits: counter(),
  best: max(),
  title: register<string>(),
  read: set<string>(),
  notes: map<number>(),
  seats: map(map(counter())),
})

interface Sent {
  readonly path: readonly string[]
  readonly verb: string
  readonly options: WaitOptions
}

/** The remote handle of an object whose calls come straight back to a local one. */
function remote<S extends Schema>(schema: S): { face: Remote<S>; local: object; sent: Sent[] } {
  const local = open(replica(1n), schema) as object
  const sent: Sent[] = []
  const object: RemoteObject = {
    name: 'object',
    async call({ path, verb, mode, args, options }) {
      sent.push({ path, verb, options })
      assert.equal(verbMode(local, path, verb), mode)
      assert.notEqual(mode, 'stream')
      return await Promise.resolve(invoke(local, path, verb, args))
    },
    async *stream({ path, verb, args, options }) {
      sent.push({ path, verb, options })
      assert.equal(verbMode(local, path, verb), 'stream')
      yield* invoke(local, path, verb, args) as AsyncIterable<unknown>
    },
    open: () => Promise.reject(new Error('no other objects here')),
  }
  return { face: remoteHandle(schema, object), local, sent }
}

describe('remote handles', () => {
  it('send each verb to its place and give its answer', async () => {
    const { face } = remote(table)
    await face.hits.add(3)
    await face.hits.subtract()
    await face.best.offer(7)
    await face.title.set('x')
    await face.at('read').add('a')
    await face.notes.set('n', 1)
    await face.seats.at('row').at('1').add()
    assert.deepEqual(await face.read(), {
      hits: 2,
      best: 7,
      title: 'x',
      read: new Set(['a']),
      notes: new Map([['n', 1]]),
      seats: new Map([['row', new Map([['1', 1]])]]),
    })
    assert.deepEqual(await face.title.conflicts(), [])
    assert.equal(await face.notes.get('n'), 1)
    assert.equal(await face.seats.count(), 1)
    const keys: string[] = []
    for await (const key of face.seats.at('row').keys()) keys.push(key)
    assert.deepEqual(keys, ['1'])
  })

  it('send nothing until a verb is called', () => {
    const { face, sent } = remote(table)
    assert.equal(face.seats.at('a/b').at('c').name, 'object/seats/a/b/c')
    assert.deepEqual(sent, [])
  })

  it('carry options from with() to every place below', async () => {
    const { face, sent } = remote(table)
    await face.with({ timeoutMs: 5 }).seats.at('row').with({ timeoutMs: 7 }).count()
    await face.with({ timeoutMs: 5 }).notes.count()
    assert.deepEqual(
      sent.map(({ options }) => options.timeoutMs),
      [7, 5],
    )
  })

  it('wait for a value by its changes', async () => {
    const { face } = remote(map(counter()))
    const waiting = face.until((value) => value.get('x') === 2, { timeoutMs: 5_000 })
    await face.at('x').add(1)
    await face.at('x').add(1)
    assert.deepEqual(await waiting, new Map([['x', 2]]))
  })
})

describe('invoke', () => {
  const refusedFor = (path: readonly string[], verb: string): void => {
    const local = open(replica(1n), table)
    for (const call of [verbMode, invoke] as ((...args: unknown[]) => unknown)[]) {
      assert.throws(
        () => call(local, path, verb, []),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
        `${path.join('/')} ${verb}`,
      )
    }
  }

  it('finds verbs of the kind alone, no other property of a handle', () => {
    for (const verb of ['constructor', 'toJSON', 'value', 'at', 'subscribe', '__proto__', 'hits']) {
      refusedFor([], verb)
    }
    refusedFor(['hits'], 'set')
    refusedFor(['notes'], 'at')
  })

  it('finds places that there can be alone', () => {
    refusedFor(['nothing'], 'read')
    refusedFor(['constructor'], 'read')
    refusedFor(['hits', 'deeper'], 'read')
    refusedFor(['seats', '__proto__'], 'read')
    refusedFor(['seats', 1 as unknown as string], 'read')
    refusedFor(['seats', 'row', 'x', 'deeper'], 'read')
  })

  it('tells how a verb is called', () => {
    const local = open(replica(1n), table)
    assert.equal(verbMode(local, ['hits'], 'add'), 'write')
    assert.equal(verbMode(local, ['seats', 'row'], 'get'), 'read')
    assert.equal(verbMode(local, [], 'changes'), 'stream')
  })
})
