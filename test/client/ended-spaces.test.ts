import assert from 'node:assert/strict'
import { type Client } from '@joinery/client'
import { type Change, counter, type Lifetime, map } from '@joinery/crdt-objects'
import { encodeBookmark, VersionVector } from '@joinery/crdt-objects/engine'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'

const ended = { code: 'SPACE_ENDED' }

describe('A space that ends', () => {
  let rig: GatewayRig
  let host: MemoryHost

  beforeEach(() => {
    rig = new GatewayRig()
    host = numbered()
  })
  afterEach(() => rig.end())

  /** Spaces that have numbers, as a control group gives them. */
  function numbered(replica?: bigint): MemoryHost {
    const made = new MemoryHost(replica)
    made.foundings = 0
    return made
  }

  it('does so for all clients: handles, sequences and waits, and another of its name is empty', async () => {
    const { url } = await rig.gateway({}, host)
    const [one, two] = [await rig.client(url), await rig.client(url)]
    const spaces = [await one.space('s'), await two.space('s')] as const
    const hits = await Promise.all(spaces.map(async (space) => await space.open('hits', counter())))
    await hits[0]!.add(5)
    const changes: AsyncIterator<Change> = hits[1]!.changes()[Symbol.asyncIterator]()
    await hits[0]!.add(1)
    assert.equal((await changes.next()).done, false)
    const next = changes.next()
    const isOver = assert.rejects(Promise.resolve(next), ended)
    host.flush = () => new Promise(() => undefined)
    const flushed = spaces[1].flush({ replicas: 2 })
    const isGivenUp = assert.rejects(flushed, ended)
    await spaces[0].end()
    await Promise.all([isOver, isGivenUp])
    await eventually(async () => await assert.rejects(hits[1]!.add(1), ended))
    await assert.rejects(hits[0]!.read(), ended)
    await assert.rejects(spaces[1].open('other', counter()), ended)
    await Promise.all(spaces.map(async (space) => await space.end()))
    const again = await two.space('s')
    assert.notEqual(again, spaces[1])
    const fresh = await again.open('hits', counter())
    assert.equal(await fresh.read(), 0)
    await fresh.add(2)
    assert.equal(await (await (await one.space('s')).open('hits', counter())).read(), 2)
    assert.deepEqual(rig.faults, [])
  })

  it('while a client is away takes nothing of it into another of its name', async () => {
    const gateway = await rig.gateway({}, host)
    const proxy = await rig.proxy(gateway.url)
    const away = await rig.client(proxy.url)
    const space = await away.space('s')
    const hits = await space.open('hits', counter())
    await hits.add(1)
    proxy.swallowRequests = true
    const lost = hits.add(10)
    const isLost = assert.rejects(lost, ended)
    host.end('s')
    const other = await rig.client(gateway.url)
    const fresh = await (await other.space('s')).open('hits', counter())
    await fresh.add(2)
    proxy.swallowRequests = false
    proxy.cut()
    await isLost
    await assert.rejects(hits.add(20), ended)
    assert.equal(await fresh.read(), 2)
    assert.equal(await (await (await away.space('s')).open('hits', counter())).read(), 2)
  })

  it('while its gateway is lost is found out at the next, which founds no other', async () => {
    const next = numbered(2n)
    next.foundings = 7
    const first = await rig.gateway({}, host)
    const second = await rig.gateway({}, next)
    const client = await rig.client([first.url, second.url])
    const hits = await (await client.space('s')).open('hits', counter())
    await hits.add(1)
    await first.close()
    await eventually(async () => await assert.rejects(hits.add(1), ended))
    assert.equal(next.states.size, 0)
    assert.equal(await (await (await client.space('s')).open('hits', counter())).read(), 0)
  })

  it('gives the numbers of its objects to others', async () => {
    const client = await rig.client((await rig.gateway({}, host)).url)
    for (let round = 0; round < 17; round++) {
      const space = await client.space(`s${round}`)
      const names = Array.from({ length: 1_000 }, (_, at) => `object ${at}`)
      await Promise.all(names.map(async (name) => await space.open(name, map(counter()))))
      const last = await space.open('object 999', map(counter()))
      await last.at('a').add(round)
      assert.equal(await last.at('a').read(), round)
      await space.end()
    }
    assert.equal(host.states.size, 0)
  })

  it('is forgotten by its client and gateway when it had closed it before', async () => {
    const client = await rig.client((await rig.gateway({}, host)).url)
    const space = await client.space('s')
    await (await space.open('hits', counter())).add(1)
    await space.close()
    await assert.rejects(space.end(), ended)
    assert.ok(host.states.has('s'), 'who has closed it ends it for nobody')
    host.end('s')
    assert.equal(await (await (await client.space('s')).open('hits', counter())).read(), 0)
  })

  it('was asked for with a lifetime, at the gateway as at a peer', async () => {
    const client = await rig.client((await rig.gateway({}, host)).url)
    await client.space('s', { lifetime: { leaseMs: 5_000 } })
    const other = await rig.client((await rig.gateway({}, host)).url)
    await assert.rejects(other.space('s', { lifetime: { leaseMs: 5_001 } }), {
      code: 'SPACE_LIFETIME_DIFFERS',
      details: { space: 's', expected: { leaseMs: 5_001 }, found: { leaseMs: 5_000 } },
    })
    await other.space('s', { lifetime: { leaseMs: 5_000 } })
    await other.space('s')
    for (const lifetime of [0, 'job', { ttlMs: 0.5 }, { leaseMs: -1 }, null, { ttlMs: 2 ** 40 }]) {
      const refused = client.space('t', { lifetime: lifetime as Lifetime })
      await assert.rejects(refused, { code: 'VALUE_INVALID' })
    }
    assert.equal(host.states.has('t'), false)
  })
})

