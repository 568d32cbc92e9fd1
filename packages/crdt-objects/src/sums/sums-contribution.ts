import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Contribution } from '../state/contributions.ts'
import type { SumsShape } from './sums.ts'
import { Sums } from './sums.ts'

/** Sums of this shape as what replicas contribute. */
export function sumsContribution(shape: SumsShape): Contribution<Sums> {
  return {
    zero: () => new Sums(shape),
    copy: (content) => content.copy(),
    add: (target, increment) => {
      target.merge(increment)
    },
    subtract: (total, base) => total.less(base),
    encode,
    decode: (batch) => decode(batch, shape),
    bytes: (content) => content.bytes,
  }
}

/**
 * Dense: a zero, then all numbers. Sparse: one more than the count of those that are not zero, then each with its
 * distance from the one before. Whichever is shorter.
 */
function encode(batch: BatchWriter, content: Sums): void {
  const { length, whole } = content.shape
  const count = content.size
  const bytesEach = whole ? 1 : 8
  if (count * (bytesEach + 1) < length * bytesEach) encodeSparse(batch, content, count)
  else encodeDense(batch, content)
}

function encodeDense({ body }: BatchWriter, content: Sums): void {
  body.varint(0)
  const { numbers } = content
  if (content.shape.whole) for (const number of numbers) body.varint(number)
  else body.float64s(numbers)
}

function encodeSparse({ body }: BatchWriter, content: Sums, count: number): void {
  const indexes: number[] = []
  content.forEach((_, index) => {
    indexes.push(index)
  })
  indexes.sort((a, b) => a - b)
  body.varint(count + 1)
  let next = 0
  for (const index of indexes) {
    body.varint(index - next)
    if (content.shape.whole) body.varint(content.at(index))
    else body.float64(content.at(index))
    next = index + 1
  }
}

function decode(batch: BatchReader, shape: SumsShape): Sums {
  const { body } = batch
  const head = body.varint()
  if (head === 0) return shape.whole ? decodeDenseWhole(batch, shape) : decodeDense(batch, shape)
  const count = head - 1
  if (count > shape.length) body.fail('more numbers than there is room for')
  if (count * 2 > body.remaining) body.fail('count beyond the bytes that follow')
  const content = new Sums(shape)
  let next = 0
  for (let left = count; left > 0; left--) {
    const index = next + body.varint()
    if (index >= shape.length) body.fail('index of a number')
    const amount = shape.whole ? body.varint() : body.float64()
    if (amount === 0 || !Number.isFinite(amount)) body.fail('amount')
    content.addAt(index, amount)
    next = index + 1
  }
  return content
}

function decodeDense({ body }: BatchReader, shape: SumsShape): Sums {
  const values = body.float64s(shape.length)
  let strange = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0
    strange += value - value
    if (value === 0) values[i] = 0
  }
  // NaN once there was one.
  if (strange !== 0) body.fail('number that is not finite')
  return new Sums(shape, values)
}

function decodeDenseWhole({ body }: BatchReader, shape: SumsShape): Sums {
  if (shape.length > body.remaining) body.fail('cut short')
  const values = new Float64Array(shape.length)
  for (let i = 0; i < values.length; i++) values[i] = body.varint()
  return new Sums(shape, values)
}
