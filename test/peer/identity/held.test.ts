import { strict as assert } from 'node:assert'
import { packReplica, type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import { BatchShelf } from '#peer/identity/core/batch-shelf.ts'
import { Held } from '#peer/identity/core/held.ts'
import { type Batch } from '#peer/identity/core/member-contract.ts'

const [x, y] = [packReplica(1, 1), packReplica(2, 1)]

class CountedShelf extends BatchShelf<number> {
  looks = 0

  override get(origin: ReplicaId, first: number): Batch<number> | undefined {
    this.looks++
    return super.get(origin, first)
  }
}

function batchOf(
  origin: ReplicaId,
  number: number,
  dependencies: Batch<number>['dependencies'] = [],
): Batch<number> {
  return { origin, first: number, last: number, epoch: 0, dependencies, body: 0, size: 1 }
}

describe('what is held', () => {
  const nothing = new VersionVector()

  it('is staged without a gap, and so is what that builds on', () => {
    const shelf = new BatchShelf<number>()
    const held = new Held(shelf)
    assert.equal(held.with(batchOf(x, 2), nothing), false)
    assert.equal(held.with(batchOf(x, 1), nothing), true)
    for (const number of [1, 3]) shelf.add(batchOf(x, number))
    shelf.add(batchOf(y, 1, [[x, 3]]))
    assert.deepEqual([held.of(x, nothing), held.of(y, nothing)], [1, 0])
    assert.equal(held.with(batchOf(y, 1, [[x, 1]]), nothing), true)
    shelf.add(batchOf(x, 2))
    assert.deepEqual([held.of(x, nothing), held.of(y, nothing)], [3, 1])
  })

  it('goes on from what is applied', () => {
    const shelf = new BatchShelf<number>()
    const held = new Held(shelf)
    shelf.add(batchOf(y, 1, [[x, 2]]))
    assert.equal(held.of(y, nothing), 0)
    assert.equal(held.of(y, new VersionVector(0, [[x, 2]])), 1)
  })

  it('is less again once something staged is dropped', () => {
    const shelf = new BatchShelf<number>()
    const held = new Held(shelf)
    for (const number of [1, 2]) shelf.add(batchOf(x, number))
    shelf.add(batchOf(y, 1, [[x, 2]]))
    assert.equal(held.of(y, nothing), 1)
    shelf.drop(({ last }) => last > 1, x)
    held.forget()
    assert.deepEqual([held.of(x, nothing), held.of(y, nothing)], [1, 0])
  })

  it('takes a few looks for each batch that comes, however many are staged', () => {
    const shelf = new CountedShelf()
    const held = new Held(shelf)
    const count = 2_000
    for (let number = 1; number <= count; number++) {
      for (const batch of [batchOf(x, number), batchOf(y, number, [[x, number]])]) {
        assert.ok(held.with(batch, nothing))
        shelf.add(batch)
      }
    }
    assert.ok(shelf.looks < 20 * count, `${shelf.looks} looks at ${2 * count} batches`)
  })
})
