import { strict as assert } from 'node:assert'
import { connect, deliver, disconnect, otherDigest, Replica, somebody } from './replica.ts'

const everything = 2 ** 30

function pair(): [Replica, Replica] {
  const [a, b] = [new Replica('a'), new Replica('b')]
  connect(a, b)
  deliver(a, b)
  return [a, b]
}

describe('what is written', () => {
  it('is out before it is booked, and booked for whoever looks or asks', () => {
    const [a, b] = pair()
    const looked = a.write(1)
    assert.equal(a.core.ownLast, 1)
    assert.equal(a.core.usage.logBytes, looked.length)
    const asked = a.write(10)
    disconnect(a, b)
    connect(a, b)
    deliver(a, b)
    assert.equal(b.hits.value, 11)
    assert.equal(a.core.usage.logBytes, looked.length + asked.length)
  })

  it('is booked as it was made: each batch with what it came after', () => {
    const [a, b] = pair()
    b.gossip(a.write(1), a)
    b.write(10)
    a.gossip(b.write(100), b)
    a.tick()
    deliver(a, b)
    assert.equal(a.hits.value, 111)
    assert.ok(a.core.vector.equals(b.core.vector))
  })
})

describe('a replica that gossip serves badly', () => {
  it('asks, a tick later, for what a gap shows to be missing', () => {
    const [a, b] = pair()
    a.write(1)
    const second = a.write(10)
    b.gossip(second, a)
    assert.equal(b.hits.value, 0, 'held back')
    assert.equal(b.sent('ask').length, 0, 'it may be a reordering')
    b.tick()
    assert.equal(b.sent('ask').length, 1)
    deliver(a, b)
    assert.equal(b.hits.value, 11)
    assert.equal(b.core.usage.heldBatches, 0)
  })

  it('asks nobody when batches came in another order only', () => {
    const [a, b] = pair()
    const batches = [a.write(1), a.write(10), a.write(100)]
    for (const batch of batches.reverse()) b.gossip(batch, a)
    b.tick(3)
    assert.equal(b.hits.value, 111)
    assert.deepEqual(b.sent('ask'), [])
  })

  it('shows nothing before what its author had seen', () => {
    const [a, b, c] = [new Replica('a'), new Replica('b'), new Replica('c')]
    a.tags.add('draft')
    a.step({ kind: 'local-batch' })
    const added = a.said('disseminate')[0]!.batch
    b.gossip(added)
    b.tags.delete('draft')
    b.step({ kind: 'local-batch' })
    const removed = b.said('disseminate')[0]!.batch
    c.gossip(removed)
    assert.equal(c.core.vector.size, 0)
    c.gossip(added)
    assert.deepEqual([...c.tags], [])
    assert.ok(c.core.vector.equals(b.core.vector))
  })

  it('takes a batch once, however often and late it comes', () => {
    const [a, b] = pair()
    const batches = [a.write(1), a.write(10), a.write(100)]
    for (const batch of [...batches, ...batches, batches[0]!]) b.gossip(batch, a)
    assert.equal(b.hits.value, 111)
    assert.ok(b.core.vector.equals(a.core.vector))
    assert.deepEqual(b.said('quarantined'), [])
  })

  it('keeps no more than its bounds of what came too early, and fetches the rest', () => {
    const a = new Replica('a')
    const b = new Replica('b', { heldBatchesMax: 3 })
    connect(a, b)
    deliver(a, b)
    const batches = Array.from({ length: 10 }, () => a.write(1))
    for (const batch of batches.slice(1)) b.gossip(batch, a)
    assert.equal(b.core.usage.heldBatches, 3)
    b.tick()
    deliver(a, b)
    assert.equal(b.hits.value, 10)
  })

  it('finds by a digest what no gap shows', () => {
    const [a, b] = pair()
    a.write(5)
    b.tick(19)
    assert.equal(b.sent('digest').length, 0)
    b.tick()
    deliver(a, b)
    assert.equal(b.hits.value, 5)
  })

  it('fetches a batch too large for gossip, in parts', () => {
    const limits = { gossipBytesMax: 100, messageBytesMax: 64 }
    const [a, b] = [new Replica('a', limits), new Replica('b', limits)]
    connect(a, b)
    deliver(a, b)
    b.write(1)
    a.step({ kind: 'message', neighbour: 'b', message: { kind: 'answered', more: false } })
    for (let i = 0; i < 30; i++) a.tags.add(`a tag of some length ${i}`)
    a.step({ kind: 'local-batch' })
    assert.equal(a.said('disseminate').length, 0)
    const [announcement] = a.said('announce')
    assert.ok(announcement)
    b.step({ ...announcement, kind: 'announced', from: 'a' })
    deliver(a, b)
    assert.equal(b.tags.size, 30)
  })

  it('sets aside what does not decode, and goes on', () => {
    const [a, b] = pair()
    const batch = a.write(1)
    b.gossip(batch.slice(0, -1), a)
    assert.equal(b.said('quarantined').length, 1)
    assert.equal(b.core.vector.size, 0)
    b.gossip(batch, a)
    assert.equal(b.hits.value, 1)
  })
})

