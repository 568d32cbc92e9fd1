import { naturalLog } from './natural-log.ts'

/** The least and the greatest relative error that buckets are made for. */
export const ERROR_MIN = 0.001
export const ERROR_MAX = 0.5

/** Smaller sizes have no full precision, and count as zero. */
const SIZE_MIN = 2.2250738585072014e-308
/** What lies between the codes of negative and positive buckets: more than any bucket's number. */
const OFFSET = 2 ** 20

/**
 * The buckets of DDSketch (Masson, Rim, Lee 2019): bucket i holds the sizes from γ^(i-1) to γ^i, γ = (1 + α) / (1 - α),
 * so that the value in its middle is within the share α of each of them. A bucket goes by its code: numbers that are in
 * the order of the values, 0 for zero.
 */
export class LogScale {
  /** α: how far a quantile may be from the exact one, as a share of it. */
  readonly error: number
  private readonly logGamma: number
  /** γ to the powers of two. By products alone: `**` may differ from engine to engine. */
  private readonly squares: number[] = []
  private readonly middle: number

  constructor(error: number) {
    this.error = error
    const gamma = (1 + error) / (1 - error)
    this.logGamma = naturalLog(gamma)
    this.middle = (2 * gamma) / (gamma + 1)
    for (let square = gamma; square < Infinity; square *= square) this.squares.push(square)
  }

  /** The greatest code, and with a minus the least. */
  get codeMax(): number {
    return this.codeOf(Number.MAX_VALUE)
  }

  codeOf(sample: number): number {
    const size = Math.abs(sample)
    if (size < SIZE_MIN) return 0
    const bucket = Math.ceil(naturalLog(size) / this.logGamma)
    return sample < 0 ? -(OFFSET + bucket) : OFFSET + bucket
  }

  /** Whether a bucket can have this code. */
  isCode(code: number): boolean {
    if (code === 0) return true
    const size = Math.abs(code)
    return Number.isInteger(code) && size >= this.codeOf(SIZE_MIN) && size <= this.codeMax
  }

  /** The value that stands for a bucket. */
  valueOf(code: number): number {
    if (code === 0) return 0
    const size = Math.min(this.power(Math.abs(code) - OFFSET - 1) * this.middle, Number.MAX_VALUE)
    return code < 0 ? -size : size
  }

  private power(exponent: number): number {
    let power = 1
    let rest = Math.abs(exponent)
    for (const square of this.squares) {
      if (rest % 2 === 1) power *= square
      rest = Math.floor(rest / 2)
    }
    return exponent < 0 ? 1 / power : power
  }
}

/** How many samples fell into each bucket. Merging adds; nothing is ever collapsed, so no bound is ever lost. */
export class LogBuckets {
  /** By code. Invariant: every count is a whole number above 0. */
  readonly counts = new Map<number, number>()
  /** How many samples there are in all. */
  total = 0

  add(code: number, count: number): void {
    this.counts.set(code, bounded((this.counts.get(code) ?? 0) + count))
    this.total = bounded(this.total + count)
  }

  merge(other: LogBuckets): void {
    for (const [code, count] of other.counts) this.add(code, count)
  }

  copy(): LogBuckets {
    const copy = new LogBuckets()
    copy.merge(this)
    return copy
  }

  /** What is here and not in `base`, which came before. */
  without(base: LogBuckets): LogBuckets {
    const rest = new LogBuckets()
    for (const [code, count] of this.counts) {
      const left = count - (base.counts.get(code) ?? 0)
      if (left > 0) rest.add(code, left)
    }
    return rest
  }

  /** Codes and counts in the order of the values. */
  sorted(): (readonly [code: number, count: number])[] {
    return [...this.counts].sort(([a], [b]) => a - b)
  }
}

/** Counts stay exact integers; only forged ones come near. */
function bounded(count: number): number {
  return Math.min(count, Number.MAX_SAFE_INTEGER)
}

/**
 * The code of the bucket with the sample of rank ⌊q (n - 1)⌋, counted from 0: the lower quantile.
 *
 * @param sorted what {@link LogBuckets.sorted} gives
 */
export function quantileCode(
  sorted: readonly (readonly [code: number, count: number])[],
  total: number,
  q: number,
): number | undefined {
  const rank = Math.floor(q * (total - 1))
  let below = 0
  for (const [code, count] of sorted) {
    below += count
    if (below > rank) return code
  }
  return sorted.at(-1)?.[0]
}
