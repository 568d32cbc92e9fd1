import { strict as assert } from 'node:assert'
import { packReplica } from '@joinery/crdt-objects/engine'
import { SlotVector } from '#peer/identity/core/slot-vector.ts'

describe('a vector of slots', () => {
  const [first, second, third] = [packReplica(3, 1), packReplica(3, 2), packReplica(3, 3)]

  it('has one entry for all lives of a slot, and a sealed one stands for those before it too', () => {
    const vector = new SlotVector()
    vector.set(first, 5)
    assert.ok(
      vector.covers(first, 5) && !vector.covers(first, 6) && !vector.covers(first, 'sealed'),
    )
    vector.set(first, 'sealed')
    assert.ok(vector.covers(first, 1_000) && vector.covers(first, 'sealed'))
    vector.set(second, 2)
    assert.equal(vector.size, 1)
    assert.deepEqual(
      [vector.reach(first), vector.reach(second), vector.reach(third)],
      [...['sealed', 2, 0]],
    )
  })

  it('lets a life begin once its predecessor is sealed, and not when it is merely seen', () => {
    const vector = new SlotVector()
    assert.ok(vector.isNext(first, 1) && !vector.isNext(second, 1))
    vector.set(first, 7)
    assert.ok(vector.isNext(first, 8) && !vector.isNext(second, 1))
    vector.set(first, 'sealed')
    assert.ok(vector.isNext(second, 1) && !vector.isNext(third, 1))
  })

  it('joins by the entry that covers the other', () => {
    const [vector, other] = [new SlotVector(), new SlotVector()]
    vector.set(first, 'sealed')
    other.set(first, 9)
    vector.merge(other)
    assert.equal(vector.reach(first), 'sealed')
    other.set(second, 1)
    vector.merge(other)
    assert.ok(vector.coversAll(other) && vector.reach(second) === 1)
  })
})
