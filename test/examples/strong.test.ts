import assert from 'node:assert/strict'
import { connect, type Client } from '@joinery/client'
import { counter, type Spaces } from '@joinery/crdt-objects'
import { createPeer, type Peer } from '@joinery/peer'
import { account, pay } from '../../docs/examples/strong/account.ts'
import { withdraw } from '../../docs/examples/strong/careful.ts'
import { coordinator, worker } from '../../docs/examples/strong/fan-out.ts'
import { ReportStore, writeReport } from '../../docs/examples/strong/fenced-report.ts'
import { render } from '../../docs/examples/strong/licences.ts'
import { nightly } from '../../docs/examples/strong/nightly.ts'
import { numbered } from '../../docs/examples/strong/order-numbers.ts'
import { total } from '../../docs/examples/strong/phases.ts'
import { readPrices, writePrices } from '../../docs/examples/strong/price-list.ts'
import { addInRounds } from '../../docs/examples/strong/rounds.ts'
import { lead } from '../../docs/examples/strong/scheduler.ts'
import { seats } from '../../docs/examples/strong/seats.ts'
import { stable } from '../../docs/examples/strong/stable.ts'
import { ready, whenReady } from '../../docs/examples/strong/start-together.ts'
import { failed, order, work } from '../../docs/examples/strong/thumbnails.ts'
import { runExample } from './run-example.ts'

function withResolvers(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve: () => resolve() }
}

