import assert from 'node:assert/strict'
import { HashComparison } from '#consensus/group/hash-comparison.ts'
import { encodeFrame } from '#consensus/group/message-codec.ts'

const everybody = [1, 2, 3]

describe('A comparison of states', () => {
  it('names whoever differs from most, the leader too', () => {
    const comparison = new HashComparison()
    comparison.add(
      1,
      10,
      new Map([
        [7, 1n],
        [8, 5n],
      ]),
    )
    comparison.add(
      2,
      10,
      new Map([
        [7, 2n],
        [8, 5n],
      ]),
    )
    assert.deepEqual(comparison.take(everybody, 1), [])
    comparison.add(
      3,
      10,
      new Map([
        [7, 2n],
        [8, 5n],
      ]),
    )
    assert.deepEqual(comparison.take(everybody, 1), [{ object: 7, members: [1] }])
  })

  it('names those who differ from the leader where there is no majority', () => {
    const comparison = new HashComparison()
    for (const member of everybody) comparison.add(member, 10, new Map([[7, BigInt(member)]]))
    assert.deepEqual(comparison.take(everybody, 2), [{ object: 7, members: [1, 3] }])
  })

  it('names an object once', () => {
    const comparison = new HashComparison()
    for (const index of [10, 20]) {
      for (const member of everybody) comparison.add(member, index, new Map([[7, BigInt(member)]]))
      assert.equal(comparison.take(everybody, 1).length, index === 10 ? 1 : 0)
    }
  })

  it('gives no say to a member that was not told of an object', () => {
    const comparison = new HashComparison()
    comparison.add(1, 10, new Map([[7, 1n]]))
    comparison.add(2, 10, new Map())
    comparison.add(3, 10, new Map([[7, 1n]]))
    assert.deepEqual(comparison.take(everybody, 1), [])
  })

  it('does not wait for ever for a member that is away', () => {
    const comparison = new HashComparison()
    comparison.add(1, 10, new Map([[7, 1n]]))
    comparison.add(2, 10, new Map([[7, 2n]]))
    for (let i = 0; i < 39; i++) comparison.tick()
    assert.deepEqual(comparison.take(everybody, 1), [])
    comparison.tick()
    assert.deepEqual(comparison.take(everybody, 1), [{ object: 7, members: [2] }])
  })

  it('keeps few checkpoints, whatever a member says', () => {
    const comparison = new HashComparison()
    for (let index = 1; index < 10_000; index++) {
      comparison.add(3, index, new Map([[7, 1n]]))
      comparison.take(everybody, 1)
    }
    comparison.add(1, 9_999, new Map([[7, 2n]]))
    assert.deepEqual(comparison.take([1, 3], 1), [{ object: 7, members: [3] }])
  })

  it('is of hashes that fit into a frame', () => {
    const hashes = new Map(Array.from({ length: 4_096 }, (_, i) => [i, 1n]))
    assert.ok(encodeFrame([{ kind: 'state-hashes', index: 1, hashes }]).length < 64 * 1024)
  })
})
