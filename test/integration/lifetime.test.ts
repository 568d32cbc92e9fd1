// Lifetimes of spaces, on real peers.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { counter, isJoineryError, type Lifetime, type Strong } from '@joinery/crdt-objects'
import { latch } from '@joinery/consensus'
import { connect } from '@joinery/client'
import { type Peer, type PeerOptions } from '@joinery/peer'
import { eventually } from '#test/eventually.ts'
import { RealPeers } from '#test/fixtures/real-peers.ts'
import { ownMs } from '#test/own-time.ts'

describe('The lifetime of a space', () => {
  const peers = new RealPeers()
  const { reports } = peers
  const start = (options?: PeerOptions): Promise<Peer> => peers.start(options)

  it('is ended by anybody’s word for everybody, and the next of its name is empty', async () => {
    const [first, second, third] = [await start(), await start(), await start()]
    const spaces = await Promise.all([first, second, third].map((peer) => peer.space('jobs')))
    const [one, two] = [spaces[0]!, spaces[1]!]
    const done = await one.open('done', counter())
    done.add(7)
    await one.flush({ replicas: 2 })
    await two.end()
    await two.end()
    assert.throws(() => two.transact(() => undefined), { code: 'SPACE_ENDED' })
    await eventually(() => {
      assert.throws(() => done.add(1), { code: 'SPACE_ENDED' })
      assert.equal(reports.filter((kind) => kind === 'space-ended').length, 3)
    }, 15_000)
    await assert.rejects(one.open('done', counter()), { code: 'SPACE_ENDED' })
    await assert.rejects(one.flush(), { code: 'SPACE_ENDED' })
    await one.end()
    await one.close()
    const next = await first.space('jobs')
    assert.equal((await next.open('done', counter())).value, 0)
    const other = await third.space('jobs')
    const added = await other.open('done', counter())
    added.add(1)
    await eventually(async () => {
      assert.equal((await next.open('done', counter())).value, 1)
    })
    assert.ok(!reports.includes('space-alone'), String(reports))
  })

  it('takes its objects in strong mode along, in every group', async () => {
    const first = await start({ groups: 2 })
    const second = await start()
    const space = await second.space('jobs', { lifetime: 'keep' })
    const schema = counter()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const open = async (name: string): Promise<Strong<typeof schema>> =>
      await space.open(name, schema, { mode: 'linearizable' })
    const counters = await Promise.all(names.map(open))
    await Promise.all(counters.map(async (one) => await one.add(3)))
    const gate = await space.open('gate', latch(1))
    const waiting = gate.wait({ timeoutMs: 30_000 })
    const isOver = assert.rejects(waiting, (error) => isJoineryError(error))
    await (await first.space('jobs')).end()
    await isOver
    const next = await second.space('jobs')
    for (const name of names) {
      const one = await next.open(name, schema, { mode: 'linearizable' })
      assert.equal(await one.read(), 0, name)
    }
    await assert.rejects(Promise.resolve(counters[0]!.add(1)), (error) => isJoineryError(error))
  })

  it('is one that its founder named, or none', async () => {
    const first = await start()
    const second = await start()
    const founded = await first.space('jobs', { lifetime: { ttlMs: 60_000 } })
    for (const peer of [first, second]) {
      const startMs = ownMs()
      await assert.rejects(peer.space('jobs', { lifetime: 'keep' }), {
        ...{ code: 'SPACE_LIFETIME_DIFFERS', retryable: false },
        details: { space: 'jobs', expected: 'keep', found: { ttlMs: 60_000 } },
      })
      assert.ok(ownMs() - startMs < 2000)
    }
    for (const peer of [first, second]) {
      for (const lifetime of [{ ttlMs: 60_000 }, undefined]) {
        await (await peer.space('jobs', { lifetime })).close()
      }
    }
    const bad = [0, -1, 1.5, NaN, Infinity, 2 ** 40, '5', null]
    const bads = [...bad.flatMap((ms) => [{ leaseMs: ms }, { ttlMs: ms }]), null, 'job', 7, {}, []]
    for (const lifetime of [...bads, { leaseMs: 1, ttlMs: 1 }, { ms: 5 }]) {
      const refused = first.space('other', { lifetime: lifetime as Lifetime })
      await assert.rejects(refused, { code: 'VALUE_INVALID' }, JSON.stringify(lifetime))
    }
    await founded.close()
  })

  it('ends with its time, whoever is in it', async () => {
    const first = await start()
    const startMs = performance.now()
    const space = await first.space('jobs', { lifetime: { ttlMs: 1_500 } })
    const done = await space.open('done', counter())
    const use = setInterval(() => {
      try {
        done.add(1)
      } catch {
        clearInterval(use)
      }
    }, 50)
    await eventually(() => assert.equal(reports.includes('space-ended'), true))
    assert.ok(performance.now() - startMs >= 1_400)
    clearInterval(use)
    assert.throws(() => done.add(1), { code: 'SPACE_ENDED' })
  })

  it('is a lease of those who are in it, and not of who keeps it', async () => {
    const first = await start()
    const second = await start()
    const job = await second.space('jobs', { lifetime: { leaseMs: 2_000 } })
    const done = await job.open('done', counter())
    done.add(1)
    await sleep(5_000)
    assert.equal(done.value, 1)
    await second.stop({ deadlineMs: 0 })
    // Its session ends after ten seconds; until then nobody knows that it is gone.
    await eventually(() => assert.equal(reports.includes('space-ended'), true), 25_000)
    assert.equal(first.statistics().peers, 0)
    assert.equal((await (await first.space('jobs')).open('done', counter())).value, 0)
  })

  it('is a lease of a gateway’s clients, too, and ends when the last has gone', async () => {
    const [first, second] = [await start({ gateway: {} }), await start({ gateway: {} })]
    const [one, two] = [await connect(first.gatewayUrl!), await connect(second.gatewayUrl!)]
    try {
      const job = await one.space('jobs', { lifetime: { leaseMs: 1_500 } })
      await (await job.open('done', counter())).add(1)
      const other = await two.space('jobs')
      const summaries = await two.inspect.spaces()
      assert.deepEqual(
        summaries.map(({ name, lifetime }) => [name, lifetime]),
        [['jobs', '{ leaseMs: 1500 }']],
      )
      await job.close()
      await sleep(4_000)
      const done = await other.open('done', counter())
      assert.equal(await done.read(), 1, 'somebody is in it')
      await other.close()
      await eventually(() => {
        assert.equal(reports.filter((kind) => kind === 'space-ended').length, 2)
      })
      // Both gateways have let go of it: it is another one.
      for (const client of [one, two]) {
        const next = await client.space('jobs', { lifetime: 'keep' })
        assert.equal(await (await next.open('done', counter())).read(), 0)
      }
    } finally {
      await Promise.all([one.close(), two.close()])
    }
  })

  it('is kept by who stays, when all who used it have closed it', async () => {
    const [first, second] = [await start(), await start()]
    const space = await first.space('cron', { lifetime: 'keep' })
    ;(await space.open('done', counter())).add(4)
    await space.close()
    await sleep(1_000)
    const again = await second.space('cron')
    assert.equal((await again.open('done', counter())).value, 4)
  })
})