describe('a channel', () => {
  it('that broke is forgotten: what was on its way is sent again', () => {
    const [a, b] = pair()
    a.write(1)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    for (const { message } of b.said('send')) a.step({ kind: 'message', neighbour: 'b', message })
    assert.equal(a.sent('batches').length, 1)
    disconnect(a, b)
    connect(a, b)
    deliver(a, b)
    assert.equal(b.hits.value, 1)
  })

  it('that only the asker saw break is forgotten by the answerer too', () => {
    const [a, b] = pair()
    a.write(1)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    for (const { message } of b.take().filter((e) => e.kind === 'send')) {
      a.step({ kind: 'message', neighbour: 'b', message })
    }
    a.take()
    b.step({ kind: 'neighbour-down', neighbour: 'a' })
    b.step({ kind: 'neighbour-up', neighbour: 'a' })
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    deliver(a, b)
    assert.equal(b.hits.value, 1)
  })

  it('carries no batch twice when an ask is made again before its answer came', () => {
    const [a, b] = pair()
    a.write(1)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    b.tick(30)
    assert.equal(b.sent('ask').length, 2)
    for (const { message } of b.take().filter((e) => e.kind === 'send')) {
      a.step({ kind: 'message', neighbour: 'b', message })
    }
    assert.equal(a.sent('batches').length, 1)
    assert.equal(a.sent('answered').length, 2)
    deliver(a, b)
    assert.equal(b.hits.value, 1)
  })

  it('carries again what the asker had to drop', () => {
    const [a, b] = pair()
    a.write(1)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    const asks = b.take().filter((effect) => effect.kind === 'send')
    for (const { message } of asks) a.step({ kind: 'message', neighbour: 'b', message })
    for (const effect of a.take()) {
      if (effect.kind !== 'send' || effect.message.kind === 'batches') continue
      b.step({ kind: 'message', neighbour: 'a', message: effect.message })
    }
    assert.equal(b.hits.value, 0)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    deliver(a, b)
    assert.equal(b.hits.value, 1)
  })

  it('takes a long answer in turns', () => {
    const a = new Replica('a', { answerBytesMax: 200 })
    const b = new Replica('b')
    a.gossip(b.write(0.5 * 2))
    for (let i = 0; i < 50; i++) a.write(1)
    connect(a, b)
    assert.ok(deliver(a, b) > 20)
    assert.equal(b.hits.value, 51)
  })

  it('that brings a batch which does not decode brings a state next, and no endless repeat', () => {
    const limits = { answerBytesMax: 150, messageBytesMax: 100 }
    const [a, b] = [new Replica('a', limits), new Replica('b', limits)]
    connect(a, b)
    deliver(a, b)
    b.gossip(a.write(1))
    for (let i = 0; i < 20; i++) a.write(1)
    const digest = otherDigest
    b.step({ kind: 'message', neighbour: 'a', message: digest })
    for (const { message } of b.take().filter((e) => e.kind === 'send')) {
      a.step({ kind: 'message', neighbour: 'b', message })
    }
    for (const { message } of a.take().filter((e) => e.kind === 'send')) {
      const isBatches = message.kind === 'batches'
      const cut = isBatches ? message.batches.map((batch) => batch.slice(0, -1)) : []
      const seen = isBatches ? { ...message, batches: cut } : message
      b.step({ kind: 'message', neighbour: 'a', message: seen })
    }
    assert.ok(b.said('quarantined').length > 0)
    assert.equal(b.sent('ask').length, 0, 'the same again would bring the same again')
    b.step({ kind: 'message', neighbour: 'a', message: digest })
    for (const { message } of b.said('send')) a.step({ kind: 'message', neighbour: 'b', message })
    assert.equal(a.sent('batches').length, 0)
    deliver(a, b)
    assert.equal(b.hits.value, 21)
  })

  it('to a neighbour that is not up is no channel', () => {
    const b = new Replica('b')
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    assert.deepEqual(
      b.take().map((effect) => effect.kind),
      ['ignored'],
    )
  })
})

