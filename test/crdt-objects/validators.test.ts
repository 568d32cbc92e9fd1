import assert from 'node:assert/strict'
import { invoke, remoteHandle, type RemoteObject, SpaceState } from '#crdt-objects/engine.ts'
import {
  compatibility,
  isJoineryError,
  map,
  register,
  type Remote,
  set,
  struct,
  type Validator,
} from '#crdt-objects/index.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { open, refuses, replica, share, sync } from './replicas.ts'

/** As a library that follows Standard Schema would give it. */
function validator<T>(message: string, test: (value: unknown) => boolean): Validator<T> {
  return {
    '~standard': {
      validate: (value) =>
        test(value) ? { value: 'something else' } : { issues: [{ message }, { message: 'no' }] },
    },
  }
}

const even = validator<number>('even numbers only', (n) => typeof n === 'number' && n % 2 === 0)
const Checked = struct({
  title: register({ initial: 2, validate: even }),
  tags: set({ validate: even }),
  members: set({ wins: 'delete', validate: even }),
  notes: map({ validate: even }),
})

describe('a validator', () => {
  it('refuses what is written, and nothing changes', () => {
    const state = replica(1n)
    const handle = open(state, map(Checked)).at('x')
    refuses(state, 'VALUE_INVALID', () => handle.title.set(1))
    refuses(state, 'VALUE_INVALID', () => handle.tags.add(1))
    refuses(state, 'VALUE_INVALID', () => handle.members.add(1))
    refuses(state, 'VALUE_INVALID', () => handle.notes.set('k', 1))
    assert.equal(open(state, map(Checked)).has('x'), false)
    assert.throws(
      () => handle.title.set(3),
      (error) => error instanceof Error && error.message.includes('even numbers only; no'),
    )
  })

  it('has a value shared as it was given, whatever it would make of it', () => {
    const { states, handles } = share(Checked)
    handles[0]!.title.set(4)
    handles[0]!.tags.add(6)
    handles[0]!.members.add(8)
    handles[0]!.notes.set('k', 10)
    sync(...states)
    assert.deepEqual(handles[1]!.value, {
      title: 4,
      tags: new Set([6]),
      members: new Set([8]),
      notes: new Map([['k', 10]]),
    })
  })

  it('leaves alone what is deleted, and what others wrote without it', () => {
    const { states, handles } = share(set<number>())
    handles[0]!.add(1)
    sync(...states)
    const checked = open(states[1]!, set({ validate: even }))
    assert.equal(checked.has(1), true)
    checked.delete(1)
    assert.equal(checked.size, 0)
    checked.delete(3)
  })

  it('sees what will be shared: a copy that it cannot change', () => {
    const seen: unknown[] = []
    const keep = validator<object>('', (value) => seen.push(value) > 0)
    const handle = open(replica(1n), register({ validate: keep }))
    const given = { list: [1] }
    handle.set(given)
    assert.notEqual(seen[0], given)
    assert.deepEqual(seen, [given])
    assert.ok(Object.isFrozen(seen[0]))
  })

  it('is asked for the initial value too', () => {
    assert.throws(
      () => register({ initial: 1, validate: even }),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
  })

  it('answers at once, or every write is refused', async () => {
    const late: Validator<number> = {
      '~standard': { validate: () => Promise.reject(new Error('too late')) },
    }
    const state = replica(1n)
    const handle = open(state, register({ validate: late }))
    refuses(state, 'VALUE_INVALID', () => handle.set(1))
    await new Promise(setImmediate)
  })

  it('that throws refuses, with its failure as the cause', () => {
    const fault = new Error('a bug')
    const faulty = validator<number>('', () => {
      throw fault
    })
    const state = replica(1n)
    const handle = open(state, map({ validate: faulty }))
    refuses(state, 'VALUE_INVALID', () => handle.set('k', 1))
    assert.throws(
      () => handle.set('k', 1),
      (error) => error instanceof Error && error.cause === fault,
    )
  })

  it('that is none is refused by the builder', () => {
    for (const none of [{}, { '~standard': {} }, 'x', null]) {
      assert.throws(
        () => set({ validate: none as unknown as Validator<string> }),
        (error) => isJoineryError(error, 'VALUE_INVALID'),
      )
    }
  })

  it('leaves no trace in the schema, and schemas with others stay compatible', () => {
    const odd = validator<number>('odd numbers only', () => true)
    for (const build of [
      (validate?: Validator<number>): Schema => (validate ? register({ validate }) : register()),
      (validate?: Validator<number>): Schema => (validate ? set({ validate }) : set()),
      (validate?: Validator<number>): Schema => (validate ? map({ validate }) : map()),
    ]) {
      assert.equal(build(even).kind.descriptor, build().kind.descriptor)
      assert.equal(build(even).kind.validates, true)
      assert.equal(build().kind.validates, false)
      assert.equal(map(build(even)).kind.validates, true)
      assert.equal(compatibility(build(even), build(odd)).compatible, true)
    }
  })

  it('guards the object for those who come by its descriptor', () => {
    const state = new SpaceState({ replica: 1n, clock: () => 1 })
    state.open('x', set({ validate: even }).kind)
    const served = state.open('x', set().kind).guardedHandle()
    assert.throws(
      () => invoke(served, [], 'add', [1]),
      (error) => isJoineryError(error, 'VALUE_INVALID'),
    )
    invoke(served, [], 'add', [2])
  })
})

describe('a validator on a remote face', () => {
  it('refuses before anything is sent', async () => {
    const sent: unknown[] = []
    const object: RemoteObject = {
      name: 'object',
      call: ({ verb, args }) => Promise.resolve(void sent.push([verb, ...args])),
      stream: () => assert.fail('nothing to stream'),
      open: () => assert.fail('nothing to open'),
    }
    const handle = remoteHandle(Checked, object) as Remote<typeof Checked>
    const refused = [
      () => handle.title.set(1),
      () => handle.tags.add(1),
      () => handle.notes.set('k', 1),
    ]
    for (const call of refused) {
      await assert.rejects(call(), (error) => isJoineryError(error, 'VALUE_INVALID'))
    }
    assert.deepEqual(sent, [])
    await handle.title.set(2)
    await handle.notes.set('k', 4)
    await handle.tags.delete(1)
    assert.deepEqual(sent, [['set', 2], ['set', 'k', 4], ['delete', 1]]) // prettier-ignore
  })
})
