import assert from 'node:assert/strict'
import { type Change, counter, isJoineryError, map } from '@joinery/crdt-objects'
import { connect } from '@joinery/client'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'
import { ownMs } from '#test/own-time.ts'
import { freePort } from '#test/bench/free-port.ts'

describe('A client whose connection is lost', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('applies a write once when the reply was lost and the gateway was not', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const space = await (await rig.client(proxy.url)).space('s')
    const hits = await space.open('hits', counter())
    for (let round = 1; round <= 10; round++) {
      proxy.swallowReplies = true
      const answered = new Promise<void>((resolve) => {
        proxy.onReply = () => resolve()
      })
      const written = Promise.all([hits.add(1), hits.add(1)])
      await answered
      proxy.swallowReplies = false
      proxy.cut()
      await written
      assert.equal(await hits.read(), round * 2)
    }
  })

  it('gets the first answer of a failed write again, not a second try', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const space = await (await rig.client(proxy.url)).space('s')
    const hits = await space.open('hits', counter())
    await hits.add(Number.MAX_SAFE_INTEGER)
    proxy.swallowReplies = true
    const answered = new Promise<void>((resolve) => {
      proxy.onReply = () => resolve()
    })
    // Tried again after the second, the first would succeed.
    const results = Promise.allSettled([hits.add(1), hits.subtract(5)])
    await answered
    proxy.swallowReplies = false
    proxy.cut()
    const [first, second] = await results
    assert.ok(first.status === 'rejected' && isJoineryError(first.reason, 'COUNTER_OVERFLOW'))
    assert.equal(second.status, 'fulfilled')
    assert.equal(await hits.read(), Number.MAX_SAFE_INTEGER - 5)
  })

  it('does not apply what its caller gave up in the meantime, and goes on numbering', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const client = await rig.client(proxy.url)
    const hits = await (await client.space('s')).open('hits', counter())
    await hits.add(1)
    proxy.target = 1
    proxy.cut()
    const controller = new AbortController()
    const given = hits.with({ signal: controller.signal }).add(100)
    const kept = hits.add(10)
    controller.abort(new Error('no longer wanted'))
    await assert.rejects(given, /no longer wanted/)
    proxy.target = Number(new URL(url).port)
    await kept
    assert.equal(await hits.read(), 11)
  })

  it('says that the outcome is unknown when the gateway that may have applied it is gone', async () => {
    const host = new MemoryHost()
    const first = await rig.gateway({}, host)
    const second = await rig.gateway({}, host)
    const proxy = await rig.proxy(first.url)
    const space = await (await rig.client(proxy.url)).space('s')
    const hits = await space.open('hits', counter())
    proxy.swallowReplies = true
    const answered = new Promise<void>((resolve) => {
      proxy.onReply = () => resolve()
    })
    const written = assert.rejects(hits.add(1), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome: 'unknown' })
      assert.equal(error.retryable, false)
      return true
    })
    const read = hits.read()
    await answered
    proxy.swallowReplies = false
    proxy.target = Number(new URL(second.url).port)
    proxy.cut()
    const sentLater = hits.add(10).catch(() => undefined)
    await written
    await read
    await sentLater
    await hits.add(100)
    const value = await hits.read()
    assert.ok(value === 101 || value === 111, `a write was applied twice: ${value}`)
  })

  it('says so too when no gateway comes back', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const hits = await (await (await rig.client(proxy.url)).space('s')).open('hits', counter())
    proxy.swallowReplies = true
    const answered = new Promise<void>((resolve) => {
      proxy.onReply = () => resolve()
    })
    const failsWith = (outcome: string) => (error: unknown) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome })
      return true
    }
    const written = assert.rejects(hits.add(1), failsWith('unknown'))
    await answered
    proxy.target = 1
    proxy.cut()
    await eventually(() => assert.equal(proxy.connections, 0))
    const neverSent = hits.with({ timeoutMs: 100 }).add(1)
    await assert.rejects(neverSent, failsWith('not-applied'))
    await written
  })

  it('keeps calls that were never sent, and sends them to whichever gateway it finds', async () => {
    const first = await rig.gateway()
    const proxy = await rig.proxy(first.url)
    const hits = await (await (await rig.client(proxy.url)).space('s')).open('hits', counter())
    await hits.add(1)
    proxy.target = 1
    proxy.cut()
    await eventually(() => assert.equal(proxy.connections, 0))
    const calls = Promise.all([hits.add(1), hits.add(2), hits.read()])
    const second = await rig.gateway()
    proxy.target = Number(new URL(second.url).port)
    const [, , value] = await calls
    assert.equal(value, 3)
  })

  it('goes to the next address when its gateway is gone', async () => {
    const host = new MemoryHost()
    const [first, second] = [await rig.gateway({}, host), await rig.gateway({}, host)]
    const client = await rig.client([first.url, second.url])
    const hits = await (await client.space('s')).open('hits', counter())
    await hits.add(1)
    await first.close()
    await hits.add(1)
    assert.equal(await hits.read(), 2)
  })

  it('goes on telling of changes, and says that some may have been missed', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const hits = await (await (await rig.client(proxy.url)).space('s')).open('hits', map(counter()))
    const other = await (await (await rig.client(url)).space('s')).open('hits', map(counter()))
    const changes = hits.changes()[Symbol.asyncIterator]() as AsyncIterator<Change, undefined>
    await hits.at('a').add(1)
    assert.deepEqual((await changes.next()).value?.detail, [{ path: ['a'] }])
    proxy.target = 1
    proxy.cut()
    await other.at('b').add(1)
    proxy.target = Number(new URL(url).port)
    assert.deepEqual((await changes.next()).value?.detail, [{ path: [] }])
    // A read after that sees all that came before, and the changes go on from there.
    assert.equal((await hits.read()).size, 2)
    await other.at('c').add(1)
    assert.deepEqual((await changes.next()).value?.detail, [{ path: ['c'] }])
    const seen = hits.until((value) => value.size === 4)
    proxy.cut()
    await other.at('d').add(1)
    await seen
  })

  it('does not pretend to a flush of writes that went down with their gateway', async () => {
    const first = await rig.gateway()
    const proxy = await rig.proxy(first.url)
    const space = await (await rig.client(proxy.url)).space('s')
    const hits = await space.open('hits', counter())
    await hits.add(1)
    const second = await rig.gateway()
    proxy.target = Number(new URL(second.url).port)
    proxy.cut()
    assert.equal(await hits.read(), 0)
    await assert.rejects(space.flush(), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome: 'unknown' })
      return true
    })
    await hits.add(1)
    assert.deepEqual(await space.flush(), { replicas: 1 })
  })

  it('applies every write exactly once through a connection that breaks all the time', async () => {
    const { url } = await rig.gateway()
    const proxy = await rig.proxy(url)
    const client = await rig.client(proxy.url, { timeoutMs: 15_000 })
    const hits = await (await client.space('s')).open('hits', map(counter()))
    let left = 3000
    let frames = 0
    proxy.onReply = () => {
      frames += 1
      if (frames % 40 === 0) proxy.cut()
    }
    const work = async (key: string): Promise<void> => {
      while (left-- > 0) await hits.at(key).add(1)
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => work(`${i}`)))
    proxy.onReply = () => {}
    let sum = 0
    for (const value of (await hits.read()).values()) sum += value
    assert.equal(sum, 3000)
    assert.ok(frames > 100)
  })
})