describe('a joiner', () => {
  it('gets a state, not history, and the updates that its giver had not sealed', () => {
    const [a, b] = [new Replica('a', { messageBytesMax: 100 }), new Replica('b', {}, true)]
    for (let i = 0; i < 50; i++) a.write(1)
    a.hits.add(7)
    assert.equal(b.core.visible, undefined, 'a joiner shows nothing')
    connect(a, b)
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    for (const { message } of b.take().filter((effect) => effect.kind === 'send')) {
      a.step({ kind: 'message', neighbour: 'b', message })
    }
    assert.equal(a.sent('batches').length, 0)
    assert.ok(a.sent('piece').length > 0)
    assert.ok(a.sent('piece').every(({ use }) => use === 'snapshot'))
    deliver(a, b)
    assert.equal(b.core.status, 'active')
    assert.equal(b.hits.value, 57)
    b.gossip(a.write(1))
    assert.equal(b.hits.value, 58)
  })

  it('asks a member for its state, and another when that has none to give', () => {
    const a = new Replica('a')
    const [b, c] = [new Replica('b', {}, true), new Replica('c', {}, true)]
    a.write(3)
    connect(b, c)
    deliver(b, c)
    b.tick(40)
    deliver(b, c)
    assert.equal(b.core.visible, undefined, 'nobody here has one')
    connect(a, b)
    deliver(a, b, c)
    assert.equal(b.hits.value, 3)
    c.tick()
    deliver(b, c)
    assert.equal(c.hits.value, 3)
  })

  it('that lacks more than the log has gets a state too, and keeps what it wrote', () => {
    const [a, b] = [new Replica('a', { logBytesMax: 300 }), new Replica('b')]
    b.gossip(a.write(1))
    for (let i = 0; i < 50; i++) a.write(1)
    b.write(1000)
    connect(a, b)
    deliver(a, b)
    assert.equal(a.hits.value, 1051)
    assert.equal(b.hits.value, 1051)
  })

  it('shows what was held back as soon as a state frees it', () => {
    const [a, b] = [new Replica('a', { logBytesMax: 0 }), new Replica('b')]
    a.write(1)
    connect(a, b)
    const state = a.take()
    b.gossip(a.write(10))
    deliver(a, b)
    assert.ok(state.length > 0)
    assert.equal(b.hits.value, 11)
    assert.equal(b.core.usage.heldBatches, 0)
  })
})

describe('a flush', () => {
  it('to one peer resolves at once', () => {
    const a = new Replica('a')
    a.hits.add(1)
    a.step({ kind: 'flush', id: 1, replicas: 1 })
    assert.deepEqual(a.said('flushed'), [{ kind: 'flushed', id: 1, replicas: 1 }])
    assert.equal(a.said('disseminate').length, 1, 'it seals first')
  })

  it('resolves when enough neighbours hold it, and brings it to them when gossip does not', () => {
    const [a, b] = pair()
    a.hits.add(1)
    a.step({ kind: 'flush', id: 1, replicas: 2 })
    deliver(a, b)
    assert.deepEqual(a.said('flushed'), [])
    b.tick()
    deliver(a, b)
    assert.deepEqual(a.said('flushed'), [{ kind: 'flushed', id: 1, replicas: 2 }])
    assert.equal(b.hits.value, 1)
  })

  it('resolves when a neighbour that holds nothing yet gets it by gossip', () => {
    const [a, b] = pair()
    a.hits.add(1)
    a.step({ kind: 'flush', id: 1, replicas: 2 })
    deliver(a, b)
    b.gossip(a.said('disseminate')[0]!.batch)
    deliver(a, b)
    assert.equal(a.said('flushed').length, 1)
  })

  it('counts a keeper that has said so, though its channel broke since', () => {
    const [a, b, c] = [new Replica('a'), new Replica('b'), new Replica('c')]
    connect(a, b)
    deliver(a, b)
    b.gossip(a.write(1))
    a.step({ kind: 'flush', id: 1, replicas: 3 })
    deliver(a, b)
    assert.deepEqual(a.said('flushed'), [])
    disconnect(a, b)
    connect(a, c)
    deliver(a, c)
    assert.equal(c.hits.value, 1)
    assert.deepEqual(a.said('flushed'), [{ kind: 'flushed', id: 1, replicas: 3 }])
  })

  it('that was cancelled never resolves', () => {
    const [a, b] = pair()
    a.hits.add(1)
    a.step({ kind: 'flush', id: 1, replicas: 2 })
    a.step({ kind: 'flush-cancel', id: 1 })
    b.gossip(a.said('disseminate')[0]!.batch)
    deliver(a, b)
    assert.deepEqual(a.said('flushed'), [])
  })

  it('is not resolved by a neighbour that claims what was never written', () => {
    const [a] = pair()
    a.hits.add(1)
    a.step({ kind: 'flush', id: 1, replicas: 2 })
    const held = { origin: a.replica, last: everything }
    const claim = { kind: 'held', speaker: somebody, ...held } as const
    a.step({ kind: 'message', neighbour: 'b', message: claim })
    assert.deepEqual(a.said('flushed'), [])
    assert.equal(a.said('ignored').length, 1)
  })

  it('is held when its neighbour had no room for each of its probes: it is told of the last', () => {
    const [a, b] = [new Replica('a'), new Replica('b', { probesMax: 1, wantTicks: 0 })]
    connect(a, b)
    deliver(a, b)
    for (const id of [1, 2, 3]) {
      a.hits.add(1)
      a.step({ kind: 'flush', id, replicas: 2 })
    }
    const batches = a.said('disseminate').map(({ batch }) => batch)
    deliver(a, b)
    assert.deepEqual([a.said('flushed'), b.said('ignored')], [[], []])
    for (const batch of batches) b.gossip(batch)
    deliver(a, b)
    assert.equal(a.said('flushed').length, 3)
  })
})
