import assert from 'node:assert/strict'
import type { Refusal } from '#consensus/group/contract.ts'
import {
  openTally,
  sessionId,
  tallyCluster,
  TallyCaller,
  type TallyCluster,
  valueOf,
} from './tally.ts'

const session = sessionId(7)

function isOpen(cluster: TallyCluster): boolean {
  return [...cluster.leader!.machine.sessions()].some(([id]) => id === session)
}

function openFor(cluster: TallyCluster, leaseMs: number): void {
  cluster.outcome({ kind: 'open-session', session, leaseMs })
}

/** What a member answers to a renewal. */
function renewalAt(cluster: TallyCluster, member: TallyCluster['live'][number]): boolean | Refusal {
  let answer: boolean | Refusal | undefined
  member.node.renew(session, (result) => (answer = result))
  assert.ok(cluster.until(() => answer !== undefined, 5_000))
  return answer!
}

/** Renews at whoever leads, each half second. */
function renewFor(cluster: TallyCluster, durationMs: number): void {
  for (let ms = 0; ms < durationMs; ms += 500) {
    cluster.leader?.node.renew(session, () => {})
    cluster.run(500)
  }
}

describe('A session', () => {
  it('ends when its lease has run out, and not before', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    openFor(cluster, 2_000)
    cluster.run(1_800)
    assert.ok(isOpen(cluster))
    cluster.run(400)
    assert.ok(!isOpen(cluster))
    assert.equal(renewalAt(cluster, cluster.leader!), false)
  })

  it('lives on while its lease is renewed', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    openFor(cluster, 2_000)
    renewFor(cluster, 10_000)
    assert.ok(isOpen(cluster))
  })

  it('is as silent as its owner, as its leader tells', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    openFor(cluster, 9_000)
    const silentMs = (): number | undefined => cluster.leader!.node.silentMs(session)
    cluster.run(3_000)
    assert.ok(Math.abs(silentMs()! - 3_000) < 300, `${silentMs()} ms`)
    assert.equal(renewalAt(cluster, cluster.leader!), true)
    assert.ok(silentMs()! < 300, `${silentMs()} ms`)
    const follower = cluster.live.find((member) => member !== cluster.leader)!
    assert.equal(follower.node.silentMs(session), undefined)
  })

  it('lives on while it calls', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const object = Number(valueOf(cluster.outcome(openTally)))
    openFor(cluster, 2_000)
    for (let sequence = 1; sequence <= 6; sequence++) {
      const call = {
        session,
        sequence,
        acknowledged: 0,
        object,
        path: [],
        method: 'add',
        args: [1],
      }
      cluster.outcome({ kind: 'call', ...call })
      cluster.run(1_500)
    }
    assert.ok(isOpen(cluster))
  })

  it('has its whole lease anew under a new leader', () => {
    const cluster = tallyCluster({ breakMsMax: 5 })
    cluster.foundVoters(3)
    openFor(cluster, 3_000)
    cluster.run(2_500)
    cluster.crash(cluster.leader!.id)
    assert.ok(cluster.until(() => cluster.leader !== undefined))
    cluster.run(2_500)
    assert.ok(isOpen(cluster))
    cluster.run(1_000)
    assert.ok(!isOpen(cluster))
  })

  it('does not end for the time that its leader stood still', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    openFor(cluster, 2_000)
    const leader = cluster.leader!
    leader.pause()
    cluster.run(30_000)
    leader.resume()
    cluster.run(1_000)
    assert.ok(isOpen(cluster))
    assert.equal(renewalAt(cluster, leader), true)
  })

  it('is renewed by the leader alone', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    openFor(cluster, 2_000)
    const leader = cluster.leader!
    const follower = cluster.live.find((member) => member !== leader)!
    assert.deepEqual(renewalAt(cluster, follower), { kind: 'not-leader', leader: leader.id })
  })

  it('is not said to live by a leader that was cut off', () => {
    const cluster = tallyCluster({ seed: 3 })
    cluster.foundVoters(3)
    openFor(cluster, 20_000)
    const former = cluster.leader!
    const others = cluster.live.map(({ id }) => id).filter((id) => id !== former.id)
    cluster.network.partition([former.id], others)
    const answer = renewalAt(cluster, former)
    assert.equal(typeof answer === 'object' && answer.kind, 'not-leader')
  })

  it('takes its parked calls with it, and its calls after the end are refused', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    openFor(cluster, 1_000)
    const { object } = caller
    const call = {
      session,
      sequence: 1,
      acknowledged: 0,
      object,
      path: [],
      method: 'waitFor',
      args: [5],
    }
    const waiting = cluster.submit({ kind: 'call', ...call })
    cluster.run(2_000)
    assert.ok(waiting.outcome?.kind === 'failed')
    assert.equal(waiting.outcome.failure.code, 'SESSION_EXPIRED')
    const late = cluster.outcome({ kind: 'call', ...call, sequence: 2 })
    assert.equal(late.kind === 'failed' && late.failure.code, 'SESSION_EXPIRED')
  })
})
