import assert from 'node:assert/strict'
import { openUnruly, tallyCluster, TallyCaller } from './tally.ts'

describe('An object that is no function of its calls', () => {
  it('is found by the hashes of the voters, reported, and takes no further call', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster, 1, openUnruly)
    const orderly = TallyCaller.open(cluster, 2)
    cluster.outcome(orderly.call('add', 1))
    cluster.outcome(caller.call('spoil'))
    cluster.run(3_000)
    const reports = cluster.leader!.reportsOf('object-diverged')
    assert.deepEqual(
      reports.map(({ object }) => object),
      [caller.object],
    )
    assert.ok(reports[0]!.members.length > 0)
    const refused = cluster.outcome(caller.call('spoil'))
    assert.equal(refused.kind === 'failed' && refused.failure.code, 'OBJECT_NOT_DETERMINISTIC')
    assert.equal(cluster.outcome(orderly.call('add', 1)).kind, 'done')
  })

  it('is not suspected where all is as it should be', () => {
    const options = { checkpointCommands: 16 }
    const cluster = tallyCluster({ seed: 2, breakMsMax: 5, options })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    cluster.crash(cluster.leader!.id)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    for (const { id, isUp } of cluster.members.values()) if (!isUp) cluster.restart(id)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    cluster.run(5_000)
    for (const member of cluster.live) assert.deepEqual(member.reportsOf('object-diverged'), [])
  })
})
