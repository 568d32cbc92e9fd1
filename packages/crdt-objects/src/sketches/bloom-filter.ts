import type { Hash } from './hash.ts'
import { naturalLog } from './natural-log.ts'

/** More bits than this, 2 MiB, are no sketch. */
export const BITS_MAX = 2 ** 24
export const ERROR_MIN = 1e-6
export const ERROR_MAX = 0.5

/** A bit that is kept by its number takes about as much memory as this many that are not. */
const SPARSE_COST = 128

/** How many bits a filter has, and how many of them each item sets. */
export interface BloomShape {
  readonly bits: number
  readonly hashes: number
}

/**
 * The shape for `capacity` items at a rate of false positives of at most `error` (Bloom 1970): k bits an item make the
 * rate 2^-k when half of all bits are set, which n k / ln 2 bits are after n items. k is rounded up, so a filter is a
 * little better than asked for. The arithmetic is exact or rounded the same everywhere: all must agree on the shape.
 */
export function bloomShape(capacity: number, error: number): BloomShape {
  let hashes = 1
  for (let rate = 0.5; rate > error; rate /= 2) hashes++
  return { bits: Math.ceil((capacity * hashes) / Math.LN2), hashes }
}

/**
 * Visits the bits of an item: as good as independent ones, from two hashes (Kirsch, Mitzenmacher 2006). The second one
 * grows by one more each time, or items whose second hash shares a divisor with the size would set few different bits.
 */
export function forEachBit(
  hash: Hash,
  { bits, hashes }: BloomShape,
  visit: (bit: number) => void,
): void {
  let bit = hash.high % bits
  let step = hash.low % bits
  for (let i = 0; i < hashes; i++) {
    visit(bit)
    bit = (bit + step) % bits
    step = (step + i + 1) % bits
  }
}

/** Bits that are only ever set: kept by their numbers while few, and as bytes from then on. */
export class BitSet {
  /** How many bits there are. */
  readonly size: number
  private few: Set<number> | undefined = new Set()
  private all: Uint8Array | undefined
  private set = 0

  constructor(size: number) {
    this.size = size
  }

  /** How many bits are set. */
  get used(): number {
    return this.few?.size ?? this.set
  }

  has(bit: number): boolean {
    if (this.all === undefined) return this.few?.has(bit) === true
    return ((this.all[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0
  }

  add(bit: number): void {
    if (this.few !== undefined) {
      this.few.add(bit)
      if (this.few.size * SPARSE_COST > this.size) this.spread()
    } else if (this.all !== undefined && !this.has(bit)) {
      this.all[bit >>> 3] = (this.all[bit >>> 3] ?? 0) | (1 << (bit & 7))
      this.set++
    }
  }

  private spread(): void {
    const bits = this.few ?? []
    this.all = new Uint8Array(Math.ceil(this.size / 8))
    this.few = undefined
    for (const bit of bits) this.add(bit)
  }

  merge(other: BitSet): void {
    other.forEach((bit) => {
      this.add(bit)
    })
  }

  copy(): BitSet {
    const copy = new BitSet(this.size)
    copy.few = this.few === undefined ? undefined : new Set(this.few)
    copy.all = this.all?.slice()
    copy.set = this.set
    return copy
  }

  /** Visits the bits that are set: sparse ones in no particular order. */
  forEach(visit: (bit: number) => void): void {
    if (this.all === undefined) {
      this.few?.forEach(visit)
      return
    }
    for (let i = 0; i < this.all.length; i++) {
      for (let rest = this.all[i] ?? 0; rest > 0; rest &= rest - 1) {
        visit(i * 8 + 31 - Math.clz32(rest & -rest))
      }
    }
  }

  /** A set from what {@link BitSet.toBytes} gives; `undefined` where bits beyond its size are set. */
  static fromBytes(size: number, bytes: Uint8Array): BitSet | undefined {
    const made = new BitSet(size)
    for (let i = 0; i < bytes.length; i++) {
      for (let rest = bytes[i] ?? 0; rest > 0; rest &= rest - 1) {
        const bit = i * 8 + 31 - Math.clz32(rest & -rest)
        if (bit >= size) return undefined
        made.add(bit)
      }
    }
    return made
  }

  /** A copy as bytes, bit 0 the lowest of the first. */
  toBytes(): Uint8Array {
    const dense = this.copy()
    if (dense.all === undefined) dense.spread()
    return dense.all ?? new Uint8Array(0)
  }
}

/** About how many items set so many bits (Swamidass, Baldi 2007). */
export function estimateItems(used: number, { bits, hashes }: BloomShape): number {
  if (used === 0) return 0
  // A filter with every bit set says nothing: it reads as one bit short of that.
  const clear = Math.max(bits - used, 1)
  return Math.round((-bits / hashes) * naturalLog(clear / bits))
}
