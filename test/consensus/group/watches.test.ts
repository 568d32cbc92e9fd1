import assert from 'node:assert/strict'
import type { Refusal } from '#consensus/group/contract.ts'
import { tallyCluster, TallyCaller } from './tally.ts'

describe('A watch', () => {
  it('ends with the position of a change after the one it knows, at each member', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const { position } = cluster.outcome(caller.call('add', 1))
    cluster.run(100)
    const seen: (number | Refusal)[] = []
    for (const { node } of cluster.live) {
      node.watch(caller.object, position, (result) => seen.push(result))
    }
    cluster.run(1_000)
    assert.deepEqual(seen, [])
    const next = cluster.outcome(caller.call('add', 1))
    cluster.run(100)
    assert.deepEqual(seen, [next.position, next.position, next.position])
  })

  it('ends soon, and never within the call, when the change was there before', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { position } = cluster.outcome(caller.call('add', 1))
    const seen: (number | Refusal)[] = []
    cluster.leader!.node.watch(caller.object, 0, (result) => seen.push(result))
    assert.deepEqual(seen, [])
    cluster.run(1)
    assert.deepEqual(seen, [position])
  })

  it('that was ended is never called', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { position } = cluster.outcome(caller.call('add', 1))
    const { node } = cluster.leader!
    const fail = (): void => assert.fail('it was ended')
    node.watch(caller.object, position, fail)()
    node.watch(caller.object, 0, fail)()
    cluster.outcome(caller.call('add', 1))
  })

  it('ends when its object is deleted', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { position } = cluster.outcome(caller.call('add', 1))
    const seen: (number | Refusal)[] = []
    cluster.leader!.node.watch(caller.object, position, (result) => seen.push(result))
    const gone = cluster.outcome({ kind: 'delete-object', space: 'test', name: 'tally' })
    assert.deepEqual(seen, [gone.position])
  })
})
