import { strict as assert } from 'node:assert'
import { document, type Local } from '@joinery/crdt-objects'
import { decodeBatchHeader, kindOf, unleasedReplica } from '@joinery/crdt-objects/engine'
import { loadAllEngines } from '#test/suites/schemas.ts'
import { cluster, connect, deliver, disconnect, group, Replica, seal } from './replica.ts'

type Five = [Replica, Replica, Replica, Replica, Replica]

/** Three members, of which the last is cut off from the others. */
function cutOff(): [Replica, Replica, Replica] {
  const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
  disconnect(a, c)
  disconnect(b, c)
  return [a, b, c]
}

/** Begins another life from what `member` has. */
function comeBack(replica: Replica, member: Replica): void {
  replica.renew()
  connect(replica, member)
  deliver(replica, member)
  assert.equal(replica.core.status, 'active')
}

/** Lets neighbours find what they lack. */
function converge(...replicas: Replica[]): void {
  for (const replica of replicas) replica.tick(40)
  deliver(...replicas)
}

describe('what a life wrote that is over', () => {
  it('is issued again by the next one, each update once', () => {
    const [a, b, c] = cutOff()
    for (const amount of [1, 10, 100]) c.write(amount)
    c.tags.add('x')
    c.tags.delete('x')
    c.step({ kind: 'local-batch' })
    seal(c, a, b)
    assert.equal(a.hits.value, 0)
    comeBack(c, a)
    converge(a, b, c)
    converge(a, b, c)
    const values = [a, b, c].map(({ hits }) => hits.value)
    assert.deepEqual(values, [111, 111, 111])
    assert.deepEqual([...a.tags], [])
  })

  it('is issued again once only, though seals and contacts follow', () => {
    const [a, b, c] = cutOff()
    c.write(1)
    seal(c, a, b)
    comeBack(c, a)
    deliver(a, b, c)
    disconnect(a, c)
    c.write(10)
    seal(c, a, b)
    comeBack(c, a)
    converge(a, b, c)
    assert.equal(a.hits.value, 11)
    assert.equal(c.hits.value, 11)
  })

  it('is issued again, too, where it was written between that end and the next life', () => {
    const [a, b, c] = cutOff()
    c.write(1)
    seal(c, a, b)
    c.renew()
    assert.equal(c.core.status, 'joining')
    c.hits.add(10)
    c.step({ kind: 'local-batch' })
    // And what no batch carries when the next life begins.
    c.hits.add(100)
    connect(c, a)
    deliver(a, c)
    assert.equal(c.core.status, 'active')
    converge(a, c)
    assert.equal(c.hits.value, 111)
    assert.equal(a.hits.value, 111)
  })

  it('leaves users their handles and listeners, whose value never falls', () => {
    const [a, b, c] = cutOff()
    const { hits } = c
    const heard: number[] = []
    using _ended = hits.subscribe(() => heard.push(hits.value))
    c.write(1)
    a.write(1000)
    seal(c, a, b)
    c.renew()
    hits.add(10)
    connect(c, a)
    deliver(a, c)
    assert.equal(hits.value, 1011)
    hits.add(100)
    c.step({ kind: 'local-batch' })
    converge(a, c)
    assert.equal(a.hits.value, 1111)
    assert.deepEqual(heard, [1, 11, 1011, 1111])
  })

  it('waits for what it acted on, and users see the life that is over until all of it is in', () => {
    const [a, b, c, d] = cluster(['a', 'b', 'c', 'd']) as [Replica, Replica, Replica, Replica]
    d.tags.add('x')
    d.step({ kind: 'local-batch' })
    const added = d.said('disseminate')[0]!.batch
    for (const one of [c, d]) for (const other of [a, b]) disconnect(one, other)
    disconnect(c, d)
    c.gossip(added)
    c.tags.delete('x')
    c.step({ kind: 'local-batch' })
    seal(c, a, b, d)
    c.take()
    comeBack(c, a)
    assert.deepEqual(c.said('shown'), [])
    assert.equal(c.core.isWritable, false)
    assert.deepEqual([...c.tags], [])
    c.gossip(added)
    assert.equal(c.said('shown').length, 1)
    assert.equal(c.core.isWritable, true)
    assert.deepEqual([...c.tags], [])
    a.gossip(added)
    assert.deepEqual([...a.tags], ['x'])
    converge(a, c)
    assert.deepEqual([...a.tags], [])
  })

  it('waits for it also where its batch did not name it, for what it named had seen it, and was cut', () => {
    const [a, b, c, d, e] = cluster(['a', 'b', 'c', 'd', 'e']) as Replica[] as Five
    d.tags.add('x')
    d.step({ kind: 'local-batch' })
    const added = d.said('disseminate')[0]!.batch
    for (const [i, one] of [a, b, d, c, e].entries()) {
      for (const other of [a, b, d, c, e].slice(Math.max(i + 1, 2))) disconnect(one, other)
    }
    e.gossip(added)
    const seen = e.write(1)
    c.gossip(added)
    c.gossip(seen)
    c.tags.delete('x')
    c.step({ kind: 'local-batch' })
    const removed = c.said('disseminate').at(-1)!.batch
    assert.deepEqual(decodeBatchHeader(removed).dependencies, [[e.replica, 1]])
    seal(e, a, b, d)
    seal(c, a, b, d)
    comeBack(c, a)
    assert.equal(c.core.isWritable, false)
    c.gossip(added)
    assert.equal(c.core.isWritable, true)
    a.gossip(added)
    assert.deepEqual([...a.tags], ['x'])
    converge(a, c)
    assert.deepEqual([...a.tags], [])
  })
})

