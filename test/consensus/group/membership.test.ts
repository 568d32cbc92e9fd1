import assert from 'node:assert/strict'
import type { Refusal } from '#consensus/group/contract.ts'
import { tallyCluster, TallyCaller, type TallyCluster, valueOf } from './tally.ts'

function votersOf(cluster: TallyCluster): readonly number[] {
  return cluster.leader!.node.status().confState.voters
}

function ask(cluster: TallyCluster, change: object): 'done' | Refusal {
  let answer: 'done' | Refusal | undefined
  cluster.leader!.node.change(change, (result) => (answer = result))
  assert.ok(cluster.until(() => answer !== undefined))
  return answer!
}

describe('The members of a group', () => {
  it('become three of one in one joint step', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    cluster.join(2)
    cluster.join(3)
    assert.equal(ask(cluster, { learners: [2, 3] }), 'done')
    const caughtUp = (): boolean =>
      cluster
        .leader!.node.status()
        .progress.every(({ match }) => match === cluster.leader!.node.status().lastIndex)
    assert.ok(cluster.until(caughtUp))
    assert.equal(ask(cluster, { voters: [2, 3] }), 'done')
    cluster.run(200)
    assert.deepEqual(votersOf(cluster), [1, 2, 3])
    assert.deepEqual(cluster.leader!.node.status().confState.votersOutgoing, [])
    for (const { node } of cluster.live) {
      assert.deepEqual(node.status().confState.voters, [1, 2, 3])
    }
  })

  it('replace one that is dead in one step', () => {
    const cluster = tallyCluster({ seed: 2 })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('add', 5))
    cluster.crash(3)
    cluster.join(4)
    cluster.change({ learners: [4] })
    cluster.change({ voters: [4], removed: [3] })
    cluster.run(300)
    assert.deepEqual(votersOf(cluster), [1, 2, 4])
    assert.deepEqual(cluster.member(4).machine.snapshot(), cluster.member(1).machine.snapshot())
  })

  it('go on under another leader when theirs is removed, which hands over first', () => {
    const cluster = tallyCluster({ seed: 3 })
    cluster.foundVoters(3)
    const former = cluster.leader!.id
    const answer = ask(cluster, { removed: [former] })
    assert.equal((answer as Refusal).kind, 'not-leader')
    assert.notEqual(cluster.leader!.id, former)
    const sinceMs = cluster.clock.nowMs
    cluster.change({ removed: [former] })
    assert.ok(cluster.clock.nowMs - sinceMs < 300)
    cluster.run(300)
    assert.deepEqual(
      votersOf(cluster),
      [1, 2, 3].filter((id) => id !== former),
    )
  })

  it('are the new one alone when the only one goes', () => {
    const cluster = tallyCluster({ seed: 4 })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    cluster.outcome(caller.call('add', 8))
    cluster.join(2)
    cluster.change({ learners: [2] })
    cluster.change({ voters: [2], removed: [1] })
    assert.ok(cluster.until(() => cluster.leader?.id === 2))
    assert.equal(valueOf(cluster.outcome(caller.call('add', 1))), 9)
    assert.deepEqual(votersOf(cluster), [2])
    assert.equal(cluster.member(1).reportsOf('removed').length, 1)
  })

  it('that were removed while they were away learn it, and disturb nobody', () => {
    const cluster = tallyCluster({ seed: 5 })
    cluster.foundVoters(3)
    const away = cluster.live.find(({ node }) => node.status().role !== 'leader')!
    const rest = cluster.live.map(({ id }) => id).filter((id) => id !== away.id)
    cluster.network.partition([away.id], rest)
    cluster.run(2_000)
    cluster.change({ removed: [away.id] })
    cluster.run(2_000)
    const { term } = cluster.leader!.node.status()
    cluster.network.heal()
    assert.ok(cluster.until(() => away.reportsOf('removed').length > 0))
    cluster.run(3_000)
    assert.equal(cluster.leader!.node.status().term, term)
    assert.equal(away.reportsOf('removed').length, 1)
  })

  it('are changed in one way at a time, and never to nobody', () => {
    const cluster = tallyCluster({ seed: 6 })
    cluster.foundVoters(3)
    const { node } = cluster.leader!
    const answers: string[] = []
    const note = (result: 'done' | Refusal): void =>
      void answers.push(result === 'done' ? result : result.kind)
    node.change({ learners: [4] }, note)
    node.change({ learners: [5] }, note)
    node.change({ removed: [1, 2, 3] }, note)
    node.change({ voters: [4], removed: [4] }, note)
    assert.ok(cluster.until(() => answers.length === 4))
    assert.deepEqual(answers.sort(), ['busy', 'busy', 'busy', 'done'])
  })

  it('get a snapshot when the log no longer reaches back to where they are', () => {
    const options = { snapshotLogBytes: 4_000, tailEntries: 5, snapshotPartBytes: 100 }
    const cluster = tallyCluster({ seed: 7, options })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    const { leader } = cluster
    cluster.join(2)
    cluster.change({ learners: [2] })
    const isThere = (): boolean =>
      cluster.member(2).node.status().applied === leader!.node.status().applied
    assert.ok(cluster.until(isThere))
    assert.deepEqual(cluster.member(2).machine.snapshot(), leader!.machine.snapshot())
    // What it took is what it starts on.
    cluster.crash(2)
    cluster.restart(2)
    assert.ok(cluster.until(isThere))
    assert.deepEqual(cluster.member(2).machine.snapshot(), leader!.machine.snapshot())
  })

  it('get a snapshot over a network that loses parts of it', () => {
    const options = { snapshotLogBytes: 4_000, tailEntries: 5, snapshotPartBytes: 1_000 }
    const cluster = tallyCluster({ seed: 8, options })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    for (let i = 0; i < 100; i++) cluster.outcome(caller.call('add', 1))
    cluster.network.weather = { ...cluster.network.weather, lost: 0.15 }
    cluster.join(2)
    cluster.change({ learners: [2] })
    const { leader } = cluster
    const isThere = (): boolean =>
      cluster.member(2).node.status().applied === leader!.node.status().applied
    assert.ok(cluster.until(isThere, 60_000))
    assert.deepEqual(cluster.member(2).machine.snapshot(), leader!.machine.snapshot())
  })
})
