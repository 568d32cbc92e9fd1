// The short form of `npm run long -- nemesis`: processes that are killed and stopped, and no cut networks.
import assert from 'node:assert/strict'
import { processFaults } from './faults.ts'
import { loopback } from './network.ts'
import { runNemesis } from './run-nemesis.ts'
import { ownMs } from '#test/own-time.ts'

describe('a cluster of five under a nemesis', () => {
  it('stays linearizable and loses nothing while voters are killed and stopped', async () => {
    const began = { atMs: performance.now(), ownMs: ownMs() }
    const { verified, operations, gaps, faults } = await runNemesis({
      ...{ seed: 1, seconds: 0, network: loopback(), isDurable: true, faults: processFaults },
      clients: { embedded: 1, remote: 3 },
      ...{ faultMs: [700, 1200], calmMs: [300, 500], epochMs: 2_000, searches: 10 },
    })
    assert.deepEqual(verified.violations, [])
    assert.deepEqual(verified.undecided, [])
    assert.equal(faults.length, processFaults.length)
    assert.ok(operations.ok > 200, `${operations.ok} operations were answered`)
    assert.ok(verified.searched.operations > 50, 'the search had something to search')
    // What the machine stood still meanwhile is nobody's fault.
    const stoodMs = performance.now() - began.atMs - (ownMs() - began.ownMs)
    for (const { leaderMs } of gaps) {
      assert.ok(leaderMs < 5_000 + stoodMs, `no leader for ${leaderMs} ms`)
    }
  })
})
