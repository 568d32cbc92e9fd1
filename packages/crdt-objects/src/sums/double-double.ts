/**
 * Numbers of about 106 bits, each the unevaluated sum of two doubles: `high` is the whole rounded to a double, `low`
 * what the rounding left. With sums of plain doubles, a variance is the small difference of two large numbers and
 * drowns in their rounding.
 *
 * The algorithms: T. J. Dekker, "A floating-point technique for extending the available precision" (1971); D. E. Knuth,
 * TAOCP 2, 4.2.2; the accurate addition of Li et al., "Design of XBLAS" (2002).
 *
 * Invariant: high + low === high, and both are finite.
 */
export interface DoubleDouble {
  high: number
  low: number
}

/** 2^27 + 1: splits a double into two halves of 26 bits. */
const SPLITTER = 134_217_729

/** Stores the exact sum of two doubles. Beyond the finite numbers it stops at the greatest, equally everywhere. */
function setSum(target: DoubleDouble, a: number, b: number): void {
  const high = a + b
  const bPart = high - a
  const low = a - (high - bPart) + (b - bPart)
  const isFinite = high - high === 0 && low - low === 0
  target.high = isFinite ? high : Math.min(Math.max(high, -Number.MAX_VALUE), Number.MAX_VALUE)
  target.low = isFinite ? low : 0
}

/** Adds `high + low` in place. */
export function add(target: DoubleDouble, high: number, low: number): void {
  const { high: a, low: aLow } = target
  setSum(target, a, high)
  const { high: sum, low: sumLow } = target
  setSum(target, aLow, low)
  const { high: rest, low: restLow } = target
  setSum(target, sum, sumLow + rest)
  setSum(target, target.high, target.low + restLow)
}

/** The exact product of two doubles, unless it is too large or too small to split. */
export function product(a: number, b: number): DoubleDouble {
  const high = a * b
  const aHigh = upperHalf(a)
  const bHigh = upperHalf(b)
  const aLow = a - aHigh
  const bLow = b - bHigh
  const low = aHigh * bHigh - high + aHigh * bLow + aLow * bHigh + aLow * bLow
  return { high, low }
}

function upperHalf(a: number): number {
  const scaled = SPLITTER * a
  return scaled - (scaled - a)
}

/** The product of two such numbers. */
export function times(a: DoubleDouble, b: DoubleDouble): DoubleDouble {
  const result = product(a.high, b.high)
  add(result, a.high * b.low + a.low * b.high, 0)
  return result
}

/** The quotient by a double, as a double. */
export function quotient(dividend: DoubleDouble, divisor: number): number {
  const first = dividend.high / divisor
  const taken = product(first, divisor)
  const rest = { high: dividend.high, low: dividend.low }
  add(rest, -taken.high, -taken.low)
  const second = rest.high / divisor
  return Number.isNaN(second) ? first : first + second
}
