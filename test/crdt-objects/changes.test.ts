import assert from 'node:assert/strict'
import {
  counter,
  isJoineryError,
  map,
  register,
  set,
  struct,
  type Change,
} from '#crdt-objects/index.ts'
import { SpaceState } from '#crdt-objects/engine.ts'
import { untilPasses } from '#crdt-objects/faces/wait.ts'
import { tracesOn } from '#test/fixtures/traces-on.ts'
import { open, replica, share, sync } from './replicas.ts'

const ONE = '0000000000000001'

describe('subscriptions', () => {
  it('tell origin, author and the path from the subscribed place', () => {
    const { states, handles } = share(map(struct({ tags: set<string>() })))
    const heard: Change[][] = [[], [], [], []]
    handles[0]!.subscribe((change) => heard[0]!.push(change))
    handles[1]!.subscribe((change) => heard[1]!.push(change))
    handles[1]!.at('x').tags.subscribe((change) => heard[2]!.push(change))
    handles[1]!.at('y').subscribe((change) => heard[3]!.push(change))
    handles[0]!.at('x').tags.add('a')
    sync(...states)
    assert.deepEqual(heard, [
      [{ origin: 'local', by: [ONE], detail: [{ path: ['x', 'tags', 'a'] }] }],
      [{ origin: 'remote', by: [ONE], detail: [{ path: ['x', 'tags', 'a'] }] }],
      [{ origin: 'remote', by: [ONE], detail: [{ path: ['a'] }] }],
      [],
    ])
  })

  it('of an entry hear that it was removed with its map', () => {
    const { handles } = share(map(map(counter())))
    handles[0]!.at('x').at('y').add(1)
    const details: unknown[] = []
    handles[0]!.at('x').at('y').subscribe(({ detail }) => details.push(detail)) // prettier-ignore
    handles[0]!.at('z').at('y').add(1)
    handles[0]!.delete('x')
    assert.deepEqual(details, [[{ path: [] }]])
  })

  it('hear of a joined state at once, when all of it is visible', () => {
    const { states, handles } = share(map<number>())
    handles[0]!.set('a', 1)
    handles[0]!.set('b', 2)
    states[0]!.takeBatch()
    const sizes: number[] = []
    handles[1]!.subscribe(({ detail }) => sizes.push(handles[1]!.size, detail.length))
    assert.equal(states[1]!.joinState(states[0]!.encodeState()), true)
    assert.equal(states[1]!.joinState(states[0]!.encodeState()), false)
    assert.deepEqual(sizes, [2, 2])
  })

  it('of a set take any element', () => {
    const { states, handles } = share(set<unknown>())
    const details: unknown[] = []
    for (const handle of handles) handle.subscribe(({ detail }) => details.push(detail))
    handles[0]!.add([1n])
    handles[0]!.add({ at: new Date(0) })
    sync(...states)
    assert.deepEqual(details.slice(0, 2), [
      [{ path: ['["1"]'] }],
      [{ path: ['{"at":"1970-01-01T00:00:00.000Z"}'] }],
    ])
    assert.equal(details.length, 3)
    assert.equal(handles[1]!.size, 2)
  })

  it('end by dispose and by abort, also from within a listener', () => {
    const state = replica(1n)
    const handle = open(state, counter())
    const heard: string[] = []
    const abort = new AbortController()
    handle.subscribe(() => heard.push('aborted'), { signal: abort.signal })
    handle.subscribe(() => heard.push('never'), { signal: AbortSignal.abort() })
    handle.subscribe(() => disposable[Symbol.dispose]())
    const disposable = handle.subscribe(() => heard.push('disposed'))
    handle.add(1)
    abort.abort()
    handle.add(1)
    disposable[Symbol.dispose]()
    assert.deepEqual(heard, ['aborted'])
  })

  it('a listener that throws stops no other, and no write', async () => {
    const { states, handles } = share(counter())
    let heard = 0
    const thrown: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error))
    try {
      for (const handle of handles) {
        handle.subscribe(() => {
          throw new Error('from the listener')
        })
        handle.subscribe(() => heard++)
      }
      handles[0]!.add(1)
      sync(...states)
      await new Promise(setImmediate)
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
    assert.equal(heard, 2)
    assert.equal(handles[1]!.value, 1)
    assert.deepEqual(thrown.map(String), Array(2).fill('Error: from the listener'))
  })

  it('a listener may write, and what it writes is pending like all else', () => {
    let pending = 0
    const state = new SpaceState({ replica: 1n, clock: () => 1, onPending: () => pending++ })
    const handle = open(state, map<number>())
    handle.subscribe(() => {
      if (!handle.has('echo')) handle.set('echo', 1)
    })
    handle.set('call', 1)
    assert.equal(pending, 1)
    assert.equal(state.pendingUpdates, 2)
    state.takeBatch()
    handle.set('call', 2)
    assert.equal(pending, 2)
  })
})

