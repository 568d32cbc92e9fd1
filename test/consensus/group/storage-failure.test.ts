import assert from 'node:assert/strict'
import { tallyCluster, TallyCaller } from './tally.ts'

describe('A member whose disk fails', () => {
  it('stops, says so, and leaves the group to the others', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const failing = cluster.leader!
    failing.disk.fail(new Error('no space left'))
    const results: string[] = []
    failing.node.submit(caller.call('add', 1), ({ kind }) => results.push(kind))
    failing.node.watch(caller.object, 1_000, (result) =>
      results.push(typeof result === 'number' ? 'changed' : result.kind),
    )
    assert.ok(cluster.until(() => results.length === 2))
    assert.deepEqual(results, ['lost', 'lost'])
    const reports = failing.reportsOf('storage-failed')
    assert.deepEqual(
      reports.map(({ error }) => error.message),
      ['no space left'],
    )
    failing.node.submit(caller.call('add', 1), ({ kind }) => results.push(kind))
    cluster.run(10)
    assert.equal(results.at(-1), 'not-leader')
    cluster.crash(failing.id)
    assert.equal(cluster.outcome(caller.call('add', 1)).kind, 'done')
  })

  it('calls back everything when it is stopped', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { node } = cluster.leader!
    const results: string[] = []
    const note = ({ kind }: { readonly kind: string }): void => void results.push(kind)
    node.submit(caller.call('waitFor', 5), note)
    cluster.run(100)
    node.submit(caller.call('add', 1), note)
    node.read(caller.query('read'), note)
    void node.stop()
    cluster.run(10)
    assert.deepEqual(results, ['lost', 'not-leader', 'not-leader'])
  })
})
