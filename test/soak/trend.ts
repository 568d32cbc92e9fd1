/*
 * Whether a series of samples grows, told by statistics that a few wild samples do not move: the median of the slopes
 * between all pairs (Theil and Sen), and the test of Mann and Kendall of whether later samples are greater than earlier
 * ones more often than by chance.
 */
import { median } from '#test/bench/figure.ts'

/** A sample and when it was taken. */
export interface Sample {
  readonly atMs: number
  readonly value: number
}

/** How a series goes. */
export interface Trend {
  readonly median: number
  /** From the first sample to the last, by the slope. */
  readonly growth: number
  readonly growthPerHour: number
  /** How likely it is that samples without a trend rise as much as these. */
  readonly chance: number
}

/** How much a series may grow. */
export interface Allowance {
  /** Whatever its size. */
  readonly amount: number
  /** Of its median. */
  readonly part: number
}

const chanceMax = 0.01
const hourMs = 3_600_000

/** The trend of three samples or more. */
export function trendOf(samples: readonly Sample[]): Trend {
  const slopes: number[] = []
  let rises = 0
  for (const [i, earlier] of samples.entries()) {
    for (const later of samples.slice(i + 1)) {
      slopes.push((later.value - earlier.value) / (later.atMs - earlier.atMs))
      rises += Math.sign(later.value - earlier.value)
    }
  }
  const slope = median(slopes)
  const spanMs = (samples.at(-1)?.atMs ?? NaN) - (samples[0]?.atMs ?? NaN)
  return {
    median: median(samples.map(({ value }) => value)),
    growth: slope * spanMs,
    growthPerHour: slope * hourMs,
    chance: chanceOf(rises, samples),
  }
}

/** Whether it grows, and by more than is allowed. */
export function grows(trend: Trend, { amount, part }: Allowance): boolean {
  const allowed = Math.max(amount, part * trend.median)
  return trend.chance < chanceMax && trend.growth > allowed
}

/** The chance of so many rises or more, by the normal distribution, with equal samples taken into account. */
function chanceOf(rises: number, samples: readonly Sample[]): number {
  const n = samples.length
  const countByValue = new Map<number, number>()
  for (const { value } of samples) countByValue.set(value, (countByValue.get(value) ?? 0) + 1)
  const weight = (count: number): number => count * (count - 1) * (2 * count + 5)
  const ties = [...countByValue.values()].reduce((sum, count) => sum + weight(count), 0)
  const deviation = Math.sqrt((weight(n) - ties) / 18)
  if (rises <= 0 || deviation === 0) return 1
  return upperTail((rises - 1) / deviation)
}

/** Of the standard normal distribution (Abramowitz and Stegun 26.2.17; its error is below 10^-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z)
  const coefficients = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429]
  const sum = coefficients.reduce((total, each, power) => total + each * t ** (power + 1), 0)
  return (Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI)) * sum
}
