import type { BatchReader } from '../../codec/batch-reader.ts'
import { CLOCK_MAX, CONTENT, MARK, NONE, type ContentCodec } from './structs.ts'
import {
  BESIDE,
  EMPTY_WHOLE,
  SEAM,
  SEAM_NEXT,
  OTHER,
  OWN,
  readLongHead,
  shortLength,
  shortOrigin,
  type ListedStruct,
  type SequenceWhole,
  type StructHead,
  type Unit,
} from './whole.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

const NO_UNIT: Unit = { row: NONE, clock: 0 }

/** Reads what `encodeWhole` wrote. */
export function decodeWhole(batch: BatchReader, codec: ContentCodec): SequenceWhole {
  const { body } = batch
  const level = body.varint() - 1
  if (level < 0) return EMPTY_WHOLE
  const authors: Authors = { all: [], byRow: new Map() }
  const tails = level > 0 ? decodeTails(batch, authors) : []
  const structs = decodeStructs(batch, { level, authors, codec })
  const seamAtEnd = level > 0 ? decodeSeamAtEnd(batch, authors) : undefined
  if (seamAtEnd !== undefined) tellRight(structs.at(-1), seamAtEnd)
  const contents = structs.filter(({ what }) => what === CONTENT)
  if (contents.length > 0) {
    const lengths = contents.map(({ length }) => length)
    const decoded = codec.decodeAll(batch, lengths)
    for (const [index, struct] of contents.entries()) struct.content = decoded[index]
  }
  return { level, tails, structs, seamAtEnd }
}

function decodeTails(batch: BatchReader, authors: Authors): Unit[] {
  const tails: Unit[] = []
  for (let left = batch.body.count(2); left > 0; left--) {
    const author = nameAuthor(batch, authors)
    author.end = batch.body.varint()
    if (author.end > CLOCK_MAX) batch.body.fail('more units than one author makes')
    tails.push({ row: author.row, clock: author.end })
  }
  return tails
}

function decodeUnit(batch: BatchReader, authors: Authors): Unit {
  const author = decodeAuthor(batch, authors)
  return { row: author.row, clock: decodeClock(batch, author) }
}

/** A clock as a distance from where the author's units ended when it was last written of. */
function decodeClock({ body }: BatchReader, { end }: Author): number {
  const clock = end + body.zigzag()
  if (clock < 0) body.fail('a clock below zero')
  return clock <= CLOCK_MAX ? clock : body.fail('more units than one author makes')
}

/** A struct of which content is still to be read, and perhaps its right neighbour, which comes after it. */
interface Read extends Mutable<ListedStruct> {
  awaitsRight: boolean
}

function tellRight(struct: Read | undefined, { row, clock }: Unit): void {
  if (struct?.awaitsRight === true) [struct.rightRow, struct.rightClock] = [row, clock]
}

function decodeStructs(
  batch: BatchReader,
  { level, authors, codec }: Omit<Place, 'before'> & { readonly level: number },
): Read[] {
  const { body } = batch
  const structs: Read[] = []
  // Each takes two bytes at least: what a state makes of the document is bounded by its own size.
  for (let left = body.count(2); left > 0; left--) {
    const before = structs.at(-1)
    const struct = decodeStruct(batch, { before, authors, codec })
    if (struct.followsSeam && level === 0) body.fail('seam where nothing was trimmed')
    tellRight(
      before,
      struct.followsSeam ? { row: struct.leftRow, clock: struct.leftClock } : struct,
    )
    structs.push(struct)
  }
  return structs
}

interface Author {
  readonly row: number
  /** Where its units ended when it was last written of. */
  end: number
}

/** Those that a list has named so far. */
interface Authors {
  /** In the order in which it named them. */
  readonly all: Author[]
  readonly byRow: Map<number, Author>
}

interface Place {
  /** What was read before, if anything was. */
  readonly before: Read | undefined
  readonly authors: Authors
  readonly codec: ContentCodec
}

function decodeStruct(batch: BatchReader, { before, authors, codec }: Place): Read {
  const { body } = batch
  const byte = body.byte()
  const short = shortLength(byte)
  const head = short === undefined ? readLongHead(byte) : shortHeadOf(byte)
  if (head === undefined) return body.fail('unknown kind of struct')
  const { what, goesOn, origin, right } = head
  const next = before === undefined ? NO_UNIT : { row: before.row, clock: endOf(before) }
  if (before === undefined && (goesOn || origin === SEAM_NEXT)) body.fail('follows nothing')
  const author = goesOn ? authors.byRow.get(next.row) : decodeAuthor(batch, authors)
  if (author === undefined) return body.fail('follows nothing')
  const { row } = author
  const clock = goesOn ? next.clock : decodeClock(batch, author)
  author.end = clock
  const left = origin === OWN ? { row, clock: clock - 1 } : leftOf(batch, authors, origin, next)
  if (left.clock < 0) body.fail('follows nothing of its author')
  const after = right === OTHER ? decodeUnit(batch, authors) : NO_UNIT
  const mark =
    what === MARK ? (codec.decodeMark?.(batch) ?? body.fail('mark in a list')) : undefined
  const length = what === MARK ? 1 : (short ?? body.varint())
  if (length === 0) body.fail('struct without a unit')
  if (clock + length > CLOCK_MAX) body.fail('more units than one author makes')
  author.end = clock + length
  // Written out, as all that is made for each part of a document: V8 takes microseconds to spread objects into one.
  return {
    what,
    row,
    clock,
    length,
    content: mark,
    leftRow: left.row,
    leftClock: left.clock,
    followsSeam: origin === SEAM || origin === SEAM_NEXT,
    rightRow: after.row,
    rightClock: after.clock,
    awaitsRight: right === BESIDE,
  }
}

function decodeAuthor(batch: BatchReader, authors: Authors): Author {
  const number = batch.body.varint()
  if (number > authors.all.length) batch.body.fail('an author that was not named')
  return authors.all[number] ?? nameAuthor(batch, authors)
}

function nameAuthor(batch: BatchReader, { all, byRow }: Authors): Author {
  const author = { row: batch.row(), end: 0 }
  if (byRow.has(author.row)) batch.body.fail('an author named twice')
  all.push(author)
  byRow.set(author.row, author)
  return author
}

function shortHeadOf(byte: number): StructHead {
  return { what: CONTENT, goesOn: false, origin: shortOrigin(byte), right: BESIDE }
}

function leftOf(batch: BatchReader, authors: Authors, origin: number, next: Unit): Unit {
  if (origin === OTHER || origin === SEAM) return decodeUnit(batch, authors)
  if (origin === SEAM_NEXT) return next
  if (origin !== BESIDE || next.row === NONE) return NO_UNIT
  return { row: next.row, clock: next.clock - 1 }
}

function endOf({ clock, length }: ListedStruct): number {
  return clock + length
}

function decodeSeamAtEnd(batch: BatchReader, authors: Authors): Unit | undefined {
  const info = batch.body.byte()
  if (info > 1) batch.body.fail('seam at the end')
  return info === 1 ? decodeUnit(batch, authors) : undefined
}
