import assert from 'node:assert/strict'
import { encodeFrame } from '#consensus/group/message-codec.ts'
import { Random } from '#test/simulation/random.ts'
import { tallyCluster, TallyCaller, valueOf } from './tally.ts'

describe('Bytes of a member that are none of ours', () => {
  it('are reported and change nothing', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const leader = cluster.leader!
    const random = new Random(9)
    for (let i = 0; i < 300; i++) {
      const frame = Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255))
      // Every other one is of our version, so that more than its first byte is looked at.
      if (i % 2 === 0) frame[0] = 1
      leader.node.receive(random.integer(1, 9), frame)
      if (i % 10 === 0) cluster.run(10)
    }
    cluster.run(1_000)
    assert.ok(leader.reportsOf('message-ignored').length > 100)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 2))), 2)
  })

  it('put no hashes of strangers into the comparison', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const leader = cluster.leader!
    const hashes = new Map([[caller.object, 1n]])
    const stranger = (index: number): Uint8Array =>
      encodeFrame([{ kind: 'state-hashes', index, hashes }])
    for (let i = 0; i < 20; i++) {
      cluster.outcome(caller.call('add', 1))
      leader.node.receive(77, stranger(leader.node.status().lastIndex))
      leader.node.receive(2, stranger(leader.node.status().lastIndex + 1_000))
    }
    cluster.run(5_000)
    assert.deepEqual(leader.reportsOf('object-diverged'), [])
  })

  it('take no member out of its group by saying that it was', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const member = cluster.member(3)
    member.node.receive(77, encodeFrame([{ kind: 'not-member', index: 1_000 }]))
    member.node.receive(1, encodeFrame([{ kind: 'not-member', index: 1 }]))
    cluster.run(100)
    assert.deepEqual(member.reportsOf('removed'), [])
  })
})
