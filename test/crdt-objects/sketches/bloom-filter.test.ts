import assert from 'node:assert/strict'
import {
  BitSet,
  type BloomShape,
  bloomShape,
  estimateItems,
  forEachBit,
} from '#crdt-objects/sketches/bloom-filter.ts'
import { hashOf } from '#crdt-objects/sketches/hash.ts'

function filter(shape: BloomShape, from: number, to: number): BitSet {
  const bits = new BitSet(shape.bits)
  for (let i = from; i < to; i++) {
    forEachBit(hashOf(i), shape, (bit) => {
      bits.add(bit)
    })
  }
  return bits
}

function has(bits: BitSet, shape: BloomShape, item: number): boolean {
  let all = true
  forEachBit(hashOf(item), shape, (bit) => {
    all &&= bits.has(bit)
  })
  return all
}

describe('a Bloom filter', () => {
  for (const error of [0.3, 0.1, 0.01, 0.001]) {
    it(`finds all that is in it, and little else: at most ${error} when full`, () => {
      const capacity = 10_000
      const shape = bloomShape(capacity, error)
      const bits = filter(shape, 0, capacity)
      for (let item = 0; item < capacity; item++) assert.ok(has(bits, shape, item))
      let wrong = 0
      const asked = 200_000
      for (let i = 0; i < asked; i++) if (has(bits, shape, capacity + i)) wrong++
      assert.ok(wrong / asked <= error * 1.1, `${wrong} of ${asked}`)
    })
  }

  it('estimates how many items are in it', () => {
    const shape = bloomShape(10_000, 0.01)
    for (const items of [0, 1, 10, 1_000, 10_000, 20_000]) {
      const off = Math.abs(estimateItems(filter(shape, 0, items).used, shape) - items)
      assert.ok(off <= items * 0.02, `off by ${off} of ${items}`)
    }
    assert.ok(Number.isFinite(estimateItems(shape.bits, shape)))
  })

  it('has more bits and hashes the smaller the error', () => {
    assert.deepEqual(bloomShape(1, 0.5), { bits: 2, hashes: 1 })
    assert.deepEqual(bloomShape(1_000, 0.01), { bits: 10_099, hashes: 7 })
    assert.deepEqual(bloomShape(1_000, 0.0078125), { bits: 10_099, hashes: 7 })
  })

  it('sets different bits for one item, also when its second hash is 0', () => {
    const seen = new Set<number>()
    forEachBit({ high: 5, low: 0 }, { bits: 1_000, hashes: 7 }, (bit) => seen.add(bit))
    assert.equal(seen.size, 6)
  })
})

describe('a set of bits', () => {
  const listed = (bits: BitSet): number[] => {
    const list: number[] = []
    bits.forEach((bit) => list.push(bit))
    return list.sort((a, b) => a - b)
  }

  it('is the same sparse and dense, merged either way', () => {
    const shape = { bits: 10_000, hashes: 1 }
    for (const [left, right] of [
      [20, 40],
      [20, 5_000],
      [5_000, 5_020],
      [5_000, 9_000],
    ] as const) {
      const merged = filter(shape, 0, left)
      merged.merge(filter(shape, left - 10, right))
      const whole = filter(shape, 0, right)
      assert.deepEqual(listed(merged), listed(whole))
      assert.equal(merged.used, whole.used)
      assert.equal(listed(merged).length, merged.used)
      assert.deepEqual(merged.toBytes(), whole.toBytes())
    }
  })

  it('is not touched by what is done to a copy', () => {
    for (const size of [10, 5_000]) {
      const bits = filter({ bits: 10_000, hashes: 1 }, 0, size)
      const before = listed(bits)
      bits.copy().merge(filter({ bits: 10_000, hashes: 1 }, size, 2 * size))
      assert.deepEqual(listed(bits), before)
    }
  })
})
