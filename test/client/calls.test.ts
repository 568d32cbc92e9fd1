import assert from 'node:assert/strict'
import { connect } from '@joinery/client'
import {
  counter,
  flag,
  isJoineryError,
  map,
  max,
  register,
  set,
  struct,
} from '@joinery/crdt-objects'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

const Everything = struct({
  hits: counter(),
  on: flag(),
  best: max(),
  note: register({ initial: '' }),
  tags: set<string>(),
  prices: map<number>(),
  byPage: map(struct({ views: counter(), users: set<string>() })),
})

describe('A client of a gateway', () => {
  const rig = new GatewayRig()
  afterEach(async () => {
    await rig.end()
    assert.deepEqual(rig.faults.splice(0), [])
  })

  it('uses every type as an embedding peer does, awaited', async () => {
    const host = new MemoryHost()
    const { url } = await rig.gateway({}, host)
    const space = await (await rig.client(url)).space('shop')
    const all = await space.open('all', Everything)
    await all.hits.add(3)
    await all.hits.subtract()
    await all.on.enable()
    await all.best.offer(7)
    await all.note.set('hello')
    await all.tags.add('a')
    await all.tags.add('b')
    await all.tags.delete('a')
    await all.prices.set('bread', 3)
    await all.byPage.at('/home').views.add(5)
    await all.byPage.at('/home').users.add('alice')
    assert.deepEqual(await all.read(), {
      hits: 2,
      on: true,
      best: 7,
      note: 'hello',
      tags: new Set(['b']),
      prices: new Map([['bread', 3]]),
      byPage: new Map([['/home', { views: 5, users: new Set(['alice']) }]]),
    })
    assert.equal(await all.tags.has('b'), true)
    assert.equal(await all.prices.get('bread'), 3)
    assert.equal(await all.byPage.count(), 1)
    assert.deepEqual(host.state('shop').find('all')?.handle() !== undefined, true)
  })

  it('reads long sequences to the end, at the pace of the reader', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const numbers = await space.open('numbers', map<number>())
    await Promise.all(Array.from({ length: 5000 }, (_, i) => numbers.set(`key ${i}`, i)))
    let count = 0
    for await (const [key, value] of numbers.entries()) {
      assert.equal(key, `key ${value}`)
      count += 1
      if (count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(count, 5000)
    for await (const key of numbers.keys()) {
      assert.ok(key)
      break
    }
  })

  it('gets answers longer than a frame', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const texts = await space.open('texts', map<string>())
    const text = 'é'.repeat(50_000)
    for (let i = 0; i < 30; i++) await texts.set(`${i}`, text)
    const read = await texts.read()
    assert.equal(read.size, 30)
    assert.ok([...read.values()].every((value) => value === text))
  })

  it('sends calls made in one turn in one frame, and is answered in one', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const space = await (await rig.client(proxy.url)).space('s')
    const hits = await space.open('hits', counter())
    await hits.add(1)
    let replies = 0
    proxy.onReply = () => {
      replies += 1
    }
    await Promise.all(Array.from({ length: 100 }, () => hits.add(1)))
    assert.equal(await hits.read(), 101)
    assert.equal(replies, 2)
  })

  it('reads its own writes, however they are interleaved', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const hits = await space.open('hits', counter())
    const reads: Promise<number>[] = []
    for (let i = 1; i <= 50; i++) {
      void hits.add(1)
      reads.push(hits.read())
    }
    assert.deepEqual(
      await Promise.all(reads),
      Array.from({ length: 50 }, (_, i) => i + 1),
    )
  })

  it('gets the typed failures of the objects, and the connection goes on', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const hits = await space.open('hits', counter())
    await assert.rejects(hits.add(1.5), (error) => isJoineryError(error, 'VALUE_INVALID'))
    await hits.add(Number.MAX_SAFE_INTEGER)
    await assert.rejects(hits.add(1), (error) => isJoineryError(error, 'COUNTER_OVERFLOW'))
    await assert.rejects(space.open('hits', flag()), (error) => {
      assert.ok(isJoineryError(error, 'OBJECT_SCHEMA_DIFFERS'))
      assert.equal(error.details.name, 'hits')
      return true
    })
    const results = await Promise.allSettled([hits.subtract(1), hits.add(0.1), hits.subtract(1)])
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.equal(await hits.read(), Number.MAX_SAFE_INTEGER - 2)
  })

  it('refuses what cannot travel before sending it', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const texts = await space.open('texts', map<string>())
    const tooLong = texts.set('a', 'x'.repeat(1024 * 1024))
    await assert.rejects(tooLong, (error) => isJoineryError(error, 'OBJECT_TOO_LARGE'))
    const values = await space.open('values', map<number>())
    await assert.rejects(values.set('a', NaN), (error) => isJoineryError(error, 'VALUE_INVALID'))
    await assert.rejects(space.open('', counter()), (error) => isJoineryError(error))
    const client = await rig.client(url)
    await assert.rejects(client.space('a/b'), (error) => isJoineryError(error, 'VALUE_INVALID'))
    await space.open('alice/2026', counter())
    await values.set('a', 1)
    assert.equal(await values.get('a'), 1)
  })

  it('takes the arguments as they are when the call is made', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const lists = await space.open('lists', map<number[]>())
    const list = [1]
    const written = lists.set('a', list)
    list.push(2)
    await written
    assert.deepEqual(await lists.get('a'), [1])
  })

  it('waits for a change by another client', async () => {
    const { url } = await rig.gateway()
    const [one, two] = [await rig.client(url), await rig.client(url)]
    const hits = await (await one.space('s')).open('hits', counter())
    const reached = hits.until((value) => value >= 3)
    const others = await (await two.space('s')).open('hits', counter())
    for (let i = 0; i < 3; i++) await others.add(1)
    assert.equal(await reached, 3)
  })

  it('gives a slow reader of changes merged ones', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const hits = await space.open('hits', map(counter()))
    const changes = hits.changes()[Symbol.asyncIterator]()
    for (let i = 0; i < 500; i++) await hits.at(`${i % 50}`).add(1)
    let seen = 0
    const keys = new Set<string>()
    while (keys.size < 50) {
      const step = await changes.next()
      assert.ok(step.done !== true)
      for (const { path } of step.value.detail) keys.add(path[0]!)
      seen += 1
    }
    assert.ok(seen <= 20, `${seen} changes for a reader who was away`)
    await changes.return?.()
  })

  it('throws the reason of its signal, and CALL_TIMEOUT with the outcome', async () => {
    const host = new MemoryHost()
    host.flush = async (_space, { signal }) => {
      await new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason as Error)),
      )
      return { replicas: 1 }
    }
    const { url } = await rig.gateway({}, host)
    const client = await rig.client(url)
    const space = await client.space('s')
    const reason = new Error('mine')
    const controller = new AbortController()
    const flushed = space.flush({ signal: controller.signal })
    controller.abort(reason)
    await assert.rejects(flushed, (error) => error === reason)
    const hits = await space.open('hits', counter())
    await assert.rejects(hits.with({ signal: controller.signal }).read(), (e) => e === reason)
    const proxy = await rig.proxy(url)
    const slow = await rig.client(proxy.url)
    const far = await (await slow.space('s')).open('hits', counter())
    await far.add(1)
    proxy.swallowReplies = true
    await assert.rejects(far.with({ timeoutMs: 50 }).read(), (error) => {
      assert.ok(isJoineryError(error, 'CALL_TIMEOUT'))
      assert.deepEqual(error.details, { timeoutMs: 50, outcome: 'not-applied' })
      return true
    })
    await assert.rejects(far.with({ timeoutMs: 50 }).add(1), (error) => {
      assert.ok(isJoineryError(error))
      assert.equal((error.details as { outcome: string }).outcome, 'unknown')
      return true
    })
  })

  it('ends what is under way when it closes, and refuses what comes after', async () => {
    const { url } = await rig.gateway()
    const client = await connect(url)
    const space = await client.space('s')
    const hits = await space.open('hits', counter())
    const next = hits.changes()[Symbol.asyncIterator]().next()
    await Promise.all([
      client.close(),
      assert.rejects(next, (error) => isJoineryError(error, 'SPACE_ENDED')),
    ])
    for (const call of [hits.add(1), hits.read(), space.open('other', counter())])
      await assert.rejects(call, (error) => {
        return isJoineryError(error, 'SPACE_ENDED') && error.details.space === 's'
      })
  })

  it('ends its use of a space without ending the space', async () => {
    const { url } = await rig.gateway()
    const client = await rig.client(url)
    const space = await client.space('s')
    const hits = await space.open('hits', counter())
    await hits.add(1)
    await space.close()
    await assert.rejects(hits.add(1), (error) => isJoineryError(error, 'SPACE_ENDED'))
    const again = await (await client.space('s')).open('hits', counter())
    assert.equal(await again.read(), 1)
  })

  it('keeps working beyond the number of places that a connection numbers', async () => {
    const { url } = await rig.gateway()
    const space = await (await rig.client(url)).space('s')
    const words = await space.open('words', map(counter()))
    const keys = Array.from({ length: 10_000 }, (_, i) => `word ${i}`)
    await Promise.all(keys.map((key) => words.at(key).add(1)))
    await Promise.all(keys.map((key) => words.at(key).add(1)))
    const read = await words.read()
    assert.equal(read.size, 10_000)
    assert.ok([...read.values()].every((value) => value === 2))
  })
})
