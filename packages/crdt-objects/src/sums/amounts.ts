import { invalidValue } from '../errors.ts'

/** The most numbers that one object holds: two million bytes, of the four that a batch takes. */
export const NUMBERS_MAX = 262_144

/** Room for the amounts of one call at a time, so that an addition makes no garbage. */
let room = new Float64Array(0)

/** Amounts that were checked. Valid until the next check. */
export interface Amounts {
  /** May be longer than the amounts are many. */
  readonly row: Float64Array
  readonly count: number
  /** The greatest of them without its sign. */
  readonly largest: number
}

/**
 * Checks `count` amounts.
 *
 * @throws JoineryError VALUE_INVALID
 */
export function checkAmounts(amounts: unknown, count: number): Amounts {
  checkLength(amounts, count)
  // What other threads can write to is copied like all the rest: it must be what was checked.
  const isOurs = amounts instanceof Float64Array && amounts.buffer instanceof ArrayBuffer
  const row = isOurs ? amounts : copyNumbers(amounts, count)
  return { row, count, largest: largestOf(row, count) }
}

/** Copies numbers into the room. */
function copyNumbers(amounts: ArrayLike<unknown>, count: number): Float64Array {
  if (room.length < count) room = new Float64Array(count)
  const copies = room
  for (let i = 0; i < count; i++) {
    const amount = amounts[i]
    if (typeof amount !== 'number') throw notFinite(amount)
    copies[i] = amount
  }
  return copies
}

/** Checks numbers. The loop is bare because it matters: there may be ten thousand of them. */
function largestOf(row: Float64Array, count: number): number {
  let largest = 0
  let strange = 0
  for (let i = 0; i < count; i++) {
    const amount = row[i] ?? 0
    // NaN once there was one that is not finite: a branch for each would take longer.
    strange += amount - amount
    largest = Math.max(largest, Math.abs(amount))
  }
  if (strange !== 0) throw notFinite(row.subarray(0, count).find((one) => !Number.isFinite(one)))
  return largest
}

/** @throws JoineryError VALUE_INVALID for what is no sequence of that length */
export function checkLength(
  values: unknown,
  count: number,
  what = 'numbers',
): asserts values is ArrayLike<unknown> {
  const length = lengthOf(values)
  if (length !== count) throw invalidValue(`expected ${count} ${what}`, length)
}

/**
 * The length of a sequence.
 *
 * @throws JoineryError VALUE_INVALID for what is none, or is too long
 */
export function lengthOf(values: unknown): number {
  const length: unknown =
    typeof values === 'object' && values !== null && 'length' in values ? values.length : undefined
  if (typeof length === 'number' && length >= 0 && length <= NUMBERS_MAX) return length
  throw invalidValue('expected a sequence of numbers', values)
}

/** @throws JoineryError VALUE_INVALID */
export function checkAmount(amount: unknown): number {
  if (typeof amount !== 'number' || !Number.isFinite(amount)) throw notFinite(amount)
  return amount
}

function notFinite(amount: unknown): Error {
  return invalidValue('amounts are finite numbers', amount)
}

/** @throws JoineryError VALUE_INVALID */
export function checkIndex(index: unknown, length: number, what = 'index'): number {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < length)
    return index
  throw invalidValue(`${what}: a whole number from 0 to ${length - 1}`, index)
}

/** @throws JoineryError VALUE_INVALID */
export function checkSize(size: unknown, what: string): number {
  if (typeof size === 'number' && Number.isInteger(size) && size >= 1 && size <= NUMBERS_MAX)
    return size
  throw invalidValue(`${what}: a whole number from 1 to ${NUMBERS_MAX}`, size)
}
