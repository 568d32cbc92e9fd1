// `npm run long -- soak [--minutes 60]`: survivors of an hour of churn hold no more than they held after some minutes of it.
import { parseArgs } from 'node:util'
import { percentile } from '#test/bench/figure.ts'
import { runSoak, type SoakReport, steps, type Verdict } from './run-soak.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
const minutes = Number(values.minutes)
if (!(minutes >= 1)) {
  console.error('--minutes takes a number of 1 or more')
  process.exit(2)
}
const allMs = minutes * 60_000
/**
 * Groups remember for ten minutes which sessions have ended, so an hour begins with these; a shorter run cannot wait for
 * it, and takes a part of what it has.
 */
const warmUpMs = Math.min(12 * 60_000, allMs * 0.25)

let toldMs = -Infinity
const report = await runSoak({
  ...{ survivors: 3, visitors: 2, functionEveryMs: 250, workEveryMs: 400 },
  // Logs end at 16 MiB of batches.
  fillBatches: 17_000,
  ...{
    warmUpMs,
    warmUpVisits: 0,
    warmUpFunctions: 0,
    sampledMs: allMs - warmUpMs,
    sampleEveryMs: 10_000,
  },
  onProgress: (elapsedMs, what) => {
    if (elapsedMs - toldMs < 60_000) return
    toldMs = elapsedMs
    console.error(`${(elapsedMs / 60_000).toFixed(0)} min: ${what}`)
  },
})
print(report)
process.exit(report.verdicts.some(({ isGrowing }) => isGrowing) ? 1 : 0)

function print({ verdicts, samples, ...counts }: SoakReport): void {
  console.log(`${minutes} minutes, of which ${(warmUpMs / 60_000).toFixed(1)} to warm up`)
  if (minutes < 60) {
    console.log(
      'less than the hour that is meant: what has a bound, as the logs of groups (1 MiB), may still have been filling',
    )
  }
  console.log(
    `3 survivors wrote ${counts.writes} times and had ${counts.orders} strong calls answered`,
  )
  console.log(
    `${counts.left} peers came, wrote and left, ${counts.killed} were killed; ${counts.functions} short functions called; ${counts.failures} calls failed, ${counts.late} were answered without what was written before them`,
  )
  for (const step of steps) console.log(`  ${step.padEnd(8)}${timesOf(counts.functionMs[step])}`)
  console.log(`${samples} samples of each survivor, after garbage collection:\n`)
  console.log('survivor  what                            median      growth    an hour  by chance')
  for (const verdict of verdicts) console.log(lineOf(verdict))
  const growing = verdicts.filter(({ isGrowing }) => isGrowing)
  console.log(`\n${growing.length} of ${verdicts.length} series grow beyond what is allowed`)
}

function timesOf(ms: readonly number[]): string {
  const [median, most, worst] = [50, 99, 100].map((percent) => percentile(ms, percent).toFixed(1))
  return `p50 ${median} ms, p99 ${most} ms, at the most ${worst} ms`
}

function lineOf({ survivor, name, chance, isGrowing, ...trend }: Verdict): string {
  const isBytes = ['heap', 'code', 'buffers', 'resident'].includes(name)
  const text = (value: number): string =>
    isBytes ? `${(value / 2 ** 20).toFixed(2)} MiB` : value.toFixed(1)
  const cells = [trend.median, trend.growth, trend.growthPerHour].map((v) => text(v).padStart(11))
  const mark = isGrowing ? '  GROWS' : ''
  return `${String(survivor).padStart(8)}  ${name.padEnd(26)}${cells.join('')}  ${chance.toFixed(3).padStart(9)}${mark}`
}
