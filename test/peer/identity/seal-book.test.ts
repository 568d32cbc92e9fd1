import { strict as assert } from 'node:assert'
import { packReplica } from '@joinery/crdt-objects/engine'
import { SealBook } from '#peer/identity/core/seal-book.ts'

describe('the book of seals', () => {
  it('holds what did not decode for unsure until the group has another report of it', () => {
    const book = new SealBook()
    const incarnation = packReplica(1, 1)
    const see = (reported: number | undefined): number => {
      book.fence({ incarnation, round: 1, target: 5, reported })
      return book.sure(incarnation)
    }
    assert.deepEqual([see(undefined), see(5)], [0, 5])
    book.doubt(incarnation, 3)
    assert.equal(book.sure(incarnation), 2)
    // A view that the group gave before it heard of that.
    assert.equal(see(5), 2)
    assert.deepEqual([see(2), see(5)], [2, 5])
  })
})
