import assert from 'node:assert/strict'
import { type Client, connect } from '@joinery/client'
import { counter, isJoineryError, map, register, set } from '@joinery/crdt-objects'
import type { Gateway } from '#peer/gateway/gateway.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'
import { ownMs } from '#test/own-time.ts'

describe('A wait at a client', () => {
  const rig = new GatewayRig()
  let gateway: Gateway
  let client: Client

  beforeEach(async () => {
    gateway = await rig.gateway()
    client = await rig.client(gateway.url)
  })

  afterEach(async () => {
    await rig.end()
    assert.deepEqual(rig.faults.splice(0), [])
  })

  async function msUntil(waiting: Promise<unknown>, check: (error: unknown) => boolean) {
    const from = ownMs()
    await assert.rejects(waiting, check)
    return ownMs() - from
  }

  it('ends in time, or by its signal, while the gateway is gone', async () => {
    const space = await client.space('s')
    const hits = await space.open('hits', counter())
    await gateway.close()
    const reason = new Error('mine')
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 100)
    const never = (): boolean => false
    const [late, aborted, timed, flushed] = await Promise.all([
      msUntil(hits.until(never, { timeoutMs: 200 }), (e) => isJoineryError(e, 'CALL_TIMEOUT')),
      msUntil(hits.until(never, { signal: controller.signal }), (error) => error === reason),
      msUntil(hits.until(never, { signal: AbortSignal.timeout(150) }), (error) => {
        return error instanceof DOMException && error.name === 'TimeoutError'
      }),
      msUntil(space.flush({ replicas: 1, timeoutMs: 200 }), (error) => {
        return isJoineryError(error, 'GATEWAY_UNREACHABLE')
      }),
    ])
    for (const ms of [late, aborted, timed, flushed]) assert.ok(ms < 900, `${ms} ms`)
  })

  it('ends in time although the gateway goes while the last look is under way', async () => {
    const proxy = await rig.proxy(gateway.url)
    const far = await rig.client(proxy.url)
    const hits = await (await far.space('s')).open('hits', counter())
    proxy.swallowReplies = true
    const ms = await msUntil(
      hits.until(() => false, { timeoutMs: 200 }),
      (error) => {
        return isJoineryError(error, 'CALL_TIMEOUT')
      },
    )
    assert.ok(ms < 900, `${ms} ms`)
  })

  it('gives a flush no longer than its limit once the gateway has gone under it', async () => {
    const host = new MemoryHost()
    host.flush = () => new Promise(() => {})
    const silent = await rig.gateway({}, host)
    const proxy = await rig.proxy(silent.url)
    const space = await (await rig.client(proxy.url)).space('s')
    const flushed = msUntil(space.flush({ timeoutMs: 300 }), (error) => {
      return isJoineryError(error, 'GATEWAY_UNREACHABLE')
    })
    setTimeout(() => {
      proxy.target = 1
      proxy.cut()
    }, 450)
    const ms = await flushed
    assert.ok(ms > 400 && ms < 1100, `${ms} ms`)
  })

  it('says once what became of it', async () => {
    const hits = await (await client.space('s')).open('hits', counter())
    await gateway.close()
    for (const call of [hits.with({ timeoutMs: 100 }).read(), hits.with({ timeoutMs: 100 }).add(1)])
      await assert.rejects(call, ({ message }: Error) => {
        assert.equal(message.match(/Nothing was applied/g)?.length, 1, message)
        return true
      })
  })
})

describe('Bytes read through a client', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('are plain, with memory of their own, at both sides of the wire', async () => {
    const host = new MemoryHost()
    const { url } = await rig.gateway({}, host)
    const space = await (await rig.client(url)).space('s')
    const schemas = [register<Uint8Array>(), set<Uint8Array>(), map<Uint8Array>()] as const
    const bytes = Uint8Array.of(1, 2, 3)
    const one = await space.open('register', schemas[0])
    const many = await space.open('set', schemas[1])
    const keyed = await space.open('map', schemas[2])
    await Promise.all([one.set(bytes), many.add(bytes), keyed.set('k', bytes)])
    const local = await host.space('s')
    const found = [
      await one.read(),
      ...(await many.read()),
      ...(await keyed.read()).values(),
      ...(await one.conflicts()),
      (await local.open('register', schemas[0])).value,
      ...(await local.open('set', schemas[1])).value,
    ]
    for (const value of found) {
      assert.ok(value !== undefined)
      assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype)
      assert.equal(value.buffer.byteLength, 3)
      assert.deepEqual(value, bytes)
    }
  })
})

describe('Options of connect', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('are refused when they are none, or not what they should be', async () => {
    const cases: [object, RegExp][] = [
      [{ tokn: 'x' }, /connect has no such option: it has token, retry, timeoutMs, signal/],
      [{ token: 5 }, /token is a text/],
      [{ token: () => 5 }, /a token is a text/],
      [{ timeoutMs: '5' }, /timeoutMs/],
      [{ retry: true }, /retry is false/],
      [{ retry: { delayMs: 5 } }, /retry has no such option: it has delayMsMin, delayMsMax/],
      [{ retry: { delayMsMin: 'a' } }, /retry\.delayMsMin/],
    ]
    const { url } = await rig.gateway()
    for (const [options, message] of cases) {
      await assert.rejects(connect(url, options), (error) => {
        assert.ok(isJoineryError(error, 'VALUE_INVALID'), String(error))
        assert.match(error.message, message)
        return true
      })
    }
  })
})
