import assert from 'node:assert/strict'
import { tallyCluster, TallyCaller, valueOf } from './tally.ts'

describe('Agreed time', () => {
  it('goes on where nobody calls, so that what was scheduled runs', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('addLater', 5, 400))
    cluster.run(300)
    assert.equal(valueOf(cluster.leader!.machine.read(caller.query('read'))), 0)
    cluster.run(300)
    for (const { machine } of cluster.live)
      assert.equal(valueOf(machine.read(caller.query('read'))), 5)
  })

  it('goes on under a leader whose clock is far behind that of the last', () => {
    const cluster = tallyCluster({ breakMsMax: 5 })
    const [first] = cluster.foundVoters(3)
    first!.wallSkewMs = 3_600_000
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('add', 1))
    cluster.crash(first!.id)
    assert.ok(cluster.until(() => cluster.leader !== undefined))
    cluster.outcome(caller.call('addLater', 5, 400))
    cluster.run(600)
    assert.equal(valueOf(cluster.leader!.machine.read(caller.query('read'))), 6)
  })

  it('does not jump under a leader whose clock is ahead of that of the last', () => {
    const cluster = tallyCluster({ breakMsMax: 5 })
    const [first, ...others] = cluster.foundVoters(3)
    for (const other of others) other.wallSkewMs = 10_000
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('addLater', 5, 3_000))
    cluster.crash(first!.id)
    assert.ok(cluster.until(() => cluster.leader !== undefined))
    cluster.run(2_000)
    assert.equal(valueOf(cluster.leader!.machine.read(caller.query('read'))), 0)
    cluster.run(1_500)
    assert.equal(valueOf(cluster.leader!.machine.read(caller.query('read'))), 5)
  })

  it('costs no entries while nothing is due', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('add', 1))
    cluster.run(3_000)
    const { lastIndex } = cluster.leader!.node.status()
    cluster.run(30_000)
    assert.equal(cluster.leader!.node.status().lastIndex, lastIndex)
  })
})
