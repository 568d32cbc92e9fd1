import assert from 'node:assert/strict'
import { tallyCluster, TallyCaller, valueOf } from './tally.ts'

describe('A group', () => {
  it('of one member serves commands and reads', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 5))), 5)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 2))), 7)
    const ticket = cluster.read(caller.query('read'))
    assert.ok(cluster.until(() => ticket.outcome !== undefined))
    assert.equal(valueOf(ticket.outcome), 7)
  })

  it('applies at each of three voters what one of them orders', () => {
    const cluster = tallyCluster()
    const members = cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 20; i++) cluster.outcome(caller.call('add', 1))
    cluster.run(200)
    const [first, ...others] = members.map(({ machine }) => machine.snapshot())
    assert.equal(others.length, 2)
    for (const other of others) assert.deepEqual(other, first)
    assert.equal(valueOf(cluster.leader!.machine.read(caller.query('read'))), 20)
  })

  it('has all that it acknowledged after a crash of everybody at once', () => {
    const options = { snapshotLogBytes: 2_000, tailEntries: 5 }
    const cluster = tallyCluster({ seed: 3, options })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 50; i++) cluster.outcome(caller.call('add', 1))
    for (const { id } of cluster.live) cluster.crash(id)
    cluster.run(500)
    for (const id of cluster.members.keys()) cluster.restart(id)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 1))), 51)
  })

  it('keeps its log short, and what was applied in a snapshot', () => {
    const options = { snapshotLogBytes: 2_000, tailEntries: 5 }
    const cluster = tallyCluster({ seed: 4, options })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    cluster.run(100)
    cluster.crash(1)
    const log = cluster.member(1).disk.open()
    const lastIndex = log.lastIndex()
    assert.ok(lastIndex > 100)
    assert.ok(log.firstIndex() > lastIndex - 40, `${log.firstIndex()} to ${lastIndex}`)
  })
})
