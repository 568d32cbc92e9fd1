import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { counter, JoineryError } from '@joinery/crdt-objects'
import { decodeBookmark, type VersionVector } from '@joinery/crdt-objects/engine'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

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
