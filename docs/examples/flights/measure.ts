import { type Flight, hourOf } from './data.ts'
import { type Figures, delayEdges } from './schema.ts'

type DelayFigures = Figures['delays']

/** How far an estimate may be off, as a share of the exact figure. */
const boundOf = {
  /** Stated by `quantiles()`. */
  quantile: 0.01,
  /** Three standard errors of `distinct()`. */
  distinct: 3 * 0.01625,
  /** Rounding, of a sum of 200,000 in another order. */
  rounding: 1e-9,
} as const

/** One figure that is exact to a stated error only. */
export interface Estimate {
  readonly figure: string
  readonly exact: number
  readonly found: number
  /** How far it may be off, as a share. */
  readonly bound: number
}

/** The distribution of delays, computed in one process from all of them. */
export function measure(flights: readonly Flight[]): DelayFigures {
  const delays = flights.map(({ delay }) => delay).sort((a, b) => a - b)
  const count = delays.length
  const sum = delays.reduce((total, delay) => total + delay, 0)
  const mean = sum / count
  const squares = delays.reduce((total, delay) => total + (delay - mean) ** 2, 0)
  const counts = new Array<number>(delayEdges.length + 1).fill(0)
  for (const delay of delays) counts[delayEdges.filter((edge) => edge <= delay).length]! += 1
  const byHour = new Float64Array(24)
  for (const flight of flights) byHour[Number(hourOf(flight))]! += flight.delay
  const quantile = (q: number): number => delays[Math.floor(q * (count - 1))]!
  return {
    moments: { count, sum, mean, variance: squares / (count - 1) },
    quantiles: { count, p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) },
    spread: { edges: delayEdges, counts },
    byHour,
    distances: new Set(flights.map(({ distance }) => distance)).size,
  }
}

/** What is estimated, beside what is exact. */
export function estimatesOf(expected: DelayFigures, found: DelayFigures): readonly Estimate[] {
  const estimate = (
    figure: string,
    read: (figures: DelayFigures) => number | undefined,
    bound: number,
  ): Estimate => {
    return { figure, exact: read(expected) ?? NaN, found: read(found) ?? NaN, bound }
  }
  return [
    estimate('median delay', ({ quantiles }) => quantiles.p50, boundOf.quantile),
    estimate('90 % are below', ({ quantiles }) => quantiles.p90, boundOf.quantile),
    estimate('99 % are below', ({ quantiles }) => quantiles.p99, boundOf.quantile),
    estimate('mean delay', ({ moments }) => moments.mean, boundOf.rounding),
    estimate('variance', ({ moments }) => moments.variance, boundOf.rounding),
    estimate('different distances', ({ distances }) => distances, boundOf.distinct),
  ]
}

/** Estimates that are further off than they may be. */
export function missedBounds(
  expected: DelayFigures,
  found: DelayFigures,
): readonly { figure: string; expected: string; found: string }[] {
  return estimatesOf(expected, found)
    .filter(({ exact, found, bound }) => !(Math.abs(found - exact) <= bound * Math.abs(exact)))
    .map(({ figure, exact, found }) => {
      return { figure: `delays/${figure}`, expected: `${exact}`, found: `${found}` }
    })
}