describe('A gateway is in a space', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('while a client of it is: until that closes it, or has gone', async () => {
    const host = new MemoryHost()
    const limits = { sessionMs: 200, silenceMsMax: 100 }
    const { url } = await rig.gateway({ limits }, host)
    const isIdle = async (expected: boolean): Promise<void> =>
      await eventually(() => assert.equal(host.idle.get('s'), expected))
    const one = await rig.client(url)
    const proxy = await rig.proxy(url)
    const two = await rig.client(proxy.url)
    const space = await one.space('s')
    await two.space('s')
    await space.close()
    await (await one.space('t')).flush()
    await isIdle(false)
    proxy.target = 1
    proxy.cut()
    await isIdle(true)
    const again = await one.space('s')
    await isIdle(false)
    await one.space('s')
    await again.close()
    await isIdle(true)
    await one.space('s')
    await isIdle(false)
    await one.close()
    await isIdle(true)
  })

  /** A gateway at which what is opened after something waits for it, until `arrive` is called. */
  async function waiting(host: MemoryHost): Promise<{ client: Client; arrive: () => void }> {
    let arrive!: () => void
    const there = new Promise<void>((resolve) => (arrive = resolve))
    host.reach = async () => await there
    const client = await rig.client((await rig.gateway({}, host)).url)
    return { client, arrive }
  }
  const after = encodeBookmark('s', new VersionVector(0, [[1n, 1]]))

  it('while a client opens it, though that closes another opening meanwhile', async () => {
    const host = new MemoryHost()
    const { client, arrive } = await waiting(host)
    const first = await client.space('s')
    const opening = client.space('s', { after })
    await first.close()
    arrive()
    const second = await opening
    await (await second.open('hits', counter())).add(1)
    assert.equal(host.idle.get('s'), false)
    await second.close()
    await eventually(() => assert.equal(host.idle.get('s'), true))
  })

  it('and not for whoever has given up opening it', async () => {
    const host = new MemoryHost()
    const { client, arrive } = await waiting(host)
    const giveUp = new AbortController()
    const opening = client.space('s', { after, signal: giveUp.signal })
    const isGivenUp = assert.rejects(opening, /enough/)
    await eventually(() => assert.equal(host.idle.get('s'), false))
    giveUp.abort(new Error('enough'))
    await isGivenUp
    arrive()
    await eventually(() => assert.equal(host.idle.get('s'), true))
  })

  it('that is new to a client for what that has open, and for nothing that it has closed', async () => {
    const next = new MemoryHost(2n)
    const [first, second] = [await rig.gateway({}, new MemoryHost()), await rig.gateway({}, next)]
    const client = await rig.client([first.url, second.url])
    await (await client.space('done')).close()
    const failing = { lifetime: { leaseMs: 1000 }, signal: AbortSignal.abort(new Error('no')) }
    await assert.rejects(client.space('never', failing), /no/)
    const total = await (await client.space('s')).open('total', counter())
    await first.close()
    await total.read()
    assert.deepEqual([...next.states.keys()], ['s'])
  })
})
