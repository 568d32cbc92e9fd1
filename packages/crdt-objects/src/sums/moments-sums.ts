import type { BatchReader } from '../codec/batch-reader.ts'
import type { Contribution } from '../state/contributions.ts'
import type { DoubleDouble } from './double-double.ts'
import { add, product, quotient, times } from './double-double.ts'

/** How many samples, their sum, and the sum of their squares. */
export interface MomentsSums {
  count: number
  readonly sum: DoubleDouble
  readonly squares: DoubleDouble
}

/** What samples come to. */
export interface MomentsValue {
  readonly count: number
  readonly sum: number
  /** Absent while there is no sample. */
  readonly mean: number | undefined
  /** Of the sample: the sum of squared distances from the mean, by one less than the count. Absent below two samples. */
  readonly variance: number | undefined
}

/** Beyond, a square is no finite number. */
export const SAMPLE_MAX = Math.sqrt(Number.MAX_VALUE)

function zero(): MomentsSums {
  return { count: 0, sum: { high: 0, low: 0 }, squares: { high: 0, low: 0 } }
}

/** Adds one sample, which must be at most SAMPLE_MAX either way. */
export function record(target: MomentsSums, sample: number): void {
  const square = product(sample, sample)
  target.count++
  add(target.sum, sample, 0)
  add(target.squares, square.high, square.low)
}

function merge(target: MomentsSums, other: MomentsSums, sign: 1 | -1): void {
  const count = target.count + sign * other.count
  target.count = Math.min(Math.max(count, 0), Number.MAX_SAFE_INTEGER)
  add(target.sum, sign * other.sum.high, sign * other.sum.low)
  add(target.squares, sign * other.squares.high, sign * other.squares.low)
}

function copy({ count, sum, squares }: MomentsSums): MomentsSums {
  return { count, sum: { ...sum }, squares: { ...squares } }
}

/** Moments as what replicas contribute. */
export const MOMENTS: Contribution<MomentsSums> = {
  zero,
  copy,
  add: (target, increment) => {
    merge(target, increment, 1)
  },
  subtract: (total, base) => {
    const rest = copy(total)
    merge(rest, base, -1)
    return rest
  },
  encode: ({ body }, { count, sum, squares }) => {
    body.varint(count)
    for (const { high, low } of [sum, squares]) {
      body.float64(high)
      body.float64(low)
    }
  },
  decode: (batch) => ({
    count: batch.body.varint(),
    sum: decodeDoubleDouble(batch),
    squares: decodeDoubleDouble(batch),
  }),
  bytes: () => 36,
}

function decodeDoubleDouble({ body }: BatchReader): DoubleDouble {
  const high = body.float64()
  const low = body.float64()
  if (!Number.isFinite(high) || high + low !== high) body.fail('number in two parts')
  return { high, low }
}

/** Whether the sum of squares stays finite with these samples. */
export function hasRoom(content: MomentsSums, samples: readonly number[]): boolean {
  const trial = copy(content)
  for (const sample of samples) record(trial, sample)
  return trial.squares.high < Number.MAX_VALUE
}

export function momentsValue({ count, sum, squares }: MomentsSums): MomentsValue {
  return Object.freeze({
    count,
    sum: sum.high,
    mean: count < 1 ? undefined : finite(quotient(sum, count)),
    variance: count < 2 ? undefined : Math.max(0, finite(variance(count, sum, squares))),
  })
}

/** Far from the ends of the range, where products of sums are finite. */
const LARGE = 2 ** 900
const SCALE = 2 ** -300

function variance(count: number, sum: DoubleDouble, squares: DoubleDouble): number {
  const large = squares.high > LARGE || Math.abs(sum.high) > LARGE
  const scale = large ? SCALE : 1
  const scaledSum = { high: sum.high * scale, low: sum.low * scale }
  const spread = times(
    { high: squares.high * scale * scale, low: squares.low * scale * scale },
    { high: count, low: 0 },
  )
  const squaredSum = times(scaledSum, scaledSum)
  add(spread, -squaredSum.high, -squaredSum.low)
  return quotient(spread, count * (count - 1)) / scale / scale
}

/** What wrong batches may have made of the sums must still be a value. */
function finite(value: number): number {
  if (Number.isNaN(value)) return 0
  return Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE)
}
