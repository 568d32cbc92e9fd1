import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from '@joinery/client'
import { protocolVersion } from '@joinery/client/protocol'
import { isJoineryError } from '@joinery/crdt-objects'
import { WebSocket } from 'ws'
import { createGateway } from '#peer/gateway/gateway.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

const token = 'a token of enough characters'

const throwIt = (error: unknown): never => {
  throw error
}

describe('Who a gateway lets in', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  /** The status with which an upgrade is answered; 101 when it is let in. */
  async function upgradeStatus(url: string, headers: Record<string, string>): Promise<number> {
    return await new Promise((resolve, reject) => {
      const socket = new WebSocket(url, { headers })
      socket.on('open', () => {
        socket.terminate()
        resolve(101)
      })
      socket.on('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0)
        socket.terminate()
      })
      socket.on('error', reject)
    })
  }

  async function get(url: string, headers: Record<string, string>, path = '/'): Promise<Page> {
    return await new Promise((resolve, reject) => {
      const target = `${url.replace('ws:', 'http:')}${path}`
      request(target, { headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (text: string) => (body += text))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
        .on('error', reject)
        .end()
    })
  }

  it('refuses web pages that are not listed, on loopback too', async () => {
    const { url } = await rig.gateway({ origins: ['https://good.example'] })
    assert.equal(await upgradeStatus(url, { origin: 'https://evil.example' }), 403)
    assert.equal(await upgradeStatus(url, { origin: 'null' }), 403)
    assert.equal(await upgradeStatus(url, { origin: 'https://good.example' }), 101)
    assert.equal(await upgradeStatus(url, {}), 101)
  })

  it('refuses a Host that is not its own, on loopback too', async () => {
    const { url } = await rig.gateway({ hosts: ['gateway.internal'] })
    const { port } = new URL(url)
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '10.0.0.1',
      '127.0.0.1.evil.example',
    ])
      assert.equal(await upgradeStatus(url, { host }), 403, host)
    for (const host of [`127.0.0.1:${port}`, 'localhost', `[::1]:${port}`, 'gateway.internal'])
      assert.equal(await upgradeStatus(url, { host }), 101, host)
    assert.equal((await get(url, { host: 'evil.example' })).status, 403)
  })

  it('is open to others only with a token', async () => {
    const spaces = new MemoryHost()
    await assert.rejects(
      createGateway({ spaces, options: { host: '0.0.0.0' }, onFault: throwIt }),
      (error) => {
        assert.ok(isJoineryError(error, 'VALUE_INVALID'))
        assert.match(error.message, /token/)
        return true
      },
    )
    await assert.rejects(
      createGateway({ spaces, options: { host: '::', token: 'short' }, onFault: throwIt }),
      (e) => isJoineryError(e, 'VALUE_INVALID'),
    )
    const { url } = await rig.gateway({ host: '0.0.0.0', token })
    const reachable = url.replace('0.0.0.0', '127.0.0.1')
    for (const wrong of [undefined, '', 'another token entirely!', `${token} `]) {
      const connecting = connect(reachable, { token: wrong })
      await assert.rejects(connecting, (error) => isJoineryError(error, 'ACCESS_DENIED'))
    }
    await rig.client(reachable, { token })
  })

  it('says what it is to who asks by HTTP, and nothing else', async () => {
    const { url } = await rig.gateway()
    const page = await get(url, {})
    assert.equal(page.status, 200)
    assert.deepEqual(JSON.parse(page.body), {
      name: 'joinery-gateway',
      version: (await manifestOf('peer')).version,
      protocol: protocolVersion,
    })
    assert.equal((await get(url, {}, '/etc/passwd')).status, 404)
  })

  it('takes no more connections than it may, and takes one again when another ends', async () => {
    const { url } = await rig.gateway({ limits: { connectionsMax: 2 } })
    const [first] = [await rig.client(url), await rig.client(url)]
    await assert.rejects(connect(url, { timeoutMs: 100 }), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_BUSY'))
      assert.equal(error.retryable, true)
      return true
    })
    await first.close()
    await rig.client(url)
  })

  it('forgets a client that said goodbye, and one that stayed away, but not before', async () => {
    const { url } = await rig.gateway({ limits: { sessionsMax: 2 } })
    const proxy = await rig.proxy(url)
    for (let i = 0; i < 5; i++) await (await connect(url)).close()
    const kept = await rig.client(proxy.url)
    const space = await kept.space('s')
    proxy.cut()
    assert.deepEqual(await space.flush(), { replicas: 1 })
  })
})

async function manifestOf(name: string): Promise<{ version: string }> {
  const file = new URL(`../../../packages/${name}/package.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')) as { version: string }
}

interface Page {
  readonly status: number
  readonly body: string
}