describe('Connecting', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('waits for a gateway that is not there yet', async () => {
    const port = await freePort()
    const connecting = connect(`http://127.0.0.1:${port}`, { retry: { delayMsMin: 10 } })
    await rig.gateway({ port })
    await (await connecting).close()
  })

  it('fails in time, says why, and leaves nothing behind', async () => {
    const from = ownMs()
    await assert.rejects(connect('ws://127.0.0.1:1', { timeoutMs: 100 }), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome: 'not-applied' })
      assert.match(error.message, /ws:\/\/127\.0\.0\.1:1/)
      return true
    })
    assert.ok(ownMs() - from < 2000)
    await assert.rejects(connect('ws://127.0.0.1:1', { retry: false }), (error) =>
      isJoineryError(error, 'GATEWAY_UNREACHABLE'),
    )
    await assert.rejects(connect('127.0.0.1:1'), (error) => isJoineryError(error, 'VALUE_INVALID'))
    const reason = new Error('changed my mind')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(connect('ws://127.0.0.1:1', { signal }), (error) => error === reason)
  })

  it('fails at once when nothing listens at any address, unless it was asked to retry', async () => {
    const nobody = ['ws://127.0.0.1:1', 'ws://127.0.0.1:2']
    const from = ownMs()
    await assert.rejects(connect(nobody), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.match(error.message, /ECONNREFUSED/)
      return true
    })
    assert.ok(ownMs() - from < 2000)
    const patient = performance.now()
    await assert.rejects(connect(nobody, { retry: {}, timeoutMs: 200 }), (error) =>
      isJoineryError(error, 'GATEWAY_UNREACHABLE'),
    )
    assert.ok(performance.now() - patient >= 190)
    // One of them answers, after the other refused.
    const { url } = await rig.gateway()
    await (await connect([nobody[0]!, url])).close()
  })

  it('refuses an address that is none, or is missing', async () => {
    for (const address of [undefined, null, 7, [], [undefined], '', 'ftp://127.0.0.1', 'nowhere']) {
      await assert.rejects(connect(address as string), { code: 'VALUE_INVALID' })
    }
    await assert.rejects(connect('ws://127.0.0.1:1', { timeoutMs: Number.NaN }), {
      code: 'VALUE_INVALID',
    })
  })

  it('asks for the token again at each connection', async () => {
    const token = 'a token that is long enough'
    const { url } = await rig.gateway({ token })
    const proxy = await rig.proxy(url)
    let asked = 0
    const client = await rig.client(proxy.url, {
      token: async () => {
        asked += 1
        return token
      },
    })
    const hits = await (await client.space('s')).open('hits', counter())
    proxy.cut()
    await hits.add(1)
    assert.equal(asked, 2)
    await assert.rejects(connect(url, { token: 'wrong' }), (error) =>
      isJoineryError(error, 'ACCESS_DENIED'),
    )
  })
})
