import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  protocolVersion,
  decodeReplies,
  frameBytesMax,
  type Outgoing,
} from '@joinery/client/protocol'
import { counter, map } from '@joinery/crdt-objects'
import { VersionVector } from '@joinery/crdt-objects/engine'
import fastCheck from 'fast-check'
import { eventually } from '#test/eventually.ts'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { MemoryHost } from '#test/fixtures/memory-host.ts'
import {
  encodeArgs,
  encodeFrame,
  encodeWrites,
  hello,
  RawClient,
} from '#test/fixtures/raw-client.ts'

const write = (sequence: number, amount: unknown = 1, target = 0): Outgoing => ({
  kind: 'write',
  sequence,
  target,
  args: encodeArgs(amount),
})
const read = (id: number, target = 1): Outgoing => ({
  kind: 'read',
  id,
  target,
  args: encodeArgs(),
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

describe('A gateway and frames that no client of ours sends', () => {
  const rig = new GatewayRig()
  let host: MemoryHost
  let url: string
  let limits: { windowMax?: number; inFlightMax?: number; helloTimeoutMs?: number }

  beforeEach(async () => {
    host = new MemoryHost()
    limits = { helloTimeoutMs: 200 }
    url = (await rig.gateway({ limits }, host)).url
  })

  afterEach(async () => {
    await rig.end()
    assert.deepEqual(rig.faults.splice(0), [])
  })

  /** The gateway serves, and its counter is what it was. */
  async function assertServes(value: number): Promise<void> {
    const client = await rig.client(url)
    const hits = await (await client.space('s')).open('c', counter())
    assert.equal(await hits.read(), value)
    await client.close()
  }

  it('closes with a code and changes nothing when a frame has an error anywhere in it', async () => {
    const client = await rig.raw(url)
    const good = encodeFrame(write(1), write(2))
    client.sendBytes(Buffer.concat([good, Uint8Array.of(99, 1, 2)]))
    const refused = await client.reply('refused')
    assert.equal(refused.failure.code, 'ENCODING_INVALID')
    assert.equal((await client.untilClosed()).code, 1002)
    await assertServes(0)
  })

  it('takes only a hello first, only one, and of its own version', async () => {
    const eager = await RawClient.open(url)
    eager.send(write(1))
    assert.equal((await eager.reply('refused')).failure.code, 'VALUE_INVALID')
    const twice = await rig.raw(url)
    twice.send(hello())
    assert.equal((await twice.untilClosed()).code, 1002)
    const other = await RawClient.open(url)
    other.sendBytes(Uint8Array.of(1, 77, 5, 6, 7))
    assert.match(
      (await other.reply('refused')).failure.message,
      new RegExp(`version ${protocolVersion}`),
    )
    await assertServes(0)
  })

  it('drops who says nothing, or too much before saying who it is', async () => {
    const silent = await RawClient.open(url)
    await silent.untilClosed()
    const loud = await RawClient.open(url)
    loud.sendBytes(randomBytes(64 * 1024))
    await loud.untilClosed()
    await assertServes(0)
  })

  it('closes on a frame that is too long, and on text', async () => {
    const long = await rig.raw(url)
    long.sendBytes(Buffer.alloc(frameBytesMax + 1))
    assert.equal((await long.untilClosed()).code, 1009)
    const text = await rig.raw(url)
    text.socket.send('hello')
    assert.equal((await text.untilClosed()).code, 1003)
    await assertServes(0)
  })

  it('takes writes in the order of their numbers only', async () => {
    const client = await rig.raw(url)
    client.send(write(1), write(3))
    assert.match((await client.reply('refused')).failure.message, /write 2 comes next/)
    // What came before is applied and answered; what broke the order is not.
    await client.reply('done', ({ sequence }) => sequence === 1)
    await assertServes(1)
  })

  it('applies a replayed write once, and answers it as the first time', async () => {
    const connection = randomBytes(16)
    const first = await rig.raw(url, connection)
    first.send(write(1), write(2, 0.5), write(3))
    await first.reply('done', ({ sequence }) => sequence === 3)
    first.send(write(1), write(2, 100), write(3))
    await eventually(() =>
      assert.equal(first.replies.filter(({ kind }) => kind === 'done').length, 2),
    )
    const again = await RawClient.open(url)
    again.send(hello(connection, 0))
    assert.equal((await again.reply('welcome')).resumed, true)
    again.send(write(1), write(2, 7), write(3), write(4, 1))
    assert.equal((await again.reply('write-failed')).failure.code, 'VALUE_INVALID')
    await again.reply('done', ({ sequence }) => sequence === 4)
    // The first connection of that name is over: it may not write behind the back of the second.
    await first.untilClosed()
    again.close()
    await assertServes(2)
  })

  it('answers calls to nothing, to strangers and of the wrong mode with typed failures', async () => {
    const client = await rig.raw(url)
    client.send(
      { kind: 'define-target', target: 10, object: 0, path: [], verb: 'constructor' },
      { kind: 'define-target', target: 11, object: 0, path: ['a', 'b'], verb: 'add' },
      { kind: 'define-target', target: 12, object: 5, path: [], verb: 'add' },
      { kind: 'define-target', target: 13, object: 0, path: [], verb: 'toJSON' },
      { kind: 'define-target', target: 14, object: 0, path: ['__proto__'], verb: 'read' },
    )
    const targets = [10, 11, 12, 13, 14, 999, 0]
    for (const target of targets) client.send(read(100 + target, target))
    for (const target of targets) {
      const { failure } = await client.reply('failed', ({ id }) => id === 100 + target)
      assert.equal(failure.code, 'VALUE_INVALID')
    }
    client.send(write(1, 1, 1), write(2, 1, 999))
    await client.reply('write-failed', ({ sequence }) => sequence === 2)
    client.send(
      { kind: 'open-object', id: 7, object: 1, space: 's', name: 'x', descriptor: '["bogus"]' },
      { kind: 'open-object', id: 8, object: 1, space: 's', name: 'x', descriptor: '[[[' },
      { kind: 'open-object', id: 9, object: 1, space: 's', name: 'nope', descriptor: '' },
      { kind: 'flush', id: 10, space: 'forbidden', replicas: 1, timeoutMs: 10 },
      {
        ...({ kind: 'open-space', id: 11, space: 'a/b', founded: 0 } as const),
        ...{ lifetime: undefined, after: new Uint8Array(0) },
      },
      {
        kind: 'open-object',
        id: 12,
        object: 2,
        space: 'a/b',
        name: 'c',
        descriptor: '["counter"]',
      },
    )
    assert.equal(
      (await client.reply('failed', ({ id }) => id === 7)).failure.code,
      'ENCODING_INVALID',
    )
    assert.equal(
      (await client.reply('failed', ({ id }) => id === 9)).failure.code,
      'OBJECT_NOT_FOUND',
    )
    assert.equal((await client.reply('failed', ({ id }) => id === 10)).failure.code, 'SPACE_ENDED')
    for (const wanted of [11, 12]) {
      const { failure } = await client.reply('failed', ({ id }) => id === wanted)
      assert.equal(failure.code, 'VALUE_INVALID')
    }
    await assertServes(0)
  })

  it('refuses a transaction whole for whatever is wrong with any of its writes', async () => {
    const client = await rig.raw(url)
    client.send(
      {
        kind: 'open-object',
        id: 2,
        object: 1,
        space: 's',
        name: 'other',
        descriptor: '["counter"]',
      },
      { kind: 'open-object', id: 3, object: 2, space: 't', name: 'c', descriptor: '["counter"]' },
    )
    await client.reply('result', ({ id }) => id === 3)
    client.send(write(1))
    await client.reply('done')
    client.send({ kind: 'open-object', id: 4, object: 3, space: 's', name: 'c', descriptor: '' })
    await client.reply('result', ({ id }) => id === 4)
    const good = { object: 0, path: [], verb: 'add', args: [1] }
    const bad: Partial<typeof good>[] = [
      { object: 9 },
      { object: 2 },
      { object: 3 },
      { path: ['a'] as never[] },
      { verb: 'read' },
      { verb: 'changes' },
      { verb: 'constructor' },
      { args: [0.5] },
      { args: ['x' as never] },
    ]
    for (const [index, wrong] of bad.entries()) {
      const sequence = index + 2
      const writes = encodeWrites(good, { ...good, object: 1 }, { ...good, ...wrong }, good)
      client.send({ kind: 'transact', sequence, writes })
      const { failure } = await client.reply('write-failed', (one) => one.sequence === sequence)
      assert.equal(failure.code, 'VALUE_INVALID', JSON.stringify(wrong))
    }
    const sequence = bad.length + 2
    client.send({ kind: 'transact', sequence, writes: encodeWrites() })
    client.send({ kind: 'transact', sequence: sequence + 1, writes: encodeWrites(good, good) })
    // Again, and out of order.
    client.send({ kind: 'transact', sequence: sequence + 1, writes: encodeWrites(good, good) })
    client.send({ kind: 'transact', sequence: sequence + 3, writes: encodeWrites(good) })
    assert.match((await client.reply('refused')).failure.message, /comes next/)
    await assertServes(3)
    assert.equal(host.state('s').find('other')?.present ?? false, false)
    assert.equal(host.state('t').find('c')?.present ?? false, false)
    assert.equal(host.state('t').vector.get(host.state('t').replica), 0)
  })

  it('says busy, with a hint and without applying, beyond the calls that one may have under way', async () => {
    host.flush = async () => await new Promise(() => {})
    const small = await rig.gateway({ limits: { inFlightMax: 3 } }, host)
    const client = await rig.raw(small.url)
    for (let id = 10; id < 14; id++)
      client.send({ kind: 'flush', id, space: 's', replicas: 1, timeoutMs: 1000 })
    const { failure } = await client.reply('failed')
    assert.equal(failure.code, 'GATEWAY_BUSY')
    assert.deepEqual(failure.details, { outcome: 'not-applied', retryAfterMs: 100 })
    assert.equal(failure.retryable, true)
    client.send({ kind: 'cancel', id: 10 })
    client.send({ kind: 'stream', id: 20, target: 2, args: encodeArgs(), credit: 1 }, write(1))
    await client.reply('item', ({ id }) => id === 20)
  })

  it('refuses writes beyond twice the window that its client has not acknowledged', async () => {
    const small = await rig.gateway({ limits: { windowMax: 4 } }, host)
    const client = await rig.raw(small.url)
    client.send(...Array.from({ length: 12 }, (_, i) => write(i + 1)))
    assert.equal((await client.reply('refused')).failure.code, 'GATEWAY_BUSY')
    await client.reply('done', ({ sequence }) => sequence === 8)
    await assertServes(8)
  })

  it('survives any bytes, with typed refusals only', async () => {
    const frames = fastCheck.oneof(
      fastCheck.uint8Array({ minLength: 1, maxLength: 200 }),
      // A valid frame with one byte changed, or cut.
      fastCheck
        .tuple(fastCheck.integer({ min: 0, max: 500 }), fastCheck.integer({ min: 0, max: 255 }))
        .map(([at, byte]) => {
          const frame = encodeFrame(
            { kind: 'define-target', target: 3, object: 0, path: ['a'], verb: 'read' },
            { kind: 'stream', id: 5, target: 2, args: encodeArgs(), credit: 10 },
            { kind: 'inspect', id: 6, subject: 'objects', space: 's' },
            { kind: 'skip', sequence: 1 },
            {
              ...{ kind: 'transact', sequence: 1 },
              writes: encodeWrites({ object: 9, path: ['a'], verb: 'add', args: [1] }),
            },
            read(9),
          )
          if (at >= frame.length) return frame.subarray(0, at % frame.length)
          frame[at] = byte
          return frame
        }),
    )
    await fastCheck.assert(
      fastCheck.asyncProperty(frames, async (bytes) => {
        const client = await rig.raw(url)
        client.sendBytes(bytes)
        client.send({ kind: 'inspect', id: 77, subject: 'spaces', space: '' })
        await eventually(() => {
          assert.ok(client.closed ?? client.replies.some((r) => r.kind === 'result' && r.id === 77))
        })
        client.close()
      }),
      { numRuns: 100 },
    )
    assert.equal(host.state('s').vector.equals(new VersionVector()), true)
    await assertServes(0)
  })

  it('stops reading from a client that does not read, and goes on when it does', async () => {
    const texts = await (await (await rig.client(url)).space('s')).open('texts', map<string>())
    for (let key = 0; key < 8; key++) await texts.set(`${key}`, 'x'.repeat(128 * 1024))
    const client = await rig.raw(url)
    client.send(
      { kind: 'open-object', id: 2, object: 1, space: 's', name: 'texts', descriptor: '' },
      { kind: 'define-target', target: 5, object: 1, path: [], verb: 'read' },
    )
    await client.reply('result')
    client.socket.pause()
    const before = process.memoryUsage().arrayBuffers
    const wanted = 200
    for (let id = 1000; id < 1000 + wanted; id++) client.send(read(id, 5))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const grown = process.memoryUsage().arrayBuffers - before
    assert.ok(grown < 48 * 1024 * 1024, `${grown} bytes are kept for who does not read`)
    // Meanwhile others are served.
    assert.equal(await texts.count(), 8)
    let answers = 0
    const counting = new Promise<void>((resolve) => {
      client.socket.on('message', (data: Buffer) => {
        client.replies.length = 0
        decodeReplies(data, (reply) => {
          if (reply.kind === 'part' && reply.last) answers += 1
        })
        if (answers === wanted) resolve()
      })
    })
    client.socket.resume()
    await counting
  })

  it('keeps its memory flat under a flood of refused frames and abandoned connections', async () => {
    const flood = async (rounds: number): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const client = await RawClient.greeted(url)
        for (let id = 10; id < 200; id++) client.send(read(id, id))
        client.send(...Array.from({ length: 500 }, (_, i) => write(i + 1, 0.5)))
        client.sendBytes(randomBytes(512 * 1024))
        await client.untilClosed()
      }
    }
    const heapBytes = (): number => {
      collectGarbage()
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
    }
    await flood(15)
    const before = heapBytes()
    await flood(45)
    const grown = heapBytes() - before
    assert.ok(grown < 16 * 1024 * 1024, `grew by ${grown} bytes`)
    await assertServes(0)
  })
})