describe('changes()', () => {
  it('gives changes from its start on, and ends by break', async () => {
    const state = replica(1n)
    const handle = open(state, counter())
    handle.add(1)
    const changes = handle.changes()[Symbol.asyncIterator]()
    handle.add(1)
    assert.deepEqual((await changes.next()).value, {
      origin: 'local',
      by: [ONE],
      detail: [{ path: [] }],
    })
    const waiting = changes.next()
    handle.add(1)
    assert.equal((await waiting).done, false)
    await changes.return?.()
    handle.add(1)
    assert.deepEqual(await changes.next(), { done: true, value: undefined })
  })

  it('merges for a slow reader, within a bound', async () => {
    const { states, handles } = share(map<number>())
    const changes = handles[0]!.changes()[Symbol.asyncIterator]()
    handles[0]!.set('a', 1)
    handles[1]!.set('b', 1)
    sync(...states)
    handles[0]!.set('a', 2)
    assert.deepEqual((await changes.next()).value, {
      origin: 'remote',
      by: [ONE, '0000000000000002'],
      detail: [{ path: ['a'] }, { path: ['b'] }],
    })
    for (let i = 0; i < 5_000; i++) handles[0]!.set(`key ${i}`, i)
    const { value } = (await changes.next()) as { value: Change }
    assert.deepEqual(value.detail, [{ path: [] }])
  })

  it('answers each of several requests, made before there was anything', async () => {
    const handle = open(replica(1n), counter())
    const changes = handle.changes()[Symbol.asyncIterator]()
    const requests = [changes.next(), changes.next(), changes.next()]
    handle.add(1)
    await requests[0]
    handle.add(1)
    await requests[1]
    await changes.return?.()
    assert.deepEqual(
      (await Promise.all(requests)).map(({ done }) => done),
      [false, false, true],
    )
  })

  it("throws the signal's own reason on abort", async () => {
    const handle = open(replica(1n), counter())
    const reason = new Error('my reason')
    const abort = new AbortController()
    const first = handle.changes({ signal: abort.signal })[Symbol.asyncIterator]().next()
    abort.abort(reason)
    await assert.rejects(first, (error) => error === reason)
    await assert.rejects(
      async () => {
        for await (const _ of handle.changes({ signal: abort.signal })) assert.fail()
      },
      (error) => error === reason,
    )
  })
})

describe('until()', () => {
  it('resolves with the first value that passes, the present one included', async () => {
    const { states, handles } = share(register<number>())
    handles[0]!.set(1)
    assert.equal(await handles[0]!.until((value) => value === 1), 1)
    const waiting = handles[1]!.until((value) => (value ?? 0) > 1, { timeoutMs: 5_000 })
    sync(...states)
    handles[0]!.set(7)
    sync(...states)
    assert.equal(await waiting, 7)
  })

  it('rejects with CALL_TIMEOUT when time runs out', async () => {
    const handle = open(replica(1n), counter())
    for (const timeoutMs of [0, 0.5, 10]) {
      await assert.rejects(
        handle.until(() => false, { timeoutMs }),
        (error) =>
          isJoineryError(error, 'CALL_TIMEOUT') &&
          error.details.timeoutMs === timeoutMs &&
          error.retryable,
      )
    }
  })

  it('leaves nothing on a signal that outlives it', async () => {
    const handle = open(replica(1n), counter())
    const { signal } = new AbortController()
    for (let i = 0; i < 3; i++) {
      await handle.until((value) => value === 0, { signal, timeoutMs: 60_000 })
      await assert.rejects(
        handle.until(() => false, { signal, timeoutMs: 10 }),
        { code: 'CALL_TIMEOUT' },
      )
    }
    const gone = {
      read: () => 0,
      changes: (): never => {
        throw new Error('gone')
      },
    }
    await assert.rejects(
      untilPasses(gone, () => true, { signal }),
      /gone/,
    )
    assert.deepEqual(tracesOn(signal), [])
  })

  it('waits without a limit when the limit is infinite or longer than timers run', async () => {
    const handle = open(replica(1n), counter())
    const waits = [Infinity, 2 ** 31, Number.MAX_VALUE].map((timeoutMs) =>
      handle.until((value) => value === 1, { timeoutMs }),
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    handle.add(1)
    assert.deepEqual(await Promise.all(waits), [1, 1, 1])
  })

  it("rejects with the signal's own reason on abort, and with what the test throws", async () => {
    const handle = open(replica(1n), counter())
    const reason = new Error('my reason')
    const abort = new AbortController()
    const options = { signal: abort.signal, timeoutMs: 10_000 }
    const waiting = handle.until(() => false, options)
    abort.abort(reason)
    await assert.rejects(waiting, (error) => error === reason)
    await assert.rejects(
      handle.until(() => true, options),
      (error) => error === reason,
    )
    await assert.rejects(
      handle.until(() => {
        throw reason
      }),
      (error) => error === reason,
    )
  })
})
