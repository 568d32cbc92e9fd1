import assert from 'node:assert/strict'
import { tallyCluster, TallyCaller } from './tally.ts'

describe('A leader', () => {
  it('makes one entry of all commands of a turn', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.run(200)
    const { node } = cluster.leader!
    const { lastIndex } = node.status()
    let done = 0
    for (let i = 0; i < 200; i++) node.submit(caller.call('add', 1), () => done++)
    assert.ok(cluster.until(() => done === 200))
    assert.equal(node.status().lastIndex, lastIndex + 1)
  })

  it('gathers what comes while as many entries as may be are under way', () => {
    const cluster = tallyCluster({ options: { batchesInFlightMax: 2 } })
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.run(200)
    const { node } = cluster.leader!
    const { lastIndex } = node.status()
    const order: number[] = []
    for (let i = 0; i < 50; i++) {
      node.submit(caller.call('add', 1), () => order.push(i))
      // A turn for each, while an answer takes ms.
      cluster.run(0)
    }
    assert.ok(cluster.until(() => order.length === 50))
    assert.deepEqual(
      order,
      order.map((_, i) => i),
    )
    assert.ok(
      node.status().lastIndex <= lastIndex + 4,
      `${node.status().lastIndex - lastIndex} entries`,
    )
  })

  it('cuts a batch that has grown large', () => {
    const cluster = tallyCluster({ options: { batchBytes: 1_000 } })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { node } = cluster.leader!
    const { lastIndex } = node.status()
    let done = 0
    for (let i = 0; i < 100; i++) node.submit(caller.call('add', 1), () => done++)
    assert.ok(cluster.until(() => done === 100))
    const entries = node.status().lastIndex - lastIndex
    assert.ok(entries > 3 && entries < 10, `${entries} entries`)
  })

  it('refuses what cannot be encoded, or is too long, and goes on', () => {
    const cluster = tallyCluster()
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const tooLong = cluster.outcome(caller.call('add', 'x'.repeat(1024 * 1024)))
    assert.equal(tooLong.kind === 'failed' && tooLong.failure.code, 'OBJECT_TOO_LARGE')
    const noValue = cluster.outcome(caller.call('add', () => 1))
    assert.equal(noValue.kind === 'failed' && noValue.failure.code, 'VALUE_INVALID')
    assert.equal(cluster.outcome(caller.call('add', 1)).kind, 'done')
  })

  it('is busy when too much waits, and says that nothing was done', () => {
    const cluster = tallyCluster({ options: { commandsWaitingMax: 10 } })
    cluster.found(1)
    const caller = TallyCaller.open(cluster)
    const { node } = cluster.leader!
    const kinds: string[] = []
    for (let i = 0; i < 15; i++) node.submit(caller.call('add', 1), ({ kind }) => kinds.push(kind))
    assert.deepEqual(kinds, [])
    assert.ok(cluster.until(() => kinds.length === 15))
    assert.equal(kinds.filter((kind) => kind === 'busy').length, 5)
    assert.equal(kinds.filter((kind) => kind === 'done').length, 10)
  })

  it('serves all reads of a turn by one round, and later ones by a later round', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    cluster.run(200)
    const { node } = cluster.leader!
    const sent = cluster.network.messagesSent
    let served = 0
    for (let i = 0; i < 100; i++) node.read(caller.query('read'), () => served++)
    assert.ok(cluster.until(() => served === 100, 40))
    assert.ok(cluster.network.messagesSent - sent <= 8)
  })

  it('answers each who asks for the same parked call', () => {
    const cluster = tallyCluster()
    cluster.foundVoters(3)
    const caller = TallyCaller.open(cluster)
    const call = caller.call('waitFor', 5)
    const tickets = [cluster.submit(call), cluster.submit(call)]
    cluster.run(100)
    tickets.push(cluster.submit(call))
    cluster.run(100)
    cluster.outcome(caller.call('add', 5))
    assert.ok(cluster.until(() => tickets.every(({ outcome }) => outcome !== undefined)))
    assert.deepEqual(tickets[1]!.outcome, tickets[0]!.outcome)
    assert.deepEqual(tickets[2]!.outcome, tickets[0]!.outcome)
  })
})
