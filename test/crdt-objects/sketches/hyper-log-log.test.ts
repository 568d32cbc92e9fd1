import assert from 'node:assert/strict'
import { hashOf } from '#crdt-objects/sketches/hash.ts'
import {
  HyperLogLog,
  PRECISION_MAX,
  greatestRank,
  rankOf,
  registerOf,
} from '#crdt-objects/sketches/hyper-log-log.ts'

function sketch(precision: number, from: number, to: number): HyperLogLog {
  const made = new HyperLogLog(precision)
  for (let i = from; i < to; i++) {
    const hash = hashOf(i)
    made.raise(registerOf(hash, precision), rankOf(hash, precision))
  }
  return made
}

const registersOf = (made: HyperLogLog): number[] =>
  Array.from({ length: made.size }, (_, index) => made.rank(index))

describe('HyperLogLog', () => {
  it('estimates within four standard errors at every size and precision', () => {
    for (const precision of [8, 12, 16]) {
      const made = new HyperLogLog(precision)
      const allowed = (4 * 1.04) / Math.sqrt(made.size)
      let check = 1
      for (let i = 1; i <= 300_000; i++) {
        const hash = hashOf(i)
        made.raise(registerOf(hash, precision), rankOf(hash, precision))
        if (i < check) continue
        check = Math.ceil(check * 1.5)
        // Small numbers are near exact, but for elements that share a register.
        const off = Math.abs(made.estimate() - i)
        assert.ok(off <= Math.max(allowed * i, 1), `2^${precision}: off by ${off} at ${i}`)
      }
    }
  })

  it('has seen nothing at first', () => {
    assert.equal(new HyperLogLog(12).estimate(), 0)
  })

  it('gives a finite estimate however far its registers are', () => {
    const made = new HyperLogLog(4)
    for (let i = 0; i < made.size; i++) made.raise(i, greatestRank(4) - 1)
    assert.ok(Number.isFinite(made.estimate()))
    assert.ok(made.estimate() > 2 ** 60)
  })

  it('takes a register from the first bits of a hash and a rank from the others', () => {
    assert.equal(registerOf({ high: 0x80000000, low: 0 }, 4), 8)
    assert.equal(rankOf({ high: 0x88000000, low: 0 }, 4), 1)
    assert.equal(rankOf({ high: 0xf0000000, low: 0x80000000 }, 4), 29)
    assert.equal(rankOf({ high: 0, low: 0 }, 4), greatestRank(4))
    assert.equal(rankOf({ high: 1, low: 0 }, PRECISION_MAX), 14)
  })

  it('merges sparse and dense, either way, to what one sketch of all would be', () => {
    for (const [left, right] of [
      [20, 40],
      [20, 5_000],
      [5_000, 5_020],
      [5_000, 9_000],
    ] as const) {
      const merged = sketch(12, 0, left)
      merged.merge(sketch(12, left - 10, right))
      assert.deepEqual(registersOf(merged), registersOf(sketch(12, 0, right)))
      assert.equal(merged.used, registersOf(merged).filter((rank) => rank > 0).length)
    }
  })

  it('is not touched by what is done to a copy', () => {
    for (const size of [10, 5_000]) {
      const made = sketch(12, 0, size)
      const before = registersOf(made)
      made.copy().merge(sketch(12, size, 2 * size))
      assert.deepEqual(registersOf(made), before)
    }
  })
})
