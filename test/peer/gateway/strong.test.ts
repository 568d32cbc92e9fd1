import assert from 'node:assert/strict'
import { counter, isJoineryError } from '@joinery/crdt-objects'
import { barrier, lock } from '@joinery/consensus'
import { VersionVector, Writer } from '@joinery/crdt-objects/engine'
import { decodeOutcome, encodeCommand, encodeQuery } from '@joinery/consensus/caller'
import type { Outgoing } from '@joinery/client/protocol'
import { eventually } from '#test/eventually.ts'
import type { RawClient } from '#test/fixtures/raw-client.ts'
import { StrongRig } from '#test/fixtures/strong-rig.ts'

const session = 'ab'.repeat(16)

function submit(id: number, sequence: number, method: string, args: unknown[] = []): Outgoing {
  const call = encodeCommand({
    ...{ kind: 'call', session, sequence, acknowledged: 0 },
    ...{ object: 1, path: [], method, args },
  })
  return { kind: 'submit', id, group: 0, space: 's', call }
}

function vectorBytes(): Uint8Array {
  const vector = new VersionVector(0, [[7n, 3]])
  const writer = new Writer()
  vector.encode(writer)
  return writer.finish()
}

describe('Strong calls at a gateway', () => {
  const strong = new StrongRig()
  afterEach(async () => {
    await strong.end()
    assert.deepEqual(strong.rig.faults.splice(0), [])
  })

  /** A client without care, whose object 1 of group 0 is the linearizable counter `s/n`. */
  async function counted(url: string): Promise<RawClient> {
    const client = await strong.rig.raw(url)
    client.send(
      { kind: 'strong-open', id: 100, space: 's', name: 'n', descriptor: '["counter"]' },
      { kind: 'session-open', id: 101, group: 0, session, leaseMs: 10_000 },
    )
    const opened = await client.reply('result', ({ id }) => id === 100)
    assert.deepEqual(opened.value, [0, 1])
    await client.reply('result', ({ id }) => id === 101)
    return client
  }

  async function outcome(client: RawClient, id: number): Promise<unknown> {
    const { value } = await client.reply('result', (reply) => reply.id === id)
    const decoded = decodeOutcome(value as Uint8Array)
    return decoded.kind === 'done' ? decoded.value : decoded
  }

  it('are applied once for each sequence, whichever connection and request brings it', async () => {
    const { url } = await strong.gateway()
    const one = await counted(url)
    one.send(submit(1, 1, 'addAndGet', [5]), submit(2, 1, 'addAndGet', [5]))
    assert.equal(await outcome(one, 1), 5)
    assert.equal(await outcome(one, 2), 5)
    const two = await strong.rig.raw((await strong.gateway()).url)
    two.send(submit(1, 1, 'addAndGet', [5]))
    assert.equal(await outcome(two, 1), 5)
    const query = encodeQuery({ object: 1, path: [], method: 'read', args: [] })
    two.send({ kind: 'query', id: 7, group: 0, space: 's', query })
    assert.equal(await outcome(two, 7), 5)
  })

  it('reach nothing that is in a space with a name that none can have', async () => {
    const { url } = await strong.gateway()
    const client = await strong.rig.raw(url)
    const space = '/control'
    client.send(
      { kind: 'strong-open', id: 1, space, name: 'identity', descriptor: '["counter"]' },
      { kind: 'strong-delete', id: 2, space, name: 'identity' },
      { kind: 'inspect', id: 3, subject: 'strong-objects', space },
    )
    for (const id of [1, 2, 3]) {
      const { failure } = await client.reply('failed', (reply) => reply.id === id)
      assert.equal(failure.code, 'VALUE_INVALID')
    }
  })

  it('that wait within an object hold up nothing behind them', async () => {
    const { url } = await strong.gateway()
    const client = await strong.client(url)
    const space = await client.space('s')
    const turn = await space.open('turn', barrier(2))
    const first = turn.wait()
    await eventually(() => assert.equal(strong.log.parked, 1))
    const hits = await space.open('hits', counter())
    await hits.add(1)
    assert.equal(await hits.read(), 1)
    await turn.wait()
    await first
  })

  it('go on when their connection is gone, and are told to whoever asks again', async () => {
    const { url } = await strong.gateway()
    const client = await strong.rig.raw(url)
    const open = { kind: 'strong-open', id: 100, space: 's', name: 'l' } as const
    client.send({ ...open, descriptor: (lock().strongKind as { descriptor: string }).descriptor })
    client.send({ kind: 'session-open', id: 101, group: 0, session, leaseMs: 10_000 })
    await client.reply('result', ({ id }) => id === 101)
    const other = await strong.client(url)
    const held = await (await (await other.space('s')).open('l', lock())).acquire()
    client.send(submit(1, 1, 'lock', ['exclusive']))
    await eventually(() => assert.equal(strong.log.parked, 1))
    client.close()
    await held.release()
    await eventually(() => assert.equal(strong.log.parked, 0))
    const again = await strong.rig.raw(url)
    again.send(submit(5, 1, 'lock', ['exclusive']))
    await again.reply('result', ({ id }) => id === 5)
    again.send({ kind: 'withdraw', id: 6, group: 0, space: 's', session, sequence: 1 })
    await again.reply('result', ({ id }) => id === 6)
  })

  it('are not answered once the client has taken them back, and their number is free again', async () => {
    const { url } = await strong.gateway()
    const client = await counted(url)
    client.send({ kind: 'watch', id: 9, group: 0, object: 1, after: 1000 })
    client.send({ kind: 'cancel', id: 9 })
    client.send(submit(9, 1, 'addAndGet', [1]))
    assert.equal(await outcome(client, 9), 1)
  })

  it('under a number that is in use end the connection', async () => {
    const { url } = await strong.gateway()
    const client = await counted(url)
    client.send({ kind: 'watch', id: 9, group: 0, object: 1, after: 1000 })
    client.send({ kind: 'watch', id: 9, group: 0, object: 1, after: 1000 })
    assert.equal((await client.untilClosed()).code, 1002)
  })

  it('are bounded for each connection, and those beyond are told so', async () => {
    const { url } = await strong.gateway({ limits: { strongInFlightMax: 3 } })
    const client = await counted(url)
    for (let id = 1; id <= 4; id++)
      client.send({ kind: 'watch', id, group: 0, object: 1, after: 1000 })
    const refused = await client.reply('failed')
    assert.equal(refused.id, 4)
    assert.equal(refused.failure.code, 'GATEWAY_BUSY')
    client.send({ kind: 'cancel', id: 1 }, submit(5, 1, 'addAndGet', [1]))
    assert.equal(await outcome(client, 5), 1)
  })

  it('with a frame that is none end the connection, and change nothing', async () => {
    const { url } = await strong.gateway()
    const client = await counted(url)
    client.sendBytes(Uint8Array.of(25, 1, 0, 1, 115, 3, 6, 6, 6))
    assert.equal((await client.untilClosed()).code, 1002)
    const before = strong.log.commands.length
    const other = await strong.rig.raw(url)
    other.send(submit(1, 2 ** 40, 'noSuchVerb'), submit(2, 2, 'addAndGet', ['x']))
    const first = (await outcome(other, 1)) as { failure?: { code: string } }
    assert.equal(first.failure?.code, 'VALUE_INVALID')
    const second = (await outcome(other, 2)) as { failure?: { code: string } }
    assert.equal(second.failure?.code, 'VALUE_INVALID')
    assert.equal(strong.log.commands.length, before + 2)
  })

  it('fail with GROUP_UNAVAILABLE at a peer without groups', async () => {
    const { url } = await strong.rig.gateway()
    const client = await strong.rig.raw(url)
    client.send(submit(1, 1, 'add', [1]))
    assert.equal((await client.reply('failed')).failure.code, 'GROUP_UNAVAILABLE')
  })

  it('carry what the gateway says of eventual writes, and not what the client says', async () => {
    const carriedBytes = vectorBytes()
    const steps: string[] = []
    let isShown = false
    strong.visibility = {
      before: async (space) => {
        steps.push(`before ${space}`)
        return carriedBytes
      },
      after: async (space) => {
        steps.push(`after ${space}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
        isShown = true
      },
    }
    const { url } = await strong.gateway()
    const client = await counted(url)
    client.send({
      ...{ kind: 'submit', id: 1, group: 0, space: 's' },
      call: encodeCommand({
        ...{ kind: 'call', session, sequence: 1, acknowledged: 0, object: 1 },
        ...{ path: [], method: 'add', args: [1], vector: Uint8Array.of(6, 6, 6) },
      }),
    })
    await outcome(client, 1)
    const carried = strong.log.commands.at(-1)
    assert.deepEqual(carried?.kind === 'call' ? carried.vector : undefined, carriedBytes)
    assert.deepEqual(steps, ['before s', 'after s'])
    assert.ok(isShown)
  })

  it('are inspected: groups, the objects of a space, their values; and voters are replaced', async () => {
    const { url } = await strong.gateway()
    const { inspect, space } = await (async () => {
      const client = await strong.client(url)
      return { inspect: client.inspect, space: await client.space('s') }
    })()
    const n = await space.open('n', counter(), { mode: 'linearizable' })
    await n.add(3)
    assert.deepEqual(
      (await inspect.strongObjects('s')).map(({ name, descriptor }) => [name, descriptor]),
      [['n', '["counter"]']],
    )
    const found = await inspect.find('s', 'n')
    assert.equal(await found.read(), 3)
    const changes = found.changes()[Symbol.asyncIterator]()
    const change = changes.next()
    await eventually(async () => {
      await n.add(1)
      assert.ok(await Promise.race([change, new Promise((resolve) => setTimeout(resolve, 5))]))
    })
    assert.equal((await inspect.groups())[0]?.leader, 11)
    await inspect.replaceVoter(0, 12)
    assert.deepEqual(strong.replaced, [[0, 12]])
    assert.deepEqual((await inspect.keepers('s')).gone, ['1.1'])
    assert.deepEqual((await inspect.replaceKeepers('s')).replaced, ['0.1', '2.1'])
    assert.deepEqual(strong.words, [
      ['s', false],
      ['s', true],
    ])
    await assert.rejects(inspect.find('s', 'other'), (error) => {
      return isJoineryError(error, 'OBJECT_NOT_FOUND')
    })
  })
})
