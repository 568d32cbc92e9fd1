import assert from 'node:assert/strict'
import type { GroupMember } from '#consensus/group/contract.ts'
import { tallyCluster, TallyCaller, type TallyCluster, valueOf } from './tally.ts'

const options = { leaseReads: true }

function readAtOnce(cluster: TallyCluster, caller: TallyCaller): boolean {
  let isServed = false
  cluster.leader!.node.read(caller.query('read'), ({ kind }) => (isServed = kind === 'done'))
  cluster.run(0)
  return isServed
}

describe('Reads under a lease', () => {
  it('need no round while the last one is fresh', () => {
    const cluster = tallyCluster({ options })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    assert.ok(!readAtOnce(cluster, caller))
    cluster.run(20)
    assert.ok(readAtOnce(cluster, caller))
    cluster.run(1_000)
    assert.ok(!readAtOnce(cluster, caller))
  })

  it('are not served by a leader that stood still for longer', () => {
    const cluster = tallyCluster({ seed: 2, options })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const former = cluster.leader!
    readAtOnce(cluster, caller)
    cluster.run(20)
    const others = cluster.live.filter((member) => member !== former)
    cluster.network.partition(
      [former.id],
      others.map(({ id }) => id),
    )
    former.pause()
    assert.ok(cluster.until(() => others.some(({ node }) => node.status().role === 'leader')))
    assert.equal(valueOf(cluster.outcome(caller.call('add', 1))), 1)
    former.resume()
    assert.equal(former.node.status().role, 'leader')
    const kinds: string[] = []
    former.node.read(caller.query('read'), ({ kind }) => kinds.push(kind))
    cluster.run(5_000)
    assert.deepEqual(kinds, ['not-leader'])
  })

  for (const [how, handOver] of [
    ['is asked to', (node: GroupMember): void => node.transferLeadership(2)],
    ['is to be removed', (node: GroupMember): void => node.change({ removed: [1] }, () => {})],
  ] as const) {
    it(`are not served any more by one who hands over because it ${how}`, () => {
      const cluster = tallyCluster({ seed: 3, options })
      cluster.foundVoters(3)
      const caller = TallyCaller.open(cluster)
      readAtOnce(cluster, caller)
      cluster.run(20)
      assert.ok(readAtOnce(cluster, caller))
      for (const to of [2, 3]) cluster.network.cut(1, to)
      handOver(cluster.member(1).node)
      assert.ok(!readAtOnce(cluster, caller))
    })
  }
})
