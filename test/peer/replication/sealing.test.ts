import { strict as assert } from 'node:assert'
import type { Message } from '#peer/replication/core/message.ts'
import { cluster, connect, disconnect, deliver, group, type Replica, seal } from './replica.ts'

type Four = [Replica, Replica, Replica, Replica]

/** What is lost on the way to a replica that is cut off. */
function tell(to: Replica, from: Replica, message: Message): void {
  to.step({ kind: 'message', neighbour: from.name, message })
}

describe('a life that is over, of which its holder has not heard', () => {
  it('has written nothing that those hold to whom it is sealed', () => {
    const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
    disconnect(a, c)
    disconnect(b, c)
    c.hits.add(1)
    c.step({ kind: 'flush', id: 1, replicas: 2 })
    seal(c, a, b)
    group.isDown = true
    connect(c, b)
    deliver(b, c)
    assert.equal(b.core.vector.get(c.replica), 'sealed')
    assert.deepEqual(c.said('flushed'), [])
  })

  it('is told by nobody that they hold it, when it asks then and when it asked before', () => {
    const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
    c.hits.add(1)
    c.step({ kind: 'flush', id: 1, replicas: 2 })
    const probe = c.sent('probe')[0]!
    tell(b, c, probe)
    seal(c, a, b)
    assert.deepEqual(b.sent('held'), [])
    tell(b, c, probe)
    assert.deepEqual(b.sent('held'), [])
  })
})

describe('a life that is over, of which a neighbour has told its holder first', () => {
  it('is known to be held by no more than closed its seal, whoever was a member before', () => {
    const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
    for (const replica of [a, b, c]) replica.contact()
    deliver(a, b, c)
    disconnect(a, b)
    disconnect(a, c)
    const batch = a.write(1)
    for (const other of [b, c]) other.gossip(batch)
    a.step({ kind: 'flush', id: 1, replicas: 3 })
    seal(a, b, c)
    group.isDown = true
    connect(a, b)
    deliver(a, b)
    assert.notEqual(a.core.status, 'active')
    assert.deepEqual(a.said('flushed'), [])
    assert.equal(a.said('flush-void').length, 1)
  })
})

describe('what is in sealing', () => {
  /** Of the third the first has staged a batch, which the second lacks; the last has it applied, and is no neighbour. */
  function withTail(limits = {}): { replicas: Four; tail: Uint8Array } {
    const replicas = cluster(['a', 'b', 'c', 'd'], { digestTicks: 2 ** 30, ...limits }) as Four
    const [a, b, c, d] = replicas
    const tail = c.write(1)
    d.gossip(tail)
    for (const gone of [c, d]) for (const other of [a, b]) disconnect(gone, other)
    group.expire(c)
    for (const member of [d, a, a]) member.contact()
    // The group does not hear of it: it would be shown.
    a.gossip(tail)
    assert.equal(a.core.usage.stagedBytes, tail.length)
    for (const replica of replicas) replica.take()
    return { replicas, tail }
  }

  it('is asked for by name: no digest shows that somebody holds it', () => {
    const { replicas } = withTail()
    const [a, b, c, d] = replicas
    b.contact()
    b.tick()
    assert.equal(b.core.vector.hash(), a.core.vector.hash())
    deliver(a, b)
    assert.equal(b.core.member.replica?.held(c.replica), 1)
    assert.equal(b.hits.value, 0, 'a seal may yet cut it')
    for (const member of [b, a, d]) member.contact()
    group.closeEpoch()
    for (const member of [b, a]) member.contact()
    assert.deepEqual([a.hits.value, b.hits.value], [1, 1])
  })

  it('comes first in an answer: a seal waits for it', () => {
    const { replicas, tail } = withTail({ answerBytesMax: 100 })
    const [a, b] = replicas
    for (let i = 0; i < 20; i++) a.write(1)
    b.contact()
    b.tick()
    tell(a, b, b.sent('ask')[0]!)
    const [first] = a.sent('batches')
    assert.deepEqual(first?.batches[0], tail)
    assert.equal(a.sent('answered')[0]?.more, true)
  })

  it('and was damaged on its way is dropped when that shows, and fetched again', () => {
    const { replicas, tail } = withTail()
    const [a, b, , d] = replicas
    b.contact()
    b.gossip(tail.slice(0, -1))
    for (const member of [b, a, d]) member.contact()
    assert.equal(b.said('quarantined').length, 1)
    assert.equal(b.core.usage.stagedBytes, 0)
    b.tick(40)
    deliver(a, b)
    b.tick(40)
    deliver(a, b)
    for (const member of [b, a, d]) member.contact()
    group.closeEpoch()
    for (const member of [b, a]) member.contact()
    assert.deepEqual([a.hits.value, b.hits.value], [1, 1])
    assert.equal(b.core.vector.get(replicas[2].replica), 'sealed')
  })

  it('comes first no more once its holder is back: then it comes after what it builds on', () => {
    const limits = { digestTicks: 2 ** 30, answerBytesMax: 1 }
    const [a, b, c, d] = cluster(['a', 'b', 'c', 'd'], limits) as Four
    for (const gone of [c, d]) for (const other of [a, b]) disconnect(gone, other)
    for (const batch of [d.write(1), d.write(10)]) for (const each of [a, c]) each.gossip(batch)
    const tail = [c.write(100), c.write(1000)]
    for (const batch of tail) a.gossip(batch)
    group.expire(c)
    for (const member of [a, a, b]) member.contact()
    for (const batch of tail) b.gossip(batch)
    assert.equal(b.core.usage.stagedBytes, tail[0]!.length + tail[1]!.length)
    c.renew()
    for (const member of [a, b]) member.contact()
    for (let i = 0; i < 3; i++) a.gossip(c.write(10_000))
    for (const replica of [b, a]) {
      replica.tick(40)
      deliver(a, b)
    }
    assert.equal(a.hits.value, 31_111)
    assert.equal(b.hits.value, 31_111)
  })
})
