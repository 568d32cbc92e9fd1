import assert from 'node:assert/strict'
import {
  aggregate,
  countOf,
  differencesOf,
  digestOf,
} from '../../docs/examples/flights/aggregate.ts'
import {
  type Flight,
  flightsOf,
  jobPartitions,
  partitionsOf,
  readFlights,
  slicesOf,
} from '../../docs/examples/flights/data.ts'
import { verdictOf } from '../../docs/examples/flights/report.ts'
import type { Figures } from '../../docs/examples/flights/schema.ts'
import { runExample, runExampleSource } from './run-example.ts'

const flights: readonly Flight[] = [
  { delay: 10, distance: 400, time: 0.5 },
  { delay: -4, distance: 499, time: 0.9 },
  { delay: 120, distance: 500, time: 23.98 },
  { delay: 0, distance: 500, time: 0 },
]
const partitions = partitionsOf(2)
const figuresOf = (some: readonly Flight[]): Figures => {
  return aggregate(some, partitions, (part) => `function-${part.name}`)
}

describe('the flights job in one process', () => {
  it('sums flights by hour and by distance band', () => {
    const { hours, bands, partitions, summaries } = figuresOf(flights)
    assert.deepEqual(
      hours,
      new Map([
        ['00', { flights: 3, delay: 6, worst: 10, best: -4 }],
        ['23', { flights: 1, delay: 120, worst: 120, best: 120 }],
      ]),
    )
    assert.deepEqual(bands.get('0000'), {
      tally: { flights: 2, delay: 6, worst: 10, best: -4 },
      byHour: new Map([['00', 2]]),
      distances: new Set([400, 499]),
    })
    assert.deepEqual(bands.get('0500')?.distances, new Set([500]))
    assert.deepEqual(partitions.get('01'), {
      ...{ rows: 2, slices: new Set([0, 1]) },
      ...{ done: true, countedBy: 'function-01' },
    })
    assert.deepEqual(summaries.get('00'), { flights: 2, delayMean: 65, hours: ['00', '23'] })
  })

  it('gives every flight to exactly one partition', () => {
    const rows = readFlights(1_000)
    const { large, small } = jobPartitions()
    for (const parts of [partitionsOf(7), [...large, ...small]]) {
      const given = parts.flatMap((part) => [...flightsOf(rows, part)])
      assert.equal(given.length, 1_000)
      assert.equal(new Set(given).size, 1_000)
      assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length)
    }
  })

  it('gives every flight of a partition to exactly one slice', () => {
    const rows = readFlights(1_000)
    for (const count of [1, 7, 60, 999]) {
      for (const part of partitionsOf(count)) {
        const slices = slicesOf(rows, part)
        assert.deepEqual(
          slices.flatMap((slice) => slice.flights),
          [...flightsOf(rows, part)],
        )
        assert.deepEqual(
          slices.map(({ number }) => number),
          [...slices.keys()],
        )
        assert.ok(slices.length <= 12)
      }
    }
  })

  it('names each figure that differs, and no other', () => {
    const other = figuresOf(flights.with(2, { delay: 121, distance: 501, time: 23.98 }))
    const names = differencesOf(figuresOf(flights), other).map((each) => each.figure)
    assert.deepEqual(names.sort(), [
      'bands/0500/distances/501',
      'bands/0500/tally/delay',
      'bands/0500/tally/worst',
      'delays/byHour/23',
      'delays/different distances',
      'delays/mean delay',
      'delays/moments/sum',
      'delays/variance',
      'hours/23/best',
      'hours/23/delay',
      'hours/23/worst',
      'summaries/00/delayMean',
    ])
    assert.match(verdictOf(figuresOf(flights), other), /12 DIFFER/)
  })

  it('lets estimates be off by their bound, and no more', () => {
    const whole = figuresOf(readFlights(2_000))
    const { quantiles, moments, distances } = whole.delays
    const off = (p90: number, mean: number, count: number): string[] => {
      const delays = {
        ...whole.delays,
        quantiles: { ...quantiles, p90: quantiles.p90! * p90 },
        moments: { ...moments, mean: moments.mean! * mean },
        distances: distances * count,
      }
      return differencesOf(whole, { ...whole, delays }).map(({ figure }) => figure)
    }
    assert.deepEqual(off(1.009, 1 + 1e-10, 1.04), [])
    assert.deepEqual(off(1.011, 1 + 1e-8, 1.06), [
      'delays/90 % are below',
      'delays/mean delay',
      'delays/different distances',
    ])
  })

  it('tells a missing figure from a zero', () => {
    const whole = figuresOf(flights)
    const without = { ...whole, hours: new Map([...whole.hours].slice(1)) }
    assert.equal(differencesOf(whole, without).length, 4)
    assert.notEqual(digestOf(whole), digestOf(without))
    assert.equal(countOf(whole), countOf(without) + 4)
  })

  it('takes figures for equal in whatever order they were written', () => {
    const whole = figuresOf(flights)
    const turned = { ...whole, hours: new Map([...whole.hours].reverse()) }
    assert.deepEqual(differencesOf(whole, turned), [])
    assert.equal(digestOf(whole), digestOf(turned))
  })
})

describe('the flights job in many processes', () => {
  it('comes to the figures of one process, although a container is killed', async () => {
    const programs = ['container.ts', 'worker.ts']
    const { code, output } = await runExample('flights/main.ts', ['--rows', '5000'], programs)
    assert.equal(code, 0, output)
    const names = ['container-1', 'container-2', 'container-3', 'container-5']
    for (const name of ['The future, resolved by container-\\d', ...names]) {
      assert.match(output, new RegExp(`${name}: [\\d,]+ figures compared: every one is equal`))
    }
    assert.match(output, /container-4 .*killed with SIGKILL/)
    // It died between counting a partition and saying so, and in the middle of another.
    assert.match(
      output,
      /partition \d+: (\d+) of its \1 slices were in the tables, nothing was missing/,
    )
    assert.match(
      output,
      /partition \d+: [1-6] of its \d+ slices were in the tables, container-\d counted/,
    )
    assert.match(output, /read their replicas at once: -?\d+ ms after the last write/)
  })

  it('refuses a number of rows that it cannot count, and says what it takes', async () => {
    const help = await runExampleSource('flights/main.ts', ['--help'])
    assert.equal(help.code, 0)
    assert.match(help.output, /--serve/)
    const { code, output } = await runExampleSource('flights/main.ts', ['--rows', 'many'])
    assert.equal(code, 1)
    assert.equal(output, '--rows takes 240 to 200000, got many\n')
  })
})
