import type { ElementKey } from '../types/element-key.ts'

/**
 * A fixed hash of 64 bits, as two lanes of 32: the language has no 64-bit arithmetic that is fast. Each lane is
 * MurmurHash3 (Appleby 2011, x86, 32 bits) with multipliers of its own; both are stirred together at the end. The same
 * in every engine and for ever: states that are kept and sent depend on it. It tells elements apart by chance and is no
 * protection against somebody who looks for collisions.
 */
export interface Hash {
  /** Unsigned, 32 bits each. */
  readonly high: number
  readonly low: number
}

/** What kind of value was hashed is hashed with it: 1, '1' and true are different elements. */
const TAGS = { string: 1, number: 2, bigint: 3, true: 4, false: 5, null: 6, undefined: 7 } as const

const EIGHT = new DataView(new ArrayBuffer(8))

/** The hash of an element, by its key: equal elements have equal keys. */
export function hashOf(key: ElementKey): Hash {
  switch (typeof key) {
    case 'string':
      return hashText(key, TAGS.string)
    case 'number':
      EIGHT.setFloat64(0, key)
      return finish(stir(stir(begin(TAGS.number), EIGHT.getUint32(0)), EIGHT.getUint32(4)), 2)
    case 'bigint':
      return hashText(key.toString(16), TAGS.bigint)
    default:
      return finish(begin(TAGS[`${key}`]), 0)
  }
}

/** Signed while at work: bitwise operators give signed numbers. */
interface Lanes {
  high: number
  low: number
}

function begin(tag: number): Lanes {
  return { high: Math.imul(tag, 0x239b961b), low: Math.imul(tag, 0x38b34ae5) }
}

function hashText(text: string, tag: number): Hash {
  const lanes = begin(tag)
  const { length } = text
  for (let i = 0; i < length; i += 2) {
    // Two UTF-16 units a word; past the end there is NaN, which counts as 0.
    stir(lanes, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16))
  }
  return finish(lanes, length)
}

/** Takes in one word of 32 bits. */
function stir(lanes: Lanes, word: number): Lanes {
  const first = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593)
  lanes.high = (Math.imul(rotate(lanes.high ^ first, 13), 5) + 0xe6546b64) | 0
  const second = Math.imul(rotate(Math.imul(word, 0xab0e9789), 16), 0xa1e38b93)
  lanes.low = (Math.imul(rotate(lanes.low ^ second, 17), 5) + 0x561ccd1b) | 0
  return lanes
}

function finish(lanes: Lanes, length: number): Hash {
  let high = lanes.high ^ length
  let low = lanes.low ^ length
  high = (high + low) | 0
  low = (low + high) | 0
  high = avalanche(high)
  low = avalanche(low)
  high = (high + low) | 0
  low = (low + high) | 0
  return { high: high >>> 0, low: low >>> 0 }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}

/** Murmur's finalizer: each bit of the word comes to bear on each bit of the result. */
function avalanche(word: number): number {
  let mixed = word
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
