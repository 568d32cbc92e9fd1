import assert from 'node:assert/strict'
import { type Hash, hashOf } from '#crdt-objects/sketches/hash.ts'
import { elementKey } from '#crdt-objects/types/element-key.ts'

const hash = (value: unknown): Hash => hashOf(elementKey(value))
const hex = (value: unknown): string => {
  const { high, low } = hash(value)
  return [high, low].map((lane) => lane.toString(16).padStart(8, '0')).join('')
}

/** How many bits two hashes differ in. */
function distance(a: Hash, b: Hash): number {
  const ones = (word: number): number => word.toString(2).replaceAll('0', '').length
  return ones((a.high ^ b.high) >>> 0) + ones((a.low ^ b.low) >>> 0)
}

describe('the hash of elements', () => {
  it('never changes: states that are kept depend on it', () => {
    const hexByElement = new Map<unknown, string>([
      ['', '090c5e40e390a76d'],
      ['a', '8cd8ad7d1ca6c6f0'],
      ['joinery', '0b90506472b274ce'],
      ['é😀', 'c42c2946e5da4390'],
      [0, '113c39910b3da4f9'],
      [1, '28d3e61697decaf7'],
      [-1.5, 'a5d75768aff75a4d'],
      [true, '6509d2a19e33cb78'],
      [false, 'ae37a7c722236b5f'],
      [null, '07fb7dee98e9101b'],
      [undefined, '1f451dd9e4ec247d'],
      [7n, '823e1cefa31f1449'],
      [{ x: 1, y: [2] }, '1cf8c0af97a02d2c'],
    ])
    for (const [element, expected] of hexByElement) assert.equal(hex(element), expected)
  })

  it('is equal for elements that are equal by structure, and for both zeros', () => {
    assert.equal(hex({ x: 1, y: [2] }), hex({ y: [2], x: 1 }))
    assert.equal(hex(0), hex(-0))
  })

  it('tells apart what only looks alike', () => {
    const alike = [1, '1', 1n, true, 'true', null, 'null', undefined, '', [], {}, '\0', '\0\0', [1]]
    assert.equal(new Set(alike.map(hex)).size, alike.length)
  })

  it('has no collision among two million small integers and words', () => {
    const seen = new Set<number>()
    let doubles = 0
    for (let i = 0; i < 1_000_000; i++) {
      for (const { high, low } of [hashOf(i), hashOf(`w${i}`)]) {
        // 53 bits are what a number of the language keeps apart.
        const key = (high & 0x1fffff) * 2 ** 32 + low
        if (seen.has(key)) doubles++
        seen.add(key)
      }
    }
    assert.equal(doubles, 0)
  })

  it('changes half of all bits when one bit of the input changes', () => {
    let sum = 0
    let least = 64
    let count = 0
    for (let i = 0; i < 2_000; i++) {
      for (let bit = 0; bit < 20; bit++) {
        const apart = distance(hashOf(`k${i}`), hashOf(`k${i ^ (1 << bit)}`))
        sum += apart
        least = Math.min(least, apart)
        count++
      }
    }
    assert.ok(Math.abs(sum / count - 32) < 0.2, `${sum / count} bits on average`)
    assert.ok(least >= 8, `${least} bits at least`)
  })

  it('spreads each bit of both lanes evenly', () => {
    const ones = new Array<number>(64).fill(0)
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      const { high, low } = hashOf(i)
      for (let bit = 0; bit < 32; bit++) {
        ones[bit]! += (high >>> bit) & 1
        ones[32 + bit]! += (low >>> bit) & 1
      }
    }
    // Five standard deviations.
    for (const count of ones) assert.ok(Math.abs(count - draws / 2) < 5 * Math.sqrt(draws / 4))
  })
})
