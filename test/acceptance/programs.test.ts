// The programs by which Crucial was judged, on real processes: functions embedded in peers and behind gateways.
import assert from 'node:assert/strict'
import { FunctionCluster, type Host, runOn } from './fixtures/function-cluster.ts'
import { type Dinner, firstCentres, pointsOf } from './fixtures/programs.ts'
import { Random } from '#test/simulation/random.ts'
import type { Call } from '../../docs/examples/strong/north-pole.ts'
import type { Point } from '../../docs/examples/strong/k-means.ts'

describe('the programs of functions that share', () => {
  let cluster: FunctionCluster
  let peers: readonly Host[]
  let clients: readonly Host[]

  before(async () => {
    cluster = await FunctionCluster.start(3, [8, 8])
    ;({ peers, clients } = cluster)
  })
  after(async () => await cluster?.stop())

  it('throw darts at one number, and all find the same pi', async () => {
    const [functions, darts] = [11, 50_000]
    const found = await runOn<number>(
      [...peers.map((peer) => [peer, 1] as const), ...clients.map((host) => [host, 4] as const)],
      'pi',
      functions,
      darts,
    )
    let within = 0
    for (let number = 0; number < functions; number++) {
      const random = new Random(number)
      for (let i = 0; i < darts; i++) if (random.next() ** 2 + random.next() ** 2 <= 1) within++
    }
    const expected = (4 * within) / (functions * darts)
    assert.deepEqual(found, Array<number>(functions).fill(expected))
    assert.ok(Math.abs(expected - Math.PI) < 0.01, `${expected}`)
  })

  describe('find the centres of clusters of points, with a barrier and no messages of their own', () => {
    const rounds = 10
    // Eventual writes arrive later than the barrier opens.
    const delayMs = 30

    afterEach(async () => {
      for (const peer of peers) await peer.ask({ kind: 'spread', delayMs: 0, isBlind: false })
    })

    it('because it carries what was written before it, however slowly that spreads', async () => {
      for (const peer of peers) await peer.ask({ kind: 'spread', delayMs, isBlind: false })
      const expected = oneProcess(rounds)
      for (const centres of await means(rounds, 'k-means')) {
        const apart = distance(centres, expected)
        assert.ok(apart < 1e-9, `${JSON.stringify(centres)} are not ${JSON.stringify(expected)}`)
      }
    })

    it('which are wrong when it carries nothing', async () => {
      await means(0, 'k-means-blind') // opened while neighbours still answer
      // Not before the end: on a slow machine a barrier opens later than what spreads in 30 ms arrives.
      for (const peer of peers) await peer.ask({ kind: 'spread', delayMs: 60_000, isBlind: true })
      const expected = oneProcess(rounds)
      for (const centres of await means(rounds, 'k-means-blind'))
        assert.ok(distance(centres, expected) > 1e-6, 'no worker has seen what the others added')
    })
  })

  it('wake Santa for nine reindeer or three elves at a time, and reindeer go first', async () => {
    const [trips, consultations] = [6, 20]
    const helpers = runOn<number>([[peers[0]!, 9]], 'reindeer', trips)
    const elves = runOn<number>([[clients[0]!, 5], [clients[1]!, 5]], 'elf') // prettier-ignore
    const [calls] = await runOn<readonly Call[]>([[peers[1]!, 1]], 'santa', trips, consultations)
    const count = { sleigh: 0, study: 0 }
    for (const call of calls!) {
      assert.notEqual(call.kind, 'night')
      if (call.kind === 'night') continue
      count[call.kind]++
      const size = call.kind === 'sleigh' ? 9 : 3
      assert.equal(new Set(call.names).size, size, `${call.names.join(', ')} are ${size}`)
      const animal = call.kind === 'sleigh' ? 'reindeer' : 'elf'
      assert.ok(call.names.every((name) => name.startsWith(animal)))
    }
    assert.ok(count.sleigh === trips && count.study >= consultations)
    assert.deepEqual(await helpers, Array<number>(9).fill(trips))
    const answers = (await elves).reduce((sum, each) => sum + each, 0)
    assert.equal(answers, 3 * count.study, 'each elf knows of each answer that it got')
  })

  for (const rule of ['in order', 'by invitation'] as const) {
    it(`let five philosophers eat with five forks, taken ${rule}`, async () => {
      const hosts: [Host, number][] = [[peers[0]!, 1], [peers[1]!, 1], [peers[2]!, 1], [clients[0]!, 2]] // prettier-ignore
      const dinners = await runOn<Dinner>(hosts, 'dine', 5, 8, rule)
      assert.deepEqual(dinners, Array<Dinner>(5).fill({ meals: 8, clashes: 0 }))
    })
  }

  it('pass numbers through buffers of four from stage to stage', async () => {
    const count = 200
    const watching = runOn<number>([[peers[2]!, 1]], 'watchPipeline')
    const [squared, , , [sum]] = await Promise.all([
      runOn<number>([[peers[0]!, 1], [clients[0]!, 2]], 'squarer', 3), // prettier-ignore
      runOn([[clients[1]!, 1]], 'source', count),
      runOn([[peers[1]!, 1]], 'sink'),
      runOn<number>([[peers[2]!, 1]], 'sum'),
    ])
    assert.equal(sum, (count * (count + 1) * (2 * count + 1)) / 6)
    assert.equal(
      squared.reduce((total, each) => total + each, 0),
      count,
    )
    const [most] = await watching
    assert.ok(most! <= 4, `${most} numbers were in one buffer`)
  })

  it('meet at a barrier 100 times, sixteen of them behind gateways', async () => {
    const [cells, rounds] = [16, 100]
    const hosts = clients.map((host) => [host, cells / 2] as const)
    const found = await runOn<number>(hosts, 'ring', cells, rounds)
    let expected = Array.from({ length: cells }, (_, cell): number => (cell === 0 ? 100 : 0))
    for (let round = 0; round < rounds; round++) {
      expected = expected.map((own, cell) => {
        const [left, right] = [expected.at(cell - 1)!, expected[(cell + 1) % cells]!]
        return own / 2 + (left + right) / 4
      })
    }
    assert.deepEqual(found, expected)
  })

  async function means(rounds: number, name: string): Promise<Point[][]> {
    const hosts = peers.map((peer) => [peer, 1] as const)
    return await runOn<Point[]>(hosts, 'kMeans', peers.length, rounds, name)
  }

  /** The same by one function alone. */
  function oneProcess(rounds: number): Point[] {
    let centres = [...firstCentres]
    const points = pointsOf(0, 1)
    for (let round = 0; round < rounds; round++) {
      const sums = centres.map(() => [0, 0, 0] as [number, number, number])
      for (const [x, y] of points) {
        const distances = centres.map(([cx, cy]) => (cx - x) ** 2 + (cy - y) ** 2)
        const sum = sums[distances.indexOf(Math.min(...distances))]!
        sum[0] += x
        sum[1] += y
        sum[2] += 1
      }
      centres = sums.map(([x, y, n], i): Point => (n > 0 ? [x / n, y / n] : centres[i]!))
    }
    return centres
  }
})

function distance(a: readonly Point[], b: readonly Point[]): number {
  return Math.max(...a.map(([x, y], i) => Math.hypot(x - b[i]![0], y - b[i]![1])))
}
