import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeReplies, type Reply } from '@joinery/client/protocol'
import { counter, JoineryError, map } from '@joinery/crdt-objects'
import { decodeBookmark, kindOf, type VersionVector } from '@joinery/crdt-objects/engine'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'
import { encodeArgs } from '#test/fixtures/raw-client.ts'

describe('The bookmark of a client', () => {
  let rig: GatewayRig
  beforeEach(() => {
    rig = new GatewayRig()
  })
  afterEach(() => rig.end())

  it('covers what it wrote when the write is answered, and what it read', async () => {
    const host = new MemoryHost()
    const gateway = await rig.gateway({}, host)
    const [writer, reader] = [await rig.client(gateway.url), await rig.client(gateway.url)]
    const space = await writer.space('s')
    const empty = decodeBookmark('s', space.bookmark)
    assert.equal(empty.size, 0)
    const total = await space.open('total', counter())
    await total.add(1)
    assert.ok(decodeBookmark('s', space.bookmark).equals(host.state('s').vector))
    const other = await reader.space('s')
    assert.equal(await (await other.open('total', counter())).read(), 1)
    assert.ok(decodeBookmark('s', other.bookmark).equals(host.state('s').vector))
  })

  it('is waited for at the gateway where a space is opened after it', async () => {
    const host = new MemoryHost()
    const gateway = await rig.gateway({}, host)
    const first = await rig.client(gateway.url)
    const space = await first.space('s')
    await (await space.open('total', counter())).add(1)
    const { bookmark } = space
    const behind = new MemoryHost(2n)
    let arrive = (): void => undefined
    const asked: VersionVector[] = []
    behind.reach = (_, vector) => {
      asked.push(vector)
      return new Promise((resolve) => (arrive = resolve))
    }
    const elsewhere = await rig.client((await rig.gateway({}, behind)).url)
    let isOpen = false
    const opening = elsewhere.space('s', { after: bookmark }).then((opened) => {
      isOpen = true
      return opened
    })
    await eventually(() => assert.equal(asked.length, 1))
    assert.ok(asked[0]!.equals(host.state('s').vector))
    assert.equal(isOpen, false)
    arrive()
    const opened = await opening
    const kept = decodeBookmark('s', opened.bookmark)
    assert.ok(kept.covers(decodeBookmark('s', bookmark)), 'who passes it on has seen as much')
  })

  it('that never arrives fails the opening, and is no bookmark of another space', async () => {
    const host = new MemoryHost()
    const late = new JoineryError('CALL_TIMEOUT', 'late', { timeoutMs: 1, outcome: 'not-applied' })
    host.reach = () => Promise.reject(late)
    const client = await rig.client((await rig.gateway({}, host)).url)
    const space = await client.space('s')
    await (await space.open('total', counter())).add(1)
    const { bookmark } = space
    await assert.rejects(client.space('t', { after: bookmark }), { code: 'VALUE_INVALID' })
    const another = await rig.client((await rig.gateway({}, host)).url)
    await assert.rejects(another.space('s', { after: bookmark }), { code: 'CALL_TIMEOUT' })
  })

  it('goes with it to the next gateway, before anything else that it asks there', async () => {
    const [host, next] = [new MemoryHost(), new MemoryHost(2n)]
    let isThere = false
    next.reach = async (_, vector) => {
      assert.equal(vector.get(1n), 1)
      await sleep(50)
      isThere = true
    }
    const [gateway, second] = [await rig.gateway({}, host), await rig.gateway({}, next)]
    const client = await rig.client([gateway.url, second.url])
    const space = await client.space('s')
    const total = await space.open('total', counter())
    await total.add(1)
    await gateway.close()
    await total.read()
    assert.ok(isThere)
  })

  it('goes on where the connection is another, to the gateway that knows it', async () => {
    const host = new MemoryHost()
    const proxy = await rig.proxy((await rig.gateway({}, host)).url)
    const client = await rig.client(proxy.url)
    const space = await client.space('s')
    const total = await space.open('total', counter())
    await total.add(1)
    proxy.cut()
    await total.add(1)
    assert.ok(decodeBookmark('s', space.bookmark).equals(host.state('s').vector))
  })

  it('is there before a long answer that shows what it stands for', async () => {
    const host = new MemoryHost()
    const { url } = await rig.gateway({}, host)
    const writer = await rig.client(url)
    const texts = await (await writer.space('s')).open('texts', map<string>())
    const reader = await rig.raw(url)
    const descriptor = kindOf(map<string>()).descriptor
    const after = new Uint8Array()
    reader.send(
      { kind: 'open-space', id: 9, space: 's', founded: 0, lifetime: undefined, after },
      { kind: 'open-object', id: 10, object: 1, space: 's', name: 'texts', descriptor },
      { kind: 'define-target', target: 5, object: 1, path: [], verb: 'read' },
    )
    await eventually(() => {
      assert.equal(reader.replies.filter(({ kind }) => kind === 'result').length, 2)
    })
    // Beyond a frame, and beyond what is not divided.
    for (const values of [1, 3]) {
      for (let at = 0; at < values; at++)
        await texts.set(String(at), 'x'.repeat(90_000 * (values > 1 ? 2 : 1)))
      reader.replies.length = 0
      const frames: Reply['kind'][][] = []
      reader.socket.on('message', (data: Buffer) => {
        const kinds: Reply['kind'][] = []
        decodeReplies(data, ({ kind }) => kinds.push(kind))
        frames.push(kinds)
      })
      reader.send({ kind: 'read', id: 11, target: 5, args: encodeArgs() })
      await eventually(() => assert.ok(frames.flat().includes('seen')))
      assert.ok(frames[0]!.includes('seen'), JSON.stringify(frames))
      reader.socket.removeAllListeners('message')
    }
  })

  it('tells who flushes that a gateway does not show what the one before it had shown', async () => {
    const [host, next] = [new MemoryHost(), new MemoryHost(2n)]
    next.reach = () =>
      Promise.reject(
        new JoineryError('CALL_TIMEOUT', 'late', { timeoutMs: 1, outcome: 'not-applied' }),
      )
    const [gateway, second] = [await rig.gateway({}, host), await rig.gateway({}, next)]
    host.flush = async () => ({ replicas: 2 })
    const client = await rig.client([gateway.url, second.url])
    const space = await client.space('s')
    const total = await space.open('total', counter())
    await total.add(1)
    await space.flush({ replicas: 2 })
    await gateway.close()
    await total.read()
    await assert.rejects(space.flush(), { code: 'GATEWAY_UNREACHABLE' })
  })
})
