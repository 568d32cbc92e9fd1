// What the sketches say of 200,000 flights, against exact answers. Three replicas share the work, and all of it is
// merged: whatever is lost or counted twice on the way shows as an error.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  bloom,
  distinct,
  histogram,
  moments,
  quantiles,
  topK,
  type Local,
  type Schema,
} from '#crdt-objects/index.ts'
import { type Flight, readFlights, rowsMax } from '../../docs/examples/flights/data.ts'
import { share, sync } from './replicas.ts'

interface Route {
  readonly date: string
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

const replicas = 3

function readRoutes(): readonly Route[] {
  const index = createRequire(import.meta.url).resolve('vega-datasets')
  const file = join(dirname(index), '../data/flights-20k.json')
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Route[]
}

/** Has replicas take rows by turns, merges them, and gives one's handle. */
function merged<S extends Schema, T>(
  schema: S,
  rows: readonly T[],
  write: (handle: Local<S>, row: T) => void,
): Local<S> {
  const { states, handles } = share(schema, replicas)
  for (const [i, row] of rows.entries()) {
    write(handles[i % replicas]!, row)
    if (i % 5_000 === 0) sync(...states)
  }
  sync(...states)
  return handles[0]!
}

describe('the sketches, against exact answers over the flights', () => {
  let flights: readonly Flight[] = []
  let routes: readonly Route[] = []
  before(() => {
    flights = readFlights(rowsMax)
    routes = readRoutes()
  })

  for (const precision of [10, 12, 14]) {
    it(`distinct counts within three standard errors: precision ${precision}`, () => {
      const questions: readonly ((route: Route) => string)[] = [
        ({ origin }) => origin,
        ({ origin, destination }) => `${origin}-${destination}`,
        ({ date }) => date,
        ({ date, distance, origin, destination }) => [date, distance, origin, destination].join(),
      ]
      const errorMax = (3 * 1.04) / Math.sqrt(2 ** precision)
      for (const question of questions) {
        const items = routes.map(question)
        const exact = new Set(items).size
        const estimate = merged(distinct({ precision }), items, (handle, item) => {
          handle.add(item)
        }).value
        const error = Math.abs(estimate - exact) / exact
        assert.ok(error <= errorMax, `${estimate} for ${exact}: off by ${error}`)
      }
    })
  }

  for (const error of [0.01, 0.05]) {
    for (const field of ['delay', 'distance'] as const) {
      it(`every quantile of the ${field} is within ${error} of the exact one`, () => {
        const samples = flights.map((flight) => flight[field])
        const handle = merged(quantiles({ error }), samples, (quantile, sample) => {
          quantile.record(sample)
        })
        assert.equal(handle.value.count, samples.length)
        const sorted = Float64Array.from(samples).sort()
        for (let permille = 0; permille <= 1_000; permille++) {
          const q = permille / 1_000
          const exact = sorted[Math.floor(q * (sorted.length - 1))]!
          const off = Math.abs(handle.quantile(q)! - exact)
          assert.ok(off <= Math.abs(exact) * error * (1 + 1e-9), `q ${q}: ${off} from ${exact}`)
        }
      })
    }
  }

  for (const error of [0.1, 0.01, 0.001]) {
    it(`a Bloom filter forgets nothing, and errs at most 1.5 times as stated: ${error}`, () => {
      const keys = [...new Set(routes.map((route) => Object.values(route).join()))]
      const capacity = Math.floor(keys.length / 2)
      const members = keys.slice(0, capacity)
      const handle = merged(bloom({ capacity, error }), members, (filter, key) => {
        filter.add(key)
      })
      for (const key of members) assert.ok(handle.has(key))
      const others = [...keys.slice(capacity), ...flights.map(({ delay }, i) => `${i}/${delay}`)]
      const wrong = others.filter((key) => handle.has(key)).length / others.length
      assert.ok(wrong <= error * 1.5, `${wrong} of what was never added`)
      const off = Math.abs(handle.count() - members.length) / members.length
      assert.ok(off < 0.03, `count is off by ${off}`)
    })
  }

  it('topK has exactly the flights with the greatest delays', () => {
    const rows = flights.map(({ delay }, i) => ({ key: `${i}`.padStart(6, '0'), score: delay }))
    const exact = [...rows].sort((a, b) => b.score - a.score || (a.key < b.key ? -1 : 1))
    const handle = merged(topK(25), rows, (ranking, { key, score }) => {
      ranking.offer(key, score)
    })
    assert.deepEqual(handle.value, exact.slice(0, 25))
    assert.deepEqual(handle.top(3), exact.slice(0, 3))
  })

  it('moments are those of exact sums, and a histogram counts exactly', () => {
    const samples = flights.map(({ delay }) => delay)
    const edges = [-30, -10, 0, 10, 30, 60, 120]
    const { value } = merged(moments(), samples, (handle, sample) => {
      handle.record(sample)
    })
    const sum = samples.reduce((total, sample) => total + BigInt(sample), 0n)
    const squares = samples.reduce((total, sample) => total + BigInt(sample) ** 2n, 0n)
    const count = BigInt(samples.length)
    assert.equal(value.count, samples.length)
    assert.equal(value.sum, Number(sum))
    assert.equal(value.mean, Number(sum) / samples.length)
    const variance = Number(squares * count - sum * sum) / Number(count * (count - 1n))
    assert.ok(Math.abs(value.variance! / variance - 1) < 1e-14)

    const counts = merged(histogram(edges), samples, (handle, sample) => {
      handle.record(sample)
    }).value.counts
    const exact = [...edges, Infinity].map((edge, i) => {
      const from = edges[i - 1] ?? -Infinity
      return samples.filter((sample) => sample >= from && sample < edge).length
    })
    assert.deepEqual(counts, exact)
  })
})