describe('what users see', () => {
  it('is counted when the next life is shown in the place of one that is over', () => {
    const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
    const { hits } = c
    disconnect(a, c)
    disconnect(b, c)
    b.gossip(a.write(1))
    seal(c, a, b)
    c.renew()
    connect(c, a)
    group.isDown = true
    deliver(c, a)
    const { progress } = c.core
    assert.equal(hits.value, 0)
    group.isDown = false
    c.contact()
    assert.equal(hits.value, 1)
    assert.ok(c.core.progress > progress)
  })
})

describe('a change of a document that was issued again', () => {
  before(loadAllEngines)

  function change(replica: Replica, title: string): void {
    const page = document({ title: '' })
    const handle = replica.core.visible!.open('page', kindOf(page)).handle() as Local<typeof page>
    handle.change((draft) => {
      draft.title = title
    })
    replica.step({ kind: 'local-batch' })
  }

  it('is not whole where what it builds on is cut, and that is told', () => {
    const [a, b, c, d] = cluster(['a', 'b', 'c', 'd']) as [Replica, Replica, Replica, Replica]
    for (const one of [c, d]) for (const other of [a, b]) disconnect(one, other)
    disconnect(c, d)
    change(d, 'theirs')
    c.gossip(d.said('disseminate')[0]!.batch)
    change(c, 'mine')
    seal(d, a, b)
    seal(c, a, b)
    comeBack(c, a)
    const told = c.said('issued-in-part').map(({ batches }) => batches)
    assert.deepEqual(told, [1])
    assert.equal(c.core.isWritable, true)
  })
})

describe('what is written alone, while the group is out of reach', () => {
  it('goes to nobody, and is issued again by the first life', () => {
    const [a, b] = cluster(['a', 'b'])
    a.write(1000)
    group.isDown = true
    const c = new Replica('c', {}, true)
    c.step({ kind: 'begin-alone', replica: unleasedReplica(7n) })
    assert.equal(c.said('shown').length, 1)
    const { hits } = c
    hits.add(1)
    c.step({ kind: 'local-batch' })
    hits.add(10)
    assert.deepEqual(c.said('disseminate'), [])
    assert.equal(hits.value, 11)
    assert.equal(c.core.isWritable, false)
    group.isDown = false
    c.renew()
    connect(c, a)
    deliver(a, b, c)
    assert.equal(c.core.isWritable, true)
    converge(a, c)
    assert.equal(hits.value, 1011)
    assert.equal(a.hits.value, 1011)
  })

  it('is the beginning of a space that nobody had', () => {
    group.isDown = true
    const a = new Replica('a', {}, true)
    a.step({ kind: 'begin-alone', replica: unleasedReplica(7n) })
    a.hits.add(5)
    group.isDown = false
    a.contact()
    a.contact()
    assert.equal(a.core.isWritable, true)
    assert.equal(a.hits.value, 5)
    const b = new Replica('b', {}, true)
    connect(a, b)
    deliver(a, b)
    assert.equal(b.hits.value, 5)
  })

  it('begins once: who has something goes on with that', () => {
    const [a] = cluster(['a', 'b'])
    a.write(1)
    a.take()
    a.step({ kind: 'begin-alone', replica: unleasedReplica(7n) })
    assert.deepEqual(a.said('shown'), [])
    assert.equal(a.hits.value, 1)
  })
})

describe('an epoch', () => {
  it('is entered with nothing pending: own updates are let out before', () => {
    const [a, b, c] = cutOff()
    a.hits.add(1)
    group.expire(c)
    for (const member of [a, b, a, b]) member.contact()
    group.closeEpoch()
    a.take()
    a.contact()
    assert.equal(a.core.member.replica?.epoch, 1)
    assert.equal(a.said('disseminate').length, 1)
    assert.equal(a.state.pendingUpdates, 0)
    assert.equal(a.hits.value, 1)
  })

  it('is settled when all the others have said that they entered it', () => {
    const [a, b, c, d] = cluster(['a', 'b', 'c', 'd']) as [Replica, Replica, Replica, Replica]
    group.expire(d)
    for (const member of [a, b, c, a, b, c]) member.contact()
    group.closeEpoch()
    disconnect(a, c)
    disconnect(b, c)
    b.contact()
    a.contact()
    b.tick(20)
    deliver(a, b)
    a.contact()
    assert.deepEqual([a.core.member.replica?.epoch, a.state.settledEpoch], [1, 0])
    connect(c, a)
    deliver(a, b, c)
    a.contact()
    assert.equal(a.state.settledEpoch, 1)
  })

  it('is settled without the word of who came later: it had entered it before it wrote', () => {
    const [a, b, c] = cluster(['a', 'b', 'c']) as [Replica, Replica, Replica]
    group.expire(c)
    for (const member of [a, b, a, b]) member.contact()
    group.closeEpoch()
    for (const member of [a, b]) member.contact()
    const late = new Replica('late', {}, true)
    connect(late, b)
    deliver(late, b)
    late.tick(1)
    deliver(late, b)
    assert.equal(late.core.status, 'active')
    disconnect(late, b)
    b.tick(20)
    a.contact()
    deliver(a, b)
    a.contact()
    assert.equal(a.core.member.view?.unsealed.length, 3)
    assert.equal(a.state.settledEpoch, 1)
  })
})
