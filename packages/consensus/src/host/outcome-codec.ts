import { Reader, Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'
import type { Failure, Outcome } from './outcome.ts'

const DONE = 0
const FAILED = 1
const WITHDRAWN = 2
const KIND_BITS = 3
const HAS_VECTOR = 4

/** The bytes of an outcome: as it is kept in snapshots, and as it travels. */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  shared.reset()
  writeOutcome(shared, outcome)
  return shared.finishShort()
}

/** A buffer for each outcome would cost more than its contents. */
const shared = new Writer(256)

export function writeOutcome(writer: Writer, outcome: Outcome): void {
  const vector = outcome.kind === 'withdrawn' ? undefined : outcome.vector
  const flag = vector === undefined ? 0 : HAS_VECTOR
  switch (outcome.kind) {
    case 'done':
      writer.byte(DONE | flag)
      writer.varint(outcome.position)
      encodeValue(writer, outcome.value)
      break
    case 'failed':
      writer.byte(FAILED | flag)
      writer.varint(outcome.position)
      writeFailure(writer, outcome.failure)
      break
    case 'withdrawn':
      writer.byte(WITHDRAWN)
      writer.varint(outcome.position)
  }
  if (vector !== undefined) writer.bytes(vector)
}

function writeFailure(writer: Writer, { code, message, details, retryable }: Failure): void {
  writer.text(code)
  writer.text(message)
  writer.byte(retryable ? 1 : 0)
  encodeValue(writer, details)
}

/**
 * Reads an outcome; the bytes are not trusted.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeOutcome(bytes: Uint8Array): Outcome {
  const reader = new Reader(bytes)
  const outcome = readOutcome(reader)
  reader.end()
  return outcome
}

export function readOutcome(reader: Reader): Outcome {
  const head = reader.byte()
  const position = reader.varint()
  switch (head & KIND_BITS) {
    case DONE: {
      const value = decodeValue(reader)
      return withVector({ kind: 'done', position, value }, reader, head)
    }
    case FAILED: {
      const failure = readFailure(reader)
      return withVector({ kind: 'failed', position, failure }, reader, head)
    }
    default:
      return head === WITHDRAWN
        ? { kind: 'withdrawn', position }
        : reader.fail(`unknown outcome ${head}`)
  }
}

function withVector(
  outcome: Exclude<Outcome, { kind: 'withdrawn' }>,
  reader: Reader,
  head: number,
): Outcome {
  if (head > (HAS_VECTOR | KIND_BITS)) return reader.fail(`unknown outcome ${head}`)
  return (head & HAS_VECTOR) === 0 ? outcome : { ...outcome, vector: reader.bytes().slice() }
}

function readFailure(reader: Reader): Failure {
  const [code, message, retryable] = [reader.text(), reader.text(), reader.byte()]
  if (retryable > 1) reader.fail('whether a failure is retryable')
  return { code, message, details: decodeValue(reader), retryable: retryable === 1 }
}
