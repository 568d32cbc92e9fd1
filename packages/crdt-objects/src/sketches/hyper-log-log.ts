import type { Hash } from './hash.ts'

/** Fewest and most bits of a hash that choose the register. */
export const PRECISION_MIN = 4
export const PRECISION_MAX = 18

/** A sparse register takes about as much memory as this many dense ones. */
const SPARSE_COST = 32

/**
 * How many different elements were seen, in a fixed number of small registers (Flajolet, Fusy, Gandouet, Meunier 2007).
 *
 * A hash chooses one of 2^precision registers by its first bits; the register keeps the longest run of zeros that the
 * other bits began with. Long runs are rare, so they tell how many hashes there were. Merging takes the greater of each
 * register: elements seen twice, here or there, count once.
 *
 * Registers are kept by index while few are set, and as one byte each from then on.
 */
export class HyperLogLog {
  readonly precision: number
  private few: Map<number, number> | undefined = new Map()
  private all: Uint8Array | undefined
  /** How many registers are set. */
  used = 0

  constructor(precision: number) {
    this.precision = precision
  }

  /** How many registers there are. */
  get size(): number {
    return 2 ** this.precision
  }

  /** What the register at `index` holds, 0 if it was never set. */
  rank(index: number): number {
    return (this.all === undefined ? this.few?.get(index) : this.all[index]) ?? 0
  }

  /** Raises a register to `rank`, if it is below. */
  raise(index: number, rank: number): void {
    const before = this.rank(index)
    if (rank <= before) return
    if (before === 0) this.used++
    if (this.few === undefined) {
      if (this.all !== undefined) this.all[index] = rank
      return
    }
    this.few.set(index, rank)
    if (this.few.size * SPARSE_COST > this.size) this.spread()
  }

  private spread(): void {
    this.all = new Uint8Array(this.size)
    for (const [index, rank] of this.few ?? []) this.all[index] = rank
    this.few = undefined
  }

  /** Takes in all that another one of the same precision has seen. */
  merge(other: HyperLogLog): void {
    if (other.all !== undefined && this.all === undefined) this.spread()
    other.forEach((index, rank) => {
      this.raise(index, rank)
    })
  }

  copy(): HyperLogLog {
    const copy = new HyperLogLog(this.precision)
    copy.few = this.few === undefined ? undefined : new Map(this.few)
    copy.all = this.all?.slice()
    copy.used = this.used
    return copy
  }

  /** Visits the registers that are set: sparse ones in no particular order. */
  forEach(visit: (index: number, rank: number) => void): void {
    if (this.all === undefined) this.few?.forEach((rank, index) => visit(index, rank))
    else for (let i = 0; i < this.all.length; i++) if (this.all[i]) visit(i, this.all[i] ?? 0)
  }

  /**
   * The estimate of Ertl 2017 ("New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6): one
   * formula from no element to 2^64, with no switch between estimators and no table of corrections. Nothing but sums,
   * products and square roots, which IEEE 754 rounds the same everywhere.
   */
  estimate(): number {
    const { size } = this
    const rankMax = greatestRank(this.precision)
    const registersByRank = new Array<number>(rankMax + 1).fill(0)
    let zeros = size
    this.forEach((_, rank) => {
      registersByRank[rank] = (registersByRank[rank] ?? 0) + 1
      zeros--
    })
    let z = size * tau(1 - (registersByRank[rankMax] ?? 0) / size)
    for (let rank = rankMax - 1; rank > 0; rank--) z = 0.5 * (z + (registersByRank[rank] ?? 0))
    z += size * sigma(zeros / size)
    return (size * size) / (2 * Math.LN2 * z)
  }
}

/** The longest run of zeros there can be, and one. */
export function greatestRank(precision: number): number {
  return 64 - precision + 1
}

/** Which register a hash goes to. */
export function registerOf(hash: Hash, precision: number): number {
  return hash.high >>> (32 - precision)
}

/** One more than the number of zeros that a hash has behind the bits of its register. */
export function rankOf(hash: Hash, precision: number): number {
  const rest = (hash.high << precision) >>> 0
  const zeros = rest === 0 ? 32 - precision + Math.clz32(hash.low) : Math.clz32(rest)
  return zeros + 1
}

/** Ertl's correction for registers that were never set. */
function sigma(share: number): number {
  if (share === 1) return Infinity
  let power = share
  let weight = 1
  let sum = share
  for (let before = -1; before !== sum;) {
    power *= power
    before = sum
    sum += power * weight
    weight += weight
  }
  return sum
}

/** Ertl's correction for registers that can go no further. */
function tau(share: number): number {
  if (share === 0 || share === 1) return 0
  let root = share
  let weight = 1
  let sum = 1 - share
  for (let before = -1; before !== sum;) {
    root = Math.sqrt(root)
    before = sum
    weight *= 0.5
    sum -= (1 - root) ** 2 * weight
  }
  return sum / 3
}
