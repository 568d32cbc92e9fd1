import assert from 'node:assert/strict'
import { type Benchmark } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'
import { isMet, percentile, rateText, timeText } from './figure.ts'
import { buildPrograms } from './program.ts'
import { renderReport } from './report.ts'

// Speed is never asserted: a busy machine would fail it. What is kept alive here is the way it is measured.
describe('benchmarks', () => {
  before(async () => {
    await buildPrograms('source')
  })

  for (const name of ['objects', 'replication', 'gateway', 'strong']) {
    it(`${name} runs at a tiny size, and every figure is a number`, async () => {
      const benchmark = benchmarks.find((candidate) => candidate.name === name)
      assert.ok(benchmark !== undefined)
      const report = await runTiny(benchmark)
      assert.match(report, /^not measured: anything against Redis/)
      assert.doesNotMatch(report, /NaN|undefined|Infinity/)
    })
  }

  it('percentiles are samples, and the middle one is the 50th', () => {
    assert.equal(percentile([5, 1, 4, 2, 3], 50), 3)
    assert.equal(percentile([5, 1, 4, 2, 3], 99), 5)
    assert.equal(percentile([7], 50), 7)
  })

  it('figures are written with their units', () => {
    assert.equal(rateText(61_234_567), '61.2 M/s')
    assert.equal(rateText(45_678), '45.7 k/s')
    assert.equal(timeText(10.6), '10.6 us')
    assert.equal(timeText(1234), '1.23 ms')
  })

  it('a goal has a side', () => {
    assert.ok(isMet(3, { atLeast: 3 }) && !isMet(2.9, { atLeast: 3 }))
    assert.ok(isMet(1.5, { atMost: 1.5 }) && !isMet(1.6, { atMost: 1.5 }))
  })
})

async function runTiny(benchmark: Benchmark): Promise<string> {
  const regimes = [{ name: 'not pinned', cores: [undefined, undefined] }] as const
  const rows = await benchmark.run({ size: 'tiny', redis: undefined, etcd: undefined, regimes })
  assert.ok(rows.length > 0)
  return renderReport(['anything against Redis'], [{ benchmark, rows }])
}
