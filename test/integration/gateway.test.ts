import assert from 'node:assert/strict'
import { type Client, connect } from '@joinery/client'
import { counter, isJoineryError, map } from '@joinery/crdt-objects'
import { ProgramProcess } from '#test/fixtures/program-process.ts'
import { TcpProxy } from '#test/fixtures/tcp-proxy.ts'
import { freePort } from '#test/bench/free-port.ts'

const key = { JOINERY_CLUSTER_KEY: 'a key for tests, and for tests only' }
const peerProgram = 'packages/peer/src/program/main.ts'

describe('Gateways in processes of their own', () => {
  const ends: (() => unknown)[] = []

  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  function launch(program: string, args: readonly string[]): ProgramProcess {
    const launched = new ProgramProcess(program, args, key)
    ends.push(() => launched.end())
    return launched
  }

  async function gateway(port = 0): Promise<{ readonly url: string; process: ProgramProcess }> {
    const process = launch('test/fixtures/memory-gateway.ts', [`${port}`])
    return { url: await process.prints(/ws:\S+/), process }
  }

  async function client(url: string): Promise<Client> {
    const connected = await connect(url, { retry: { delayMsMin: 20, delayMsMax: 200 } })
    ends.push(() => connected.close())
    return connected
  }

  async function proxyTo(url: string): Promise<TcpProxy> {
    const proxy = await TcpProxy.start(url)
    ends.push(() => proxy.close())
    return proxy
  }

  it('a client goes on when its gateway is killed and started again', async () => {
    const port = await freePort()
    const first = await gateway(port)
    const space = await (await client(first.url)).space('s')
    const hits = await space.open('hits', counter())
    const changes = hits.changes()[Symbol.asyncIterator]()
    await hits.add(1)
    await changes.next()
    await first.process.end()
    const read = hits.with({ timeoutMs: 30_000 }).read()
    const waiting = hits.with({ timeoutMs: 30_000 }).add(5)
    await gateway(port)
    await Promise.all([read, waiting])
    assert.equal((await changes.next()).done, false)
    await hits.add(1)
    // The memory of the first gateway died with it: this is what the second was given.
    assert.equal(await hits.read(), 6)
  })

  it('a kill between apply and reply gives the outcome unknown, and nothing is applied twice', async () => {
    const first = await gateway()
    const proxy = await proxyTo(first.url)
    const far = await client(proxy.url)
    const hits = await (await far.space('s')).open('hits', counter())
    await hits.add(1)
    // The gateway answers only what it has applied, and its answer is the moment to kill it.
    proxy.swallowReplies = true
    const answered = new Promise<void>((resolve) => {
      proxy.onReply = () => resolve()
    })
    const written = assert.rejects(hits.add(10), (error) => {
      assert.ok(isJoineryError(error, 'GATEWAY_UNREACHABLE'))
      assert.deepEqual(error.details, { outcome: 'unknown' })
      assert.equal(error.retryable, false)
      return true
    })
    await answered
    await first.process.end('SIGKILL')
    proxy.swallowReplies = false
    const second = await gateway()
    proxy.target = Number(new URL(second.url).port)
    await written
    await hits.add(100)
    assert.equal(await hits.read(), 100)
  })

  it('a gateway that lost the connection only answers as if nothing had happened', async () => {
    const { url } = await gateway()
    const proxy = await proxyTo(url)
    const hits = await (await (await client(proxy.url)).space('s')).open('hits', map(counter()))
    let frames = 0
    proxy.onReply = () => {
      frames += 1
      if (frames % 25 === 0) proxy.cut()
    }
    const writes = Array.from({ length: 20 }, async (_, key) => {
      for (let i = 0; i < 50; i++) await hits.at(`${key}`).add(1)
    })
    await Promise.all(writes)
    proxy.onReply = () => {}
    const values = [...(await hits.read()).values()]
    assert.deepEqual(
      values,
      Array.from({ length: 20 }, () => 50),
    )
  })

  it('clients of two peers share objects, and joinery-peer hands over when it is told to end', async () => {
    const founder = launch(peerProgram, ['--port', '0', '--space', 'shared'])
    const address = await founder.prints(/address +(\S+)/)
    const other = launch(peerProgram, [
      ...['--port', '0', '--bootstrap', address],
      ...['--space', 'shared', '--dissemination', 'direct'],
    ])
    const one = await client(await founder.prints(/gateway +(\S+)/))
    const two = await client(await other.prints(/gateway +(\S+)/))
    const mine = await (await one.space('shared')).open('hits', counter())
    const theirs = await (await two.space('shared')).open('hits', counter())
    await mine.add(2)
    await theirs.add(40)
    assert.equal(await mine.until((value) => value === 42, { timeoutMs: 20_000 }), 42)
    assert.equal(await theirs.until((value) => value === 42, { timeoutMs: 20_000 }), 42)
    await theirs.add(1)
    const ended = await other.end('SIGTERM')
    assert.equal(ended.exitCode, 0, ended.stderr)
    assert.match(ended.stdout, /handed over/)
    assert.equal(await mine.until((value) => value === 43, { timeoutMs: 20_000 }), 43)
  })

  it('a flush through a gateway resolves when another peer holds the writes', async () => {
    const founder = launch(peerProgram, ['--port', '0', '--space', 'shared'])
    const address = await founder.prints(/address +(\S+)/)
    const space = await (await client(await founder.prints(/gateway +(\S+)/))).space('shared')
    const hits = await space.open('hits', counter())
    await hits.add(1)
    await assert.rejects(space.flush({ replicas: 2, timeoutMs: 100 }), (error) => {
      assert.ok(isJoineryError(error, 'CALL_TIMEOUT'))
      return true
    })
    const other = launch(peerProgram, ['--port', '0', '--bootstrap', address, '--space', 'shared'])
    await other.prints(/gateway +(\S+)/)
    const { replicas } = await space.flush({ replicas: 2, timeoutMs: 20_000 })
    assert.ok(replicas >= 2)
  })

  it('joinery-peer teaches, and tells a wrong use from a failure', async () => {
    const help = await launch(peerProgram, ['--help']).ended()
    assert.equal(help.exitCode, 0)
    assert.match(help.stdout, /JOINERY_CLUSTER_KEY[\s\S]*Examples:/)
    const { url: taken } = await gateway()
    const cases: [string[], number, RegExp][] = [
      [['--port', 'x'], 2, /a port is a number/],
      [['--bogus'], 2, /unknown option '--bogus'/],
      [['--host', '0.0.0.0', '--port', '0'], 2, /needs a token/],
      [['--bootstrap', 'localhost:1', '--port', '0'], 2, /multiaddr/],
      [['--token-file', '/nowhere/at/all'], 2, /--token-file names cannot be read: .*no such file/],
      [['--origin', 'notaurl', '--port', '0'], 2, /an origin looks like https:\/\/example.org/],
      [['--space', 'a/b', '--port', '0'], 2, /has no "\/"/],
      [['--port', new URL(taken).port], 1, /something listens there already/],
    ]
    await Promise.all(
      cases.map(async ([args, code, pattern]) => {
        const ended = await launch(peerProgram, args).ended()
        assert.equal(ended.exitCode, code, ended.stderr)
        assert.match(ended.stderr, pattern)
        assert.doesNotMatch(ended.stderr, /\n +at /)
      }),
    )
    const keyless = new ProgramProcess(peerProgram, ['--port', '0'], { JOINERY_CLUSTER_KEY: '' })
    assert.equal((await keyless.ended()).exitCode, 2)
    assert.match(keyless.stderr, /--key-file/)
  })

  it('joinery-peer says that it has not joined yet, and does not claim to have handed over', async () => {
    const alone = launch(peerProgram, [
      ...['--port', '0', '--space', 's'],
      ...['--bootstrap', '/ip4/127.0.0.1/tcp/1'],
    ])
    const notJoined = /not joined yet, still trying \/ip4\/127\.0\.0\.1\/tcp\/1/
    await alone.prints(notJoined)
    const idle = launch(peerProgram, ['--port', '0'])
    await idle.prints(/gateway +(\S+)/)
    const hits = await (
      await (await client(await alone.prints(/gateway +(\S+)/))).space('s')
    ).open('hits', counter())
    await hits.add(1)
    await hits.add(1)
    const [ended, idleEnded] = await Promise.all([alone.end('SIGTERM'), idle.end('SIGTERM')])
    assert.equal(ended.exitCode, 0)
    assert.match(ended.stderr, notJoined)
    assert.match(ended.stdout, /2 updates made here are not known to be held by any other peer/)
    assert.match(idleEnded.stdout, /no other peer is connected/)
    for (const { stdout } of [ended, idleEnded]) assert.doesNotMatch(stdout, /handed over/)
  })
})
