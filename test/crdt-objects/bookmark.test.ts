import assert from 'node:assert/strict'
import { packReplica, VersionVector } from '@joinery/crdt-objects/engine'
import { decodeBookmark, encodeBookmark } from '#crdt-objects/bookmark.ts'

function seen(): VersionVector {
  return new VersionVector(1, [
    [packReplica(3, 2), 17],
    [packReplica(4, 1), 0],
  ])
}

describe('A bookmark', () => {
  it('stands for what was seen', () => {
    const decoded = decodeBookmark('flights', encodeBookmark('flights', seen()))
    assert.ok(decoded.equals(seen()))
    assert.equal(decodeBookmark('empty', encodeBookmark('empty', new VersionVector())).size, 0)
  })

  it('is a text that survives JSON', () => {
    const bookmark = encodeBookmark('flüge', seen())
    const event = JSON.parse(JSON.stringify({ after: bookmark })) as { after: string }
    assert.ok(decodeBookmark('flüge', event.after).equals(seen()))
  })

  it('of another space, and what is none, is refused', () => {
    const good = encodeBookmark('flights', seen())
    assert.throws(() => decodeBookmark('hotels', good), { code: 'VALUE_INVALID' })
    const others = ['', 'xyz', good.slice(2), good.slice(0, -2), `${good}00`, 7, null, {}, [good]]
    for (const other of others)
      assert.throws(() => decodeBookmark('flights', other), { code: 'VALUE_INVALID' })
  })
})
