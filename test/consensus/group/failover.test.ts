import assert from 'node:assert/strict'
import { tallyCluster, TallyCaller, type TallyCluster, valueOf } from './tally.ts'

/** How long, in virtual ms, until somebody else leads than did. */
function leaderlessMs(cluster: TallyCluster): number {
  const former = cluster.leader!.id
  const sinceMs = cluster.clock.nowMs
  cluster.crash(former)
  assert.ok(cluster.until(() => cluster.leader !== undefined))
  return cluster.clock.nowMs - sinceMs
}

describe('When the leader of a group is gone, it', () => {
  it('has another within the time of two elections', () => {
    const cluster = tallyCluster({ seed: 3 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('add', 3))
    assert.ok(leaderlessMs(cluster) <= 2_500)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 4))), 7)
  })

  it('has another in a fraction of a second when connections break with it', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const cluster = tallyCluster({ seed, breakMsMax: 20 })
      cluster.foundVoters(3)
      const durationMs = leaderlessMs(cluster)
      assert.ok(durationMs <= 400, `seed ${seed}: ${durationMs} ms without a leader`)
    }
  })

  it('keeps its leader when one member lost the connection to it', () => {
    const cluster = tallyCluster({ seed: 4 })
    cluster.foundVoters(3)
    const { id, node } = cluster.leader!
    const { term } = node.status()
    cluster.member(2).unreachable(id)
    cluster.run(3_000)
    assert.equal(cluster.leader?.id, id)
    assert.equal(node.status().term, term)
    assert.equal(cluster.member(2).node.status().leader, id)
  })

  it('goes on with a parked call that is asked for again', () => {
    const cluster = tallyCluster({ seed: 5, breakMsMax: 20 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const waiting = cluster.submit(caller.call('waitFor', 10))
    cluster.run(500)
    assert.equal(waiting.outcome, undefined)
    leaderlessMs(cluster)
    assert.ok(cluster.until(() => waiting.attempts === 2))
    cluster.run(500)
    assert.equal(waiting.outcome, undefined)
    cluster.outcome(caller.call('add', 12))
    assert.ok(cluster.until(() => waiting.outcome !== undefined))
    assert.equal(valueOf(waiting.outcome), 12)
  })

  it('applies a command once that is asked for again', () => {
    const cluster = tallyCluster({ seed: 6, breakMsMax: 20 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const command = caller.call('add', 1)
    const first = cluster.outcome(command)
    leaderlessMs(cluster)
    assert.deepEqual(cluster.outcome(command), first)
    assert.equal(valueOf(cluster.outcome(caller.call('add', 1))), 2)
  })

  it('tells whoever waits at a leader that was cut off that nobody knows', () => {
    const cluster = tallyCluster({ seed: 7 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const former = cluster.leader!
    cluster.network.partition(
      [former.id],
      cluster.live.map(({ id }) => id).filter((id) => id !== former.id),
    )
    const results: string[] = []
    former.node.submit(caller.call('add', 1), ({ kind }) => results.push(kind))
    former.node.read(caller.query('read'), ({ kind }) => results.push(kind))
    assert.deepEqual(results, [])
    assert.ok(cluster.until(() => results.length === 2, 5_000))
    assert.deepEqual(results, ['lost', 'not-leader'])
    assert.notEqual(former.node.status().role, 'leader')
  })

  it('never serves a stale read from a leader that was cut off', () => {
    const cluster = tallyCluster({ seed: 8 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const former = cluster.leader!
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

  it('hands over without an election time-out when asked to', () => {
    const cluster = tallyCluster({ seed: 9 })
    cluster.foundVoters(3)
    cluster.leader!.node.transferLeadership(3)
    assert.ok(cluster.until(() => cluster.leader?.id === 3, 100))
  })
})
