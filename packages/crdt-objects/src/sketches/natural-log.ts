const EIGHT = new DataView(new ArrayBuffer(8))
/** Odd numbers whose reciprocals are the series' coefficients: enough for the last bit below 0.172. */
const TERMS = [23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3]

/**
 * The natural logarithm of a positive normal number, from sums and products alone. `Math.log` may differ in its last
 * bit from engine to engine, and replicas in different engines must read the same.
 */
export function naturalLog(x: number): number {
  EIGHT.setFloat64(0, x)
  const high = EIGHT.getUint32(0)
  let exponent = (high >>> 20) - 1023
  EIGHT.setUint32(0, (high & 0x000fffff) | 0x3ff00000)
  let fraction = EIGHT.getFloat64(0)
  if (fraction > Math.SQRT2) {
    fraction /= 2
    exponent++
  }
  // ln f = 2 artanh((f - 1) / (f + 1)), and the argument is small: the fraction is within √½ and √2.
  const s = (fraction - 1) / (fraction + 1)
  const square = s * s
  let series = 0
  for (const odd of TERMS) series = (series + 1 / odd) * square
  return exponent * Math.LN2 + 2 * s * (1 + series)
}