describe('the examples of strong mode', () => {
  let peer: Peer
  let client: Client
  /** One session each: embedded, and through a gateway. */
  let faces: readonly [Spaces, Spaces]

  before(async () => {
    peer = await createPeer({ clusterKey: 'a secret of these tests', gateway: { port: 0 } })
    client = await connect(peer.gatewayUrl!)
    faces = [peer, client]
  })

  after(async () => {
    await client.close()
    await peer.stop()
  })

  it("run the guide's program to its result", async () => {
    const { code, output } = await runExample('strong-mode.ts')
    assert.equal(output, "second\n[ 'broken' ]\n[ 42, 42 ]\n1 true 1\ndone short\n")
    assert.equal(code, 0)
  })

  it('write the nightly report once, and again when it is given back', async () => {
    const inner: boolean[] = []
    const fences: bigint[] = []
    const write = async (face: Spaces): Promise<boolean> => {
      return await nightly(face, async ({ fence, signal }) => {
        fences.push(fence)
        assert.equal(signal.aborted, false)
        inner.push(await nightly(faces[1], async () => assert.fail('another holds the lock')))
      })
    }
    assert.deepEqual([await write(faces[0]), await write(faces[0])], [true, true])
    assert.deepEqual(inner, [false, false])
    assert.ok(fences[1]! > fences[0]!)
  })

  it('let readers of the price list in together, and a writer alone', async () => {
    let [inside, most, writers] = [0, 0, 0]
    const twoInside = withResolvers()
    const read = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      if (inside === 2) twoInside.resolve()
      await twoInside.promise
      assert.equal(writers, 0)
      inside--
    }
    const reading = faces.map(async (face) => await readPrices(face, read))
    await twoInside.promise
    await writePrices(faces[0], async () => {
      writers++
      assert.equal(inside, 0)
      await new Promise(setImmediate)
      writers--
    })
    await Promise.all(reading)
    assert.equal(most, 2)
  })

  it('refuse what a former holder of the lock writes late', async () => {
    const store = new ReportStore()
    await writeReport(faces[0], store, async () => 'first')
    await writeReport(faces[1], store, async () => 'second')
    assert.equal(store.text, 'second')
    assert.throws(() => store.write('late', 1n), /former holder/)
  })

  it('render four at a time', async () => {
    let [now, most] = [0, 0]
    const renderings = Array.from({ length: 12 }, async (_, i) => {
      await render(faces[i % 2]!, async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 10))
        now--
      })
    })
    await Promise.all(renderings)
    assert.equal(most, 4)
  })

  it('add in rounds, and see what all have added', async () => {
    const totals = faces.map(async (face, i) => await addInRounds(face, 2, [1 + i, 10, 100 * i]))
    assert.deepEqual(await Promise.all(totals), [
      [3, 20, 100],
      [3, 20, 100],
    ])
    const sums = faces.map(async (face, i) => await total(face, 2, i, 20 + i))
    assert.deepEqual(await Promise.all(sums), [41, 41])
  })

  it('measure when all are ready, and not before', async () => {
    let isReady = false
    const measuring = whenReady(faces[0], 2, async () => isReady)
    await ready(faces[0], 2)
    await new Promise((resolve) => setTimeout(resolve, 20))
    isReady = true
    await ready(faces[1], 2)
    assert.equal(await measuring, true)
  })

  it('do every part of a job, and publish one result', async () => {
    const result = coordinator(faces[1])
    await Promise.all(faces.map(async (face) => await worker(face, (row) => row % 24)))
    const counts = await result
    assert.equal(
      [...counts.values()].reduce((sum, count) => sum + count, 0),
      2000,
    )
    assert.equal(counts.get(0), 84)
  })

  it('make pictures small, and set those aside that cannot be', async () => {
    await order(faces[0], ['cat', 'broken', 'dog'])
    let attempts = 0
    const shrink = async (picture: string): Promise<string> => {
      if (picture !== 'broken') return `small ${picture}`
      attempts++
      throw new Error('no picture')
    }
    await Promise.all(faces.map(async (face) => await work(face, shrink)))
    assert.deepEqual(await failed(faces[0]), ['broken'])
    assert.equal(attempts, 3)
  })

  it('lead one at a time', async () => {
    const stop = new AbortController()
    let [leaders, most, terms] = [0, 0, 0]
    const leading = faces.map(async (face) => {
      await lead(
        face,
        async () => {
          terms++
          most = Math.max(most, ++leaders)
          await new Promise((resolve) => setTimeout(resolve, 10))
          leaders--
        },
        stop.signal,
      )
    })
    await Promise.all(leading)
    assert.deepEqual([terms, most], [2, 1])
  })

  it('number orders, none alike', async () => {
    const numbers = await Promise.all(faces.map(async (face) => await numbered(face, ['a', 'b'])))
    const all = numbers.flatMap((one) => [...one.keys()])
    assert.deepEqual(all.sort(), [1000, 1001, 1002, 1003])
    assert.equal((await numbered(faces[0], [])).size, 0)
  })

  it('pay when there is money, and give up when there is none in time', async () => {
    const alice = await (await peer.space('bank')).open('alice', account(0))
    const paying = pay(faces[1], 30)
    await alice.deposit(50)
    assert.equal(await paying, 'left: 20.00')
    assert.equal(await pay(faces[0], 30), 'not enough money in time')
    assert.equal((await alice.statement()).balance, 20)
  })

  it('withdraw what is there, and say so', async () => {
    const space = await peer.space('bank')
    const balance = await space.open('balance', counter(), { mode: 'linearizable' })
    await balance.addAndGet(100)
    const answers = await Promise.all(faces.map(async (face) => await withdraw(face, 70)))
    assert.deepEqual(answers.sort(), ['done', 'short'])
    assert.equal(await balance.read(), 30)
  })

  it('harness nine reindeer together, and do not count one that gave up', async () => {
    const barn = await (await client.space('santa')).open('stable', stable())
    await assert.rejects(barn.with({ timeoutMs: 50 }).harness(), { code: 'CALL_TIMEOUT' })
    let home = 0
    const eight = Array.from({ length: 8 }, async () => {
      const trip = await barn.harness()
      home++
      return trip
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(home, 0)
    const ninth = await barn.harness()
    assert.deepEqual(await Promise.all(eight), new Array(8).fill(ninth))
  })

  it('hold seats for those who wait for them', async () => {
    const show = await (await client.space('theatre')).open('tonight', seats(2))
    assert.equal(await show.hold('ada', 2), 0)
    const bob = show.hold('bob', 1)
    await show.release('ada')
    assert.equal(await bob, 1)
    assert.deepEqual([await show.buy('bob'), await show.buy('ada')], [true, false])
  })
})
