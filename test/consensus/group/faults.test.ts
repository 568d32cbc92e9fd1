import assert from 'node:assert/strict'
import { foulWeather } from '#test/simulation/group-network.ts'
import type { Ticket } from '#test/simulation/group-cluster.ts'
import { tallyCluster, TallyCaller, type TallyCluster, valueOf } from './tally.ts'

const SEEDS = 10
const CALLS = 60

/** One fault of some kind, as the seed has it; what it broke is mended some time later. */
function disturb(cluster: TallyCluster): void {
  const { random, clock, network } = cluster
  const ids = [...cluster.members.keys()]
  const id = random.pick(ids)
  const member = cluster.member(id)
  const laterMs = random.integer(50, 2_500)
  const kind = random.integer(0, 3)
  if (kind === 0 && member.isUp) {
    cluster.crash(id)
    clock.after(laterMs, () => cluster.restart(id))
  } else if (kind === 1 && member.isUp && !member.isPaused) {
    member.pause()
    clock.after(laterMs, () => member.resume())
  } else if (kind === 2) {
    network.partition(
      [id],
      ids.filter((other) => other !== id),
    )
    clock.after(laterMs, () => network.heal())
  } else {
    network.cut(id, random.pick(ids))
    clock.after(laterMs, () => network.heal())
  }
}

/** Reads the sum; it must be one of all additions that were answered before. */
function checkRead(cluster: TallyCluster, caller: TallyCaller, tickets: readonly Ticket[]): void {
  const { leader } = cluster
  if (leader === undefined) return
  // Also of those who only believe that they lead.
  const member = cluster.random.chance(0.5) ? leader : cluster.random.pick(cluster.live)
  const least = tickets.filter(({ outcome }) => outcome !== undefined).length
  member.node.read(caller.query('read'), (result) => {
    if (result.kind === 'done') assert.ok(Number(result.value) >= least, 'a stale read')
  })
}

/** Runs a group through bad times, and through checks of what it said meanwhile. */
function ordeal(seed: number): TallyCluster {
  const cluster = tallyCluster({
    seed,
    breakMsMax: 200,
    options: {
      snapshotLogBytes: 3_000,
      tailEntries: 10,
      checkpointCommands: 16,
      leaseReads: seed % 2 === 0,
      snapshotPartBytes: 200,
    },
  })
  cluster.foundVoters(3)
  const caller = TallyCaller.open(cluster)
  cluster.network.weather = foulWeather
  for (const member of cluster.live) member.drift = (cluster.random.next() - 0.5) * 0.02
  const tickets: Ticket[] = []
  for (let i = 0; i < CALLS; i++) {
    tickets.push(cluster.submit(caller.call('add', 1)))
    if (cluster.random.chance(0.25)) disturb(cluster)
    checkRead(cluster, caller, tickets)
    cluster.run(cluster.random.integer(0, 300))
  }
  cluster.network.weather = { ...foulWeather, lost: 0, late: 0 }
  const isAnswered = (): boolean => tickets.every(({ outcome }) => outcome !== undefined)
  assert.ok(cluster.until(isAnswered, 60_000), 'not all were answered')
  const answers = tickets.map(({ outcome }) => Number(valueOf(outcome)))
  // Each addition was done once: the sums are the numbers from 1 on, each once.
  assert.deepEqual(
    answers.sort((a, b) => a - b),
    Array.from({ length: CALLS }, (_, i) => i + 1),
  )
  const isAlike = (): boolean => {
    const [first, ...others] = cluster.live.map(({ node }) => node.status().applied)
    return cluster.live.length === 3 && others.every((applied) => applied === first)
  }
  assert.ok(cluster.until(isAlike, 60_000), 'the members differ')
  const [first, ...others] = cluster.live.map(({ machine }) => machine.snapshot())
  for (const other of others) assert.deepEqual(other, first)
  for (const member of cluster.live) {
    assert.deepEqual(member.reportsOf('object-diverged'), [])
    assert.deepEqual(member.reportsOf('storage-failed'), [])
  }
  return cluster
}

describe('A group in bad times', () => {
  it('does each command once, and its members end alike', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      try {
        ordeal(seed)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })

  it('does the same again for the same seed', () => {
    const [first, second] = [ordeal(3), ordeal(3)]
    assert.equal(first.clock.nowMs, second.clock.nowMs)
    assert.equal(first.network.messagesSent, second.network.messagesSent)
    assert.equal(first.network.bytesSent, second.network.bytesSent)
  })
})
