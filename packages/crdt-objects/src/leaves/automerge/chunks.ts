import type { BatchReader } from '../../codec/batch-reader.ts'
import { Reader } from '../../codec/reader.ts'

/*
 * A first look at chunks of Automerge's binary format, before the engine sees them. Columns are run-length encoded: ten
 * bytes can say a trillion operations, and the engine would set out to make them. So rows are counted here, in time
 * that goes with the bytes, and compressed columns are refused, since nothing bounds what they unfold to.
 *
 * https://automerge.org/automerge-binary-format-spec/
 */

/** How many operations one change may have. A text of the longest value has an operation for each character. */
export const OPERATIONS_MAX = 200_000
/** How many operations a whole document may have; local changes stop at a quarter, so that what merges still fits. */
export const DOCUMENT_OPERATIONS_MAX = 4_000_000

const MAGIC = 0x85_6f_4a_83
const HASH_BYTES = 32
const CHANGE = 1
const DOCUMENT = 0
/** Bits of a column's specification. */
const TYPE_BITS = 0x07
const COMPRESSED_BIT = 0x08
const GROUP = 0
const DELTA = 3
const BOOLEAN = 4
const TEXT = 5
const RAW = 7

/** One chunk of untrusted bytes. */
export interface Chunk {
  readonly type: 'change' | 'document'
  readonly bytes: Uint8Array
}

/** Takes one chunk of `bytes`, which must be all of it, and counts what it holds. */
export function checkChunk(batch: BatchReader, bytes: Uint8Array): Chunk {
  const reader = new Reader(bytes)
  const magic =
    ((reader.byte() << 24) | (reader.byte() << 16) | (reader.byte() << 8) | reader.byte()) >>> 0
  reader.raw(4)
  const type = reader.byte()
  if (magic !== MAGIC || (type !== CHANGE && type !== DOCUMENT)) batch.body.fail('no chunk')
  const body = new Reader(reader.bytes())
  reader.end()
  if (type === CHANGE) checkChange(body)
  else checkDocument(body)
  return { type: type === CHANGE ? 'change' : 'document', bytes }
}

function checkChange(body: Reader): void {
  for (let left = body.count(HASH_BYTES); left > 0; left--) body.raw(HASH_BYTES)
  body.bytes()
  skipNumber(body)
  skipNumber(body)
  skipNumber(body)
  body.bytes()
  for (let left = body.count(1); left > 0; left--) body.bytes()
  checkColumns(body, readColumns(body), OPERATIONS_MAX)
  body.end()
}

function checkDocument(body: Reader): void {
  for (let left = body.count(1); left > 0; left--) body.bytes()
  const heads = body.count(HASH_BYTES)
  for (let left = heads; left > 0; left--) body.raw(HASH_BYTES)
  const changes = readColumns(body)
  const operations = readColumns(body)
  checkColumns(body, changes, DOCUMENT_OPERATIONS_MAX)
  checkColumns(body, operations, DOCUMENT_OPERATIONS_MAX)
  for (let left = heads; left > 0 && !body.done; left--) skipNumber(body)
  body.end()
}

interface Column {
  readonly specification: number
  readonly length: number
}

function readColumns(body: Reader): Column[] {
  const columns: Column[] = []
  for (let left = body.count(2); left > 0; left--) {
    const specification = body.varint()
    if ((specification & COMPRESSED_BIT) !== 0) body.fail('compressed column')
    columns.push({ specification, length: body.varint() })
  }
  return columns
}

function checkColumns(body: Reader, columns: readonly Column[], rowsMax: number): void {
  for (const { specification, length } of columns) {
    const column = new Reader(body.raw(length))
    const type = specification & TYPE_BITS
    if (type === RAW) continue
    let rows = 0
    let grouped = 0
    while (!column.done) {
      const [count, sum] = type === BOOLEAN ? [column.varint(), 0] : readRun(column, type)
      rows += count
      grouped += sum
      if (rows > rowsMax || grouped > rowsMax) body.fail('too many operations')
    }
  }
}

/** Reads one run: how many rows it says, and for a column of group lengths, their sum. */
function readRun(column: Reader, type: number): [rows: number, grouped: number] {
  const length = readSigned(column)
  if (length === 0) return [column.varint(), 0]
  if (length > 0) return [length, skipValue(column, type) * length]
  let grouped = 0
  // Each literal takes a byte at least.
  if (-length > column.remaining) column.fail('count beyond the bytes that follow')
  for (let left = -length; left > 0; left--) grouped += skipValue(column, type)
  return [-length, grouped]
}

/** Passes over a value. Gives it where it is the length of a group. */
function skipValue(column: Reader, type: number): number {
  if (type === TEXT) column.bytes()
  else if (type === DELTA) skipNumber(column)
  else if (type === GROUP) return column.varint()
  else skipNumber(column)
  return 0
}

/** A number of up to 64 bits, signed or not: what it says is the engine's business. */
function skipNumber(reader: Reader): void {
  for (let i = 0; i < 10; i++) if (reader.byte() < 0x80) return
  reader.fail('number too long')
}

/** A signed LEB128 number, as run lengths are: no larger than any count that is allowed. */
function readSigned(reader: Reader): number {
  let value = 0
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = reader.byte()
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return (byte & 0x40) !== 0 ? value - 2 ** (shift + 7) : value
  }
  return reader.fail('run too long')
}
