import { strict as assert } from 'node:assert'
import { connect, deliver, Replica, otherDigest } from './replica.ts'

function pair(): [Replica, Replica] {
  const [a, b] = [new Replica('a'), new Replica('b')]
  connect(a, b)
  deliver(a, b)
  return [a, b]
}

describe('a replica that lacks the engine of what it is sent', () => {
  it('changes nothing, quarantines nothing, and takes it all once the engine is loaded', () => {
    const [a, b] = pair()
    b.state.engineLoaded = false
    const batches = [a.write(1), a.write(10), a.write(100)]
    for (const batch of batches) b.gossip(batch, a)
    assert.equal(b.core.lacksEngine, true)
    assert.equal(b.hits.value, 0)
    assert.equal(b.core.vector.size, 0)
    assert.deepEqual(b.said('quarantined'), [])
    b.state.engineLoaded = true
    b.step({ kind: 'engine-loaded' })
    assert.equal(b.hits.value, 111)
    assert.equal(b.core.lacksEngine, false)
    assert.equal(b.core.usage.heldBatches, 0)
    assert.ok(b.core.vector.equals(a.core.vector))
  })

  it('asks nobody for the same again before that, and then asks them all', () => {
    const [a, b] = pair()
    const c = new Replica('c')
    connect(b, c)
    deliver(a, b, c)
    a.write(1)
    a.write(10)
    b.state.engineLoaded = false
    // A digest brings it to ask once: it cannot know before.
    a.tick(20)
    deliver(a, b, c)
    const { refused } = b.state
    assert.equal(refused > 0, true)
    for (let i = 0; i < 30; i++) {
      for (const replica of [a, b, c]) replica.tick(20)
      assert.equal(b.sent('ask').length, 0)
      deliver(a, b, c)
    }
    assert.equal(b.state.refused, refused)
    b.state.engineLoaded = true
    b.step({ kind: 'engine-loaded' })
    assert.equal(b.sent('ask').length, 2)
    deliver(a, b, c)
    assert.equal(b.hits.value, 11)
    for (const replica of [b, c]) replica.tick(40)
    deliver(a, b, c)
    assert.equal(c.hits.value, 11, 'and serves it to others')
  })

  it('joins a whole state late, too, although the answer ended before', () => {
    const a = new Replica('a', { logBytesMax: 10 })
    const b = new Replica('b')
    for (let i = 0; i < 10; i++) a.write(1)
    b.state.engineLoaded = false
    connect(a, b)
    deliver(a, b)
    assert.equal(b.core.lacksEngine, true)
    assert.equal(b.hits.value, 0)
    b.state.engineLoaded = true
    b.step({ kind: 'engine-loaded' })
    deliver(a, b)
    assert.equal(b.hits.value, 10)
    assert.ok(b.core.vector.equals(a.core.vector))
  })

  it('asks again when the engine comes amid an answer', () => {
    const [a, b] = pair()
    a.write(1)
    b.state.engineLoaded = false
    b.step({ kind: 'message', neighbour: 'a', message: otherDigest })
    a.step({ kind: 'message', neighbour: 'b', message: b.sent('ask')[0]! })
    const answer = a.sent('batches')[0]!
    b.take()
    b.step({ kind: 'message', neighbour: 'a', message: answer })
    b.state.engineLoaded = true
    b.step({ kind: 'engine-loaded' })
    assert.equal(b.hits.value, 1, 'what was held back is taken at once')
    assert.equal(b.sent('ask').length, 0)
    b.step({ kind: 'message', neighbour: 'a', message: { kind: 'answered', more: false } })
    assert.equal(b.sent('ask').length, 1)
  })

  it('keeps a bounded number of batches meanwhile', () => {
    const a = new Replica('a')
    const b = new Replica('b', { heldBatchesMax: 4 })
    connect(a, b)
    deliver(a, b)
    b.state.engineLoaded = false
    for (let i = 0; i < 50; i++) b.gossip(a.write(1), a)
    assert.equal(b.core.usage.heldBatches, 4)
    b.state.engineLoaded = true
    b.step({ kind: 'engine-loaded' })
    deliver(a, b)
    assert.equal(b.hits.value, 50)
  })
})
