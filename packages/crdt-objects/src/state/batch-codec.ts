import { concat } from 'uint8arrays/concat'
import type { BatchFrame } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import type { ReplicaId } from '../identity.ts'
import type { ReplicaContext } from './context.ts'

/**
 * The bytes of a batch, and of a state:
 *
 *     byte     version and shape (BATCH or STATE)
 *     table    count, then 8 bytes for each replica; row 0 is the author
 *     varint   first and last update number (both 0 in a state)
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
  // The rows of the vector come first: they complete the table.
  const vector = framing.vector.map(([index, seq]) => [batch.row(index), seq] as const)
  const head = new Writer(64 + batch.table.length * 8)
  head.byte(framing.shape === 'batch' ? BATCH : STATE)
  head.varint(batch.table.length)
  for (const index of batch.table) head.u64(context.id(index))
  head.varint(framing.first)
  head.varint(framing.last)
  head.varint(batch.baseStamp)
  head.varint(vector.length)
  for (const [row, seq] of vector) {
    head.varint(row)
    head.varint(seq)
  }
  return concat([head.written(), batch.body.written()])
}

/** Reads and checks a head; the reader then stands at the body. */
export function decodeHead(reader: Reader, shape: 'batch' | 'state'): Head {
  const version = reader.byte()
  if (version !== (shape === 'batch' ? BATCH : STATE)) {
    reader.fail(`version or shape ${version}: is a newer version at work?`)
  }
  const replicas: ReplicaId[] = []
  for (let left = reader.count(8); left > 0; left--) replicas.push(reader.u64())
  if (replicas.length === 0) reader.fail('no author')
  if (new Set(replicas).size < replicas.length) reader.fail('replica named twice')
  const first = reader.varint()
  const last = reader.varint()
  const valid = shape === 'batch' ? first > 0 && last >= first : first === 0 && last === 0
  if (!valid) reader.fail('update numbers')
  const baseStamp = reader.varint()
  const vector: [number, number][] = []
  for (let left = reader.count(2); left > 0; left--) {
    const row = reader.varint()
    const seq = reader.varint()
    if (row >= replicas.length || seq === 0) reader.fail('entry of a version vector')
    vector.push([row, seq])
  }
  return { replicas, rows: replicas.length, first, last, baseStamp, vector }
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
