import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPeer } from '@joinery/peer'
import * as regression from '../../docs/examples/many-machines/regression.ts'
import * as orders from '../../docs/examples/many-machines/orders.ts'
import * as statistics from '../../docs/examples/many-machines/statistics.ts'
import * as wordCount from '../../docs/examples/many-machines/word-count.ts'
import * as aloneRegression from '../../docs/examples/single-machine/regression.ts'
import * as aloneOrders from '../../docs/examples/single-machine/orders.ts'
import * as aloneStatistics from '../../docs/examples/single-machine/statistics.ts'
import * as aloneWordCount from '../../docs/examples/single-machine/word-count.ts'
import { runCommand } from '#test/tooling/command.ts'
import { repositoryRoot } from '#test/tooling/repository-copy.ts'
import { runExample } from './run-example.ts'

const programs = ['word-count', 'statistics', 'orders', 'regression']

describe('from one machine to many', () => {
  it('shows the twin of every construct', async () => {
    const { code, output } = await runExample('constructs.ts')
    const lines = [
      "2 true Joinery 84 [ 'new', 'popular' ] 36",
      "1 1 [ 'started' ] [ 'sleep', 'eat' ] Hello, world { theme: { dark: true } }",
      '[ 0, 0.5, 0 ] [ 2, 0 ] 6 [ 0, 1, 0 ]',
      '2 true ada page',
      '7.0',
    ]
    assert.equal(output, `${lines.join('\n')}\n`)
    assert.equal(code, 0)
  })

  it('says how many lines of each program changed', async () => {
    const guide = readFileSync(join(repositoryRoot, 'docs/guides/from-single-machine.md'), 'utf8')
    for (const program of programs) {
      const files = ['single-machine', 'many-machines'].map(
        (side) => `docs/examples/${side}/${program}.ts`,
      )
      const { output } = await runCommand('git', ['diff', '--no-index', '--numstat', ...files])
      const [, added, removed] = /^(\d+)\t(\d+)\t/.exec(output) ?? []
      const [before, after] = files.map(
        (file) => readFileSync(join(repositoryRoot, file), 'utf8').trimEnd().split('\n').length,
      )
      const row = `| ${program} | ${before} | ${after} | ${added} | ${removed} |`
      assert.ok(guide.includes(row), `the guide lacks ${row}`)
    }
  })

  it('gives with two functions what one program gives', async () => {
    const clusterKey = 'a secret of these tests'
    const first = await createPeer({ clusterKey })
    const second = await createPeer({ clusterKey, bootstrap: first.addresses })
    try {
      const spaces = [await first.space('twins'), await second.space('twins')] as const
      const flush = () => Promise.all(spaces.map((space) => space.flush({ replicas: 2 })))

      const texts = ['the share of a joint', 'a joint holds', 'the point of it']
      await wordCount.countWords(spaces[0], texts.slice(0, 1))
      const words = await wordCount.countWords(spaces[1], texts.slice(1))
      const requests = Array.from({ length: 2000 }, (_, i) => {
        return { customer: `customer ${(i * 7) % 50}`, ms: ((i * 37) % 1500) + 1 }
      })
      await statistics.measure(spaces[0], requests.slice(0, 900))
      await statistics.measure(spaces[1], requests.slice(900))
      const points = requests.map(({ ms }, i): regression.Point => {
        return { x: [1, ms / 1024, (i % 8) / 8], y: ms > 700 ? 1 : 0 }
      })
      const weights = [0.5, -0.25, 1]
      await regression.gradient(spaces[0], points.slice(0, 900), weights)
      await regression.gradient(spaces[1], points.slice(900), weights)
      const shops = await Promise.all(
        spaces.map(async (space) => {
          return new orders.Shop(space, await space.open('shop', orders.ShopSchema))
        }),
      )
      shops[0]?.deliver('mug', 10)
      shops[0]?.sell('ada', 'mug', 2)
      shops[1]?.sell('bob', 'mug', 3)
      await flush()

      assert.deepEqual(new Map(words), new Map([...aloneWordCount.countWords(texts)].sort()))
      const alone = aloneStatistics.measure(requests)
      const together = await statistics.measure(spaces[0], [])
      assert.equal(together.count, alone.count)
      assert.equal(together.slow, alone.slow)
      assert.ok(Math.abs(together.mean! - alone.mean!) < 1e-9)
      assert.ok(Math.abs(together.median! - alone.median!) <= 0.01 * alone.median!)
      assert.ok(Math.abs(together.customers - alone.customers) <= 2)
      const sum = await regression.gradient(spaces[0], [], weights)
      for (const [i, expected] of aloneRegression.gradient(points, weights).entries()) {
        assert.ok(Math.abs(sum[i]! - expected) < 1e-9)
      }
      const shop = new aloneOrders.Shop()
      shop.deliver('mug', 10)
      shop.sell('ada', 'mug', 2)
      shop.sell('bob', 'mug', 3)
      for (const { state } of shops) {
        assert.deepEqual(state.stock.value, shop.stock)
        assert.deepEqual(state.customers.value, shop.customers)
        const pieces = (all: readonly { pieces: number }[]) => all.map((each) => each.pieces).sort()
        assert.deepEqual(pieces(state.orders.value), pieces(shop.orders))
      }
    } finally {
      await second.stop()
      await first.stop()
    }
  })
})
