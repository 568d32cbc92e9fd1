import { strict as assert } from 'node:assert'
import { Random } from '#test/simulation/random.ts'
import { runSoak } from './run-soak.ts'
import { grows, type Sample, trendOf } from './trend.ts'

/** Samples that lie about a line, some of them far off. */
function series(slopePerSample: number, seed = 1): Sample[] {
  const random = new Random(seed)
  return Array.from({ length: 60 }, (_, i) => {
    const wild = random.chance(0.1) ? 500 : 0
    return { atMs: i * 10_000, value: 1000 + slopePerSample * i + 20 * random.next() + wild }
  })
}

describe('the trend of samples', () => {
  const allowance = { amount: 10, part: 0.02 }

  it('is flat where only noise and wild samples are', () => {
    for (let seed = 1; seed <= 20; seed++) {
      assert.ok(!grows(trendOf(series(0, seed)), allowance), `seed ${seed}`)
    }
  })

  it('grows where it does, whatever wild samples say', () => {
    const trend = trendOf(series(1))
    assert.ok(Math.abs(trend.growth - 59) < 10, `${trend.growth}`)
    assert.ok(trend.chance < 1e-6)
    assert.ok(grows(trend, allowance))
  })

  it('may grow as much as is allowed, and may fall', () => {
    assert.ok(!grows(trendOf(series(1)), { amount: 100, part: 0 }))
    assert.ok(!grows(trendOf(series(-3)), { amount: 0, part: 0 }))
  })

  it('is none where all are equal', () => {
    const equal = Array.from({ length: 10 }, (_, i) => ({ atMs: i, value: 7 }))
    assert.deepEqual(trendOf(equal), { median: 7, growth: 0, growthPerHour: 0, chance: 1 })
  })
})

describe('survivors of churn', () => {
  it('hold no more handles, files and heap than before', async () => {
    const report = await runSoak({
      ...{ survivors: 3, visitors: 1, functionEveryMs: 100, workEveryMs: 50, fillBatches: 0 },
      ...{ warmUpMs: 8_000, warmUpVisits: 6, warmUpFunctions: 60 },
      ...{ sampledMs: 9_000, sampleEveryMs: 500 },
    })
    assert.ok(report.left + report.killed >= 2, 'peers came and went')
    assert.ok(report.functions > 5, `${report.functions} functions called`)
    assert.ok(report.failures < 10, `${report.failures} calls failed`)
    assert.ok(report.orders > 20, `${report.orders} strong calls were answered`)
    const growing = report.verdicts.filter(({ isGrowing }) => isGrowing)
    assert.deepEqual(growing, [])
    // Sockets of the others and of a gateway at least: what is judged is there.
    const sockets = report.verdicts.filter(({ name }) => /handles: .*(TCP|TLS)/.test(name))
    assert.ok(sockets.length >= 3, `${sockets.length} series of sockets`)
  })
})
