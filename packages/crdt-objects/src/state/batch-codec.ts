import type { BatchFrame } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { allocate } from '../codec/slab.ts'
import type { ReplicaId } from '../identity.ts'
import type { ReplicaContext } from './context.ts'

/**
 * The bytes of a batch, and of a state:
 *
 *     byte     version and shape (BATCH or STATE)
 *     table    count, then 8 bytes for each replica; row 0 is the author
 *     varint   first update number, and how many more there are (both 0 in a state)
 *     varint   base stamp
 *     vector   rows and numbers: what the batch depends on, or all that the state has seen
 *     body     objects
 */
const BATCH = 0x11
const STATE = 0x12

/** The head of a batch or state, checked. */
export interface Head extends BatchFrame {
  readonly replicas: readonly ReplicaId[]
  /** Rows of the table and update numbers. */
  readonly vector: readonly (readonly [number, number])[]
}

export interface Framing {
  readonly shape: 'batch' | 'state'
  readonly first: number
  readonly last: number
  /** Our indexes and update numbers. */
  readonly vector: readonly (readonly [number, number])[]
}

/** Puts the head before a finished body. */
export function encodeFramed(
  context: ReplicaContext,
  batch: BatchWriter,
  framing: Framing,
): Uint8Array {
  // The rows of the vector complete the table.
  for (const [index] of framing.vector) batch.row(index)
  const { head, body } = batch
  head.byte(framing.shape === 'batch' ? BATCH : STATE)
  head.varint(batch.table.length)
  for (const index of batch.table) head.u64(context.id(index))
  head.varint(framing.first)
  head.varint(framing.last - framing.first)
  head.varint(batch.baseStamp)
  head.varint(framing.vector.length)
  for (const [index, seq] of framing.vector) {
    head.varint(batch.row(index))
    head.varint(seq)
  }
  const bytes = allocate(head.length + body.length)
  head.copyTo(bytes, 0)
  body.copyTo(bytes, head.length)
  return bytes
}

/** Reads and checks a head; the reader then stands at the body. */
export function decodeHead(reader: Reader, shape: 'batch' | 'state'): Head {
  const version = reader.byte()
  if (version !== (shape === 'batch' ? BATCH : STATE)) {
    reader.fail(`version or shape ${version}: is a newer version at work?`)
  }
  let rows = reader.count(8)
  if (rows === 0) reader.fail('no author')
  // As a rule the author alone: an array of just that size.
  const replicas: ReplicaId[] = [reader.u64()]
  while (--rows > 0) replicas.push(reader.u64())
  if (replicas.length > 1 && new Set(replicas).size < replicas.length) {
    reader.fail('replica named twice')
  }
  const first = reader.varint()
  const last = first + reader.varint()
  const valid = shape === 'batch' ? first > 0 && Number.isSafeInteger(last) : last === 0
  if (!valid) reader.fail('update numbers')
  const baseStamp = reader.varint()
  const vector = decodeVector(reader, replicas.length)
  return { replicas, rows: replicas.length, first, last, baseStamp, vector }
}

const EMPTY: Head['vector'] = []

function decodeVector(reader: Reader, rows: number): Head['vector'] {
  const count = reader.count(2)
  if (count === 0) return EMPTY
  const vector: [number, number][] = []
  const named = new Set<number>()
  for (let left = count; left > 0; left--) {
    const row = reader.varint()
    const seq = reader.varint()
    if (row >= rows || seq === 0) reader.fail('entry of a version vector')
    if (named.has(row)) reader.fail('replica named twice')
    named.add(row)
    vector.push([row, seq])
  }
  return vector
}

/** Who made a batch, which updates it holds, and what it must come after. */
export interface BatchHeader {
  readonly origin: ReplicaId
  /** Numbers of the first and last update in it. */
  readonly first: number
  readonly last: number
  /** What of others' updates its author had seen, as far as that advanced since its previous batch. */
  readonly dependencies: readonly (readonly [ReplicaId, number])[]
}

/**
 * Reads the head of a batch.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeBatchHeader(bytes: Uint8Array): BatchHeader {
  return batchHeader(decodeHead(new Reader(bytes), 'batch'))
}

export function batchHeader(head: Head): BatchHeader {
  const { replicas, first, last } = head
  return {
    origin: replicas[0] ?? 0n,
    first,
    last,
    dependencies: head.vector.map(([row, seq]) => [replicas[row] ?? 0n, seq]),
  }
}
