import { strict as assert } from 'node:assert'
import { fitLine, fitPower } from './fit.ts'
import { plotSvg } from './plot.ts'
import { renderConclusions, renderTable, scalePanels } from './report.ts'
import { runScale } from './run-scale.ts'

const options = { seed: 1, operationsPerSecond: 100, warmUpMs: 500, measuredMs: 1000 }

describe('scale', () => {
  const run = (peers: number, adapter: 'direct' | 'gossip', lost = 0) =>
    runScale({ ...options, peers, adapter, lost })

  it('costs each peer one message for each batch when they are sent directly', () => {
    const few = run(3, 'direct')
    assert.equal(few.repeated, 0)
    // Each of the three batches in turn goes to two; digests and answers come on top.
    const copies = (few.batches * 2) / 3
    assert.ok(
      few.messagesReceived >= copies * 0.9,
      `${few.messagesReceived} messages, ${copies} copies`,
    )
    assert.ok(
      few.messagesReceived < copies + 10,
      `${few.messagesReceived} messages, ${copies} copies`,
    )
    assert.ok(few.everywhereMs.p99 < 60, `a window and the network, not ${few.everywhereMs.p99} ms`)
  })

  it('costs up to a second copy by gossip', () => {
    const few = run(6, 'gossip')
    assert.ok(few.repeated > 0.5 * few.batches * (4 / 6), `${few.repeated} repeated`)
    assert.ok(few.repeated < few.batches, `${few.repeated} repeated of ${few.batches}`)
  })

  it('converges when gossip loses copies', () => {
    const [whole, lossy] = [run(8, 'gossip'), run(8, 'gossip', 0.3)]
    // What is lost is asked for: that takes longer than to be told.
    assert.ok(lossy.convergedMs > 2 * whole.convergedMs, `${lossy.convergedMs} ms`)
    assert.ok(lossy.convergedMs < 10_000, `${lossy.convergedMs} ms`)
  })

  it('does the same for the same seed', () => {
    const [a, b] = [run(4, 'gossip'), run(4, 'gossip')]
    assert.deepEqual({ ...a, cpuUs: 0 }, { ...b, cpuUs: 0 })
  })

  it('is told as a table and a plot', () => {
    const found = [3, 30, 40].flatMap((peers) => [run(peers, 'direct'), run(peers, 'gossip')])
    const text = [
      renderTable(found),
      renderConclusions(found),
      plotSvg(scalePanels(found), 'peers'),
    ]
    assert.doesNotMatch(text.join(), /NaN|undefined|Infinity/)
    assert.match(text[1]!, /the bottleneck: /)
  })

  it('finds the line and the power of what follows them', () => {
    const line = fitLine([1, 2, 5].map((x) => [x, 3 * x + 2]))
    assert.ok(Math.abs(line.slope - 3) < 1e-9 && Math.abs(line.base - 2) < 1e-9)
    const power = fitPower([1, 10, 100].map((x) => [x, 7 * x ** 1.5]))
    assert.ok(Math.abs(power - 1.5) < 1e-9)
  })
})
