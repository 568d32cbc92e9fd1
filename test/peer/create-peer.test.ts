import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { counter, map, register, set } from '@joinery/crdt-objects'
import { createPeer, type Peer, type PeerOptions, type Report } from '@joinery/peer'
import { clusterKeyVariable } from '#peer/cluster-key.ts'
import { eventually } from '#test/eventually.ts'
import { freePort } from '#test/bench/free-port.ts'

const clusterKey = 'a key for tests, and for tests only'

describe('A peer', () => {
  const peers: Peer[] = []

  async function start(options: PeerOptions = {}): Promise<Peer> {
    const peer = await createPeer({ clusterKey, ...options })
    peers.push(peer)
    return peer
  }

  async function startPair(options: PeerOptions = {}): Promise<[Peer, Peer]> {
    const founder = await start(options)
    return [founder, await start({ bootstrap: founder.addresses, ...options })]
  }

  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.stop()))
  })

  it('refuses to start without a key, and says how to make one', async () => {
    const before = process.env[clusterKeyVariable]
    delete process.env[clusterKeyVariable]
    try {
      await assert.rejects(createPeer(), { code: 'VALUE_INVALID', message: /openssl rand -hex 32/ })
      await assert.rejects(createPeer({ clusterKey: 'short' }), { code: 'VALUE_INVALID' })
      process.env[clusterKeyVariable] = clusterKey
      const fromEnvironment = await createPeer()
      peers.push(fromEnvironment)
      await start({ bootstrap: fromEnvironment.addresses })
    } finally {
      if (before === undefined) delete process.env[clusterKeyVariable]
      else process.env[clusterKeyVariable] = before
    }
  })

  it('takes its key as text, as bytes or from a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'joinery-key-'))
    try {
      const file = join(folder, 'key')
      await writeFile(file, `${clusterKey}\n`)
      const founder = await start({ clusterKey: { file } })
      await start({
        clusterKey: new TextEncoder().encode(clusterKey),
        bootstrap: founder.addresses,
      })
      await assert.rejects(start({ clusterKey: { file: join(folder, 'none') } }), {
        code: 'VALUE_INVALID',
        message: /cannot be read/,
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('refuses options that make no sense', async () => {
    for (const options of [
      { bootstrap: ['localhost:4001'] },
      { listen: [''] },
      { dissemination: 'pigeons' },
      { clusterkey: clusterKey },
      { listen: ['/pigeon/127.0.0.1'] },
      { bootstrap: ['/ip4/300.0.0.1/tcp/1'] },
      { gateway: { port: 70_000 } },
      { gateway: { port: -1 } },
      { gateway: { port: '7070' } },
      { gateway: { host: '' } },
      { gateway: { host: '0.0.0.0' } },
      { gateway: { token: 12 } },
      { gateway: { origins: ['notaurl'] } },
      { gateway: { origins: ['https://example.org/'] } },
      { gateway: { origins: 'https://example.org' } },
      { gateway: { hosts: [7] } },
    ]) {
      await assert.rejects(start(options as PeerOptions), { code: 'VALUE_INVALID' })
    }
  })

  it('says which address it cannot listen at, and why', async () => {
    const first = await start({ gateway: { port: 0 } })
    const port = Number(new URL(first.gatewayUrl!).port)
    await assert.rejects(start({ gateway: { port } }), {
      code: 'ADDRESS_UNAVAILABLE',
      details: { address: `127.0.0.1:${port}`, reason: 'taken' },
      retryable: true,
    })
    const address = first.addresses[0]!.replace(/\/p2p\/.*/, '')
    await assert.rejects(start({ listen: [address] }), {
      code: 'ADDRESS_UNAVAILABLE',
      details: { address, reason: 'taken' },
    })
    // Addresses for documentation are no machine's.
    await assert.rejects(start({ listen: ['/ip4/192.0.2.1/tcp/0'] }), {
      code: 'ADDRESS_UNAVAILABLE',
      details: { address: '/ip4/192.0.2.1/tcp/0', reason: 'elsewhere' },
    })
  })

  it('throws PEER_REFUSED when the cluster turns it away', async () => {
    const founder = await start()
    await assert.rejects(
      start({ clusterKey: 'another key of enough bytes', bootstrap: founder.addresses }),
      { code: 'PEER_REFUSED', details: { reason: 'key' } },
    )
  })

  it('opens a space with what the others hold, pending writes included', async () => {
    const [first, second] = await startPair()
    const words = await (await first.space('book')).open('words', map(counter()))
    words.at('the').add(3)
    const space = await second.space('book')
    assert.equal((await space.open('words', map(counter()))).get('the'), 3)
  })

  it('brings updates both ways', async () => {
    for (const dissemination of ['gossip', 'direct'] as const) {
      const [first, second] = await startPair({ dissemination })
      const here = await (await first.space('s')).open('tags', set<string>())
      const there = await (await second.space('s')).open('tags', set<string>())
      here.add('a')
      await there.until((tags) => tags.has('a'), { timeoutMs: 5000 })
      there.add('b')
      await here.until((tags) => tags.has('b'), { timeoutMs: 5000 })
    }
  })

  it('brings what is too large for gossip', async () => {
    const [first, second] = await startPair()
    const here = await (await first.space('s')).open('pages', map<string>())
    const there = await (await second.space('s')).open('pages', map<string>())
    for (let i = 0; i < 10; i++) here.set(`page ${i}`, String(i).repeat(100_000))
    await there.until((pages) => pages.size === 10, { timeoutMs: 10_000 })
    assert.equal(there.get('page 7'), '7'.repeat(100_000))
  })

  it('brings a joiner a state that is larger than any queue or log', async () => {
    const [first, second] = await startPair()
    const here = await (await first.space('s')).open('pages', map<string>())
    for (let i = 0; i < 250; i++) here.set(`page ${i}`, `${i} `.repeat(25_000))
    const space = await second.space('s')
    const there = await space.open('pages', map<string>())
    await there.until((pages) => pages.size === 250, { timeoutMs: 15_000 })
    assert.equal(there.get('page 77'), '77 '.repeat(25_000))
  })

  it('flushes to as many peers as asked for, or throws CALL_TIMEOUT and loses nothing', async () => {
    const [first, second] = await startPair()
    const space = await first.space('s')
    const hits = await space.open('hits', counter())
    hits.add(1)
    assert.deepEqual(await space.flush(), { replicas: 1 })
    await assert.rejects(space.flush({ replicas: 2, timeoutMs: 50 }), {
      code: 'CALL_TIMEOUT',
      details: { timeoutMs: 50, outcome: 'unknown' },
      message: /0 peers have the space open, and 0 of them were seen.*ask for 1 at most/,
    })
    const flushed = space.flush({ replicas: 2 })
    const there = await (await second.space('s')).open('hits', counter())
    assert.deepEqual(await flushed, { replicas: 2 })
    assert.equal(there.value, 1)
    await assert.rejects(space.flush({ replicas: 3, timeoutMs: 50 }), {
      message: /1 peer has the space open, and 1 of them was seen to hold the writes/,
    })
    for (const replicas of [0, -1, 1.5, Number.NaN]) {
      await assert.rejects(space.flush({ replicas }), { code: 'VALUE_INVALID' })
    }
  })

  it("rejects a waiting call with the signal's own reason", async () => {
    const peer = await start()
    const space = await peer.space('s')
    const reason = new Error('enough')
    const flush = space.flush({ replicas: 2, signal: AbortSignal.timeout(20) })
    await assert.rejects(flush, { name: 'TimeoutError' })
    const aborted = AbortSignal.abort(reason)
    for (const call of [
      space.flush({ signal: aborted }),
      space.open('x', counter(), { signal: aborted }),
      peer.space('other', { signal: aborted }),
      createPeer({ clusterKey, signal: aborted }),
    ]) {
      await assert.rejects(call, (error) => error === reason)
    }
  })

  it('drains to another peer, or says how many updates nobody else holds', async () => {
    const [first, second] = await startPair()
    const alone = await (await first.space('alone')).open('n', counter())
    alone.add(1)
    alone.add(1)
    assert.deepEqual(
      await first.drain(),
      { complete: false, unsent: 2 },
      'nobody is there: at once',
    )
    await second.space('alone')
    assert.deepEqual(await first.drain(), { complete: true, unsent: 0 })
  })

  it('hands over what was written when it is disposed of', async () => {
    const [first, second] = await startPair()
    const there = await (await second.space('s')).open('n', counter())
    {
      const here = await (await first.space('s')).open('n', counter())
      for (let i = 0; i < 1000; i++) here.add(1)
      await first[Symbol.asyncDispose]()
    }
    assert.equal(there.value, 1000)
    await assert.rejects(first.space('s'), { code: 'SPACE_ENDED' })
  })

  it('ends a space when its last user closes it, and starts it anew under another replica id', async () => {
    const [first, second] = await startPair()
    const kept = await (await second.space('s')).open('n', counter())
    const one = await first.space('s')
    const two = await first.space('s')
    const hits = await one.open('n', counter())
    hits.add(5)
    await one.close()
    await one.close()
    await assert.rejects(one.open('n', counter()), { code: 'SPACE_ENDED' })
    hits.add(1)
    await two.close()
    assert.throws(() => hits.add(1), { code: 'SPACE_ENDED' })
    assert.equal(kept.value, 6)
    const again = await (await first.space('s')).open('n', counter())
    assert.equal(again.value, 6)
    again.add(1)
    await kept.until((value) => value === 7, { timeoutMs: 5000 })
  })

  it('refuses names that are empty, too long or no text', async () => {
    const peer = await start()
    for (const name of ['', 'x'.repeat(257), '\ud800', 'a/b', 7 as unknown as string]) {
      await assert.rejects(peer.space(name), { code: 'VALUE_INVALID' })
    }
    const space = await peer.space('x'.repeat(256))
    for (const name of ['', 'x'.repeat(1025)]) {
      await assert.rejects(space.open(name, counter()), { code: 'VALUE_INVALID' })
    }
    await space.open('x'.repeat(1024), counter())
    await space.open('alice/2026', counter())
  })

  it('refuses a name that is taken by another schema', async () => {
    const space = await (await start()).space('s')
    const hits = await space.open('n', counter())
    hits.add(1)
    await assert.rejects(space.open('n', register<string>()), { code: 'OBJECT_SCHEMA_DIFFERS' })
  })

  it('counts what it wrote and sent', async () => {
    const [first, second] = await startPair({ dissemination: 'direct' })
    const space = await first.space('s')
    await second.space('s')
    const hits = await space.open('n', counter())
    for (let i = 0; i < 100; i++) hits.add(1)
    await space.flush({ replicas: 2 })
    const { updates, batches, bytes, bytesSent } = first.statistics()
    assert.deepEqual([updates, batches], [100, 1])
    assert.ok(bytes > 0 && bytesSent > bytes)
    assert.equal(second.statistics().updates, 0)
    assert.ok(second.statistics().bytesReceived > bytes)
  })

  it('connects to every member that its neighbours know', async () => {
    const founder = await start()
    const others = [
      await start({ bootstrap: founder.addresses }),
      await start({ bootstrap: founder.addresses }),
    ]
    const [second, third] = others
    const here = await (await second!.space('s')).open('n', counter())
    const there = await (await third!.space('s')).open('n', counter())
    await founder.stop()
    here.add(1)
    await there.until((value) => value === 1, { timeoutMs: 5000 })
  })

  it('works alone until its bootstrap address answers', async () => {
    const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
    const reports: Report[] = []
    const early = await start({ bootstrap: [address], onReport: (r) => reports.push(r) })
    assert.deepEqual(
      reports.map((report) => report.kind === 'not-joined' && report.addresses),
      [[address]],
    )
    assert.equal(early.statistics().peers, 0)
    const here = await (await early.space('s')).open('n', counter())
    const [joining = NaN, opening = NaN] = reports.map((r) => ('waitedMs' in r ? r.waitedMs : NaN))
    assert.ok(opening < joining / 2, 'it does not wait for the cluster again')
    here.add(1)
    const founder = await start({ listen: [address] })
    const there = await (await founder.space('s')).open('n', counter())
    await there.until((value) => value === 1, { timeoutMs: 10_000 })
    assert.deepEqual(
      reports.slice(1).map(({ kind }) => kind),
      ['space-alone', 'joined-late'],
    )
    assert.equal(early.statistics().peers, 1)
  })

  it('stops by a signal', async () => {
    const controller = new AbortController()
    const reports: Report[] = []
    const peer = await start({ signal: controller.signal, onReport: (r) => reports.push(r) })
    const space = await peer.space('s')
    controller.abort()
    await eventually(() => {
      assert.rejects(space.open('n', counter()), { code: 'SPACE_ENDED' }).catch(() => undefined)
    })
    await peer.stop()
    assert.deepEqual(reports, [])
  })

  it('imports the polyfill before anything of libp2p, whichever file is loaded first', async () => {
    const source = new URL('../../packages/peer/src/', import.meta.url)
    const files = (await readdir(source, { recursive: true })).filter((file) =>
      file.endsWith('.ts'),
    )
    let count = 0
    for (const file of files) {
      const text = await readFile(new URL(file, source), 'utf8')
      const imports = [...text.matchAll(/^(?:import|export) (?!type)[^;]*?'([^']+)'/gms)].map(
        (m) => m[1]!,
      )
      if (!imports.some((name) => /^(libp2p|@libp2p|@chainsafe)/.test(name))) continue
      assert.match(imports[0]!, /polyfill\.ts$/, file)
      count++
    }
    assert.ok(count >= 2)
    const index = await readFile(new URL('index.ts', source), 'utf8')
    assert.match(index, /^(\/\/.*\n)*import '\.\/polyfill\.ts'\n/)
  })
})
