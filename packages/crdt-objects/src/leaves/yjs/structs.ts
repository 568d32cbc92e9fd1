import type {
  Array as YArray,
  ContentAny,
  ContentDeleted,
  ContentFormat,
  ContentString,
  GC,
  ID,
  Item,
  Text,
} from 'yjs'
import type { BatchReader } from '../../codec/batch-reader.ts'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import type { Clients } from './clients.ts'

/*
 * What a text or list says of itself in a batch: the structs of Yjs, in an encoding of our own. (`whole.ts` has that of
 * states.)
 *
 * Yjs's own update format names an author by five to eight bytes in each reference, and is read by a decoder that
 * trusts it. Here an author is its row in the replica table of the batch, one byte as a rule, and everything is
 * checked while it is read: a struct is one unit or more of text, elements, one mark, or deleted ones, with the
 * neighbours that it had when it was made. What is read refers to nothing yet: whether the neighbours are there is
 * asked when it is integrated.
 *
 *     byte    what it is (two bits), CHAINED, LEFT, RIGHT
 *     left    row and clock, if LEFT. CHAINED: the unit before it, of the same author
 *     right   row and clock, if RIGHT
 *     content
 */

/** Units that are gone: only their number is left. */
export const DELETED = 0
/** Characters or elements. */
export const CONTENT = 1
/** The begin or end of a mark: takes a unit of its own, and no place in the text. */
export const MARK = 2
const CHAINED = 4
const LEFT = 8
const RIGHT = 16

/** No neighbour on that side. */
export const NONE = -1

/** No author makes more units than this in one document: clocks stay exact. */
export const CLOCK_MAX = 2 ** 40

/** The root type of a document. */
export type Sequence = Text | YArray<unknown>

/** One struct as it was read. Rows are of the table of its batch. */
export interface Struct {
  readonly what: number
  readonly clock: number
  readonly length: number
  readonly leftRow: number
  readonly leftClock: number
  readonly rightRow: number
  readonly rightClock: number
  /** Text, elements or mark, as the codec read it. */
  readonly content: unknown
}

/** The structs of one author, in the order of their clocks, without a gap. */
export interface Section {
  readonly row: number
  readonly structs: readonly Struct[]
}

/** What an item of Yjs holds, of what texts and lists are made of. */
export type Content = ContentAny | ContentDeleted | ContentFormat | ContentString

/** The characters of an item. Yjs declares no relation between the content of items and its kinds. */
export function charactersOf({ content }: Item): string {
  return (content as unknown as Pick<ContentString, 'str'>).str
}

/** The elements of an item. */
export function elementsOf({ content }: Item): readonly unknown[] {
  return (content as unknown as Pick<ContentAny, 'arr'>).arr
}

/** The mark that begins or ends at an item. */
export function markOf({ content }: Item): { readonly key: string; readonly value: unknown } {
  return content as unknown as Pick<ContentFormat, 'key' | 'value'>
}

/** What a kind of document keeps in its structs. */
export interface ContentCodec {
  encode(batch: BatchWriter, item: Item, offset: number): void
  decode(batch: BatchReader): { readonly content: unknown; readonly length: number }
  /** What is in several items, whose lengths are known. */
  encodeAll(batch: BatchWriter, items: readonly Item[]): void
  decodeAll(batch: BatchReader, lengths: readonly number[]): readonly unknown[]
  /** Marks: none in a list. */
  encodeMark?(batch: BatchWriter, item: Item): void
  decodeMark?(batch: BatchReader): unknown
}

/** Writes the structs of one client from `clock` on. */
export function encodeStructs(
  batch: BatchWriter,
  structs: readonly (GC | Item)[],
  clock: number,
  tools: { readonly clients: Clients; readonly codec: ContentCodec },
): void {
  let first = structs.length
  while (first > 0 && end(structs[first - 1]) > clock) first--
  batch.body.varint(structs.length - first)
  if (first === structs.length) return
  batch.body.varint(clock)
  // Nothing is trimmed before everybody has it.
  for (const item of structs.slice(first) as Item[]) {
    encodeStruct(batch, item, Math.max(0, clock - item.id.clock), tools)
  }
}

function end(struct: GC | Item | undefined): number {
  return struct === undefined ? 0 : struct.id.clock + struct.length
}

function encodeStruct(
  batch: BatchWriter,
  item: Item,
  offset: number,
  tools: { readonly clients: Clients; readonly codec: ContentCodec },
): void {
  const { body } = batch
  const { id, origin, rightOrigin } = item
  const { clients, codec } = tools
  const chained =
    offset > 0 || (origin !== null && origin.client === id.client && origin.clock === id.clock - 1)
  const what = whatOf(item)
  const left = !chained && origin !== null
  body.byte(what | (chained ? CHAINED : 0) | (left ? LEFT : 0) | (rightOrigin === null ? 0 : RIGHT))
  if (left) batch.dot(clients.index(origin.client), origin.clock)
  if (rightOrigin !== null) batch.dot(clients.index(rightOrigin.client), rightOrigin.clock)
  if (what === DELETED) body.varint(item.length - offset)
  else if (what === CONTENT) codec.encode(batch, item, offset)
  else codec.encodeMark?.(batch, item)
}

/** What kind of struct an item is. */
export function whatOf(item: Item): number {
  return item.deleted ? DELETED : item.countable ? CONTENT : MARK
}

/** Reads what {@link encodeStructs} wrote of the author in `row`. */
export function decodeStructs(batch: BatchReader, row: number, codec: ContentCodec): Section {
  const { body } = batch
  const structs: Struct[] = []
  // Each takes two bytes at least: what a batch makes of the document is bounded by its own size.
  const count = body.count(2)
  let clock = count === 0 ? 0 : body.varint()
  for (let left = count; left > 0; left--) {
    const struct = decodeStruct(batch, row, clock, codec)
    structs.push(struct)
    clock += struct.length
    if (clock > CLOCK_MAX) body.fail('more units than one author makes')
  }
  return { row, structs }
}

function decodeStruct(batch: BatchReader, row: number, clock: number, codec: ContentCodec): Struct {
  const { body } = batch
  const info = body.byte()
  const what = info & 3
  if (info >= 2 * RIGHT || what > MARK) body.fail('unknown kind of struct')
  let [leftRow, leftClock, rightRow, rightClock] = [NONE, 0, NONE, 0]
  if ((info & CHAINED) !== 0) {
    if ((info & LEFT) !== 0 || clock === 0) body.fail('struct that follows nothing')
    leftRow = row
    leftClock = clock - 1
  } else if ((info & LEFT) !== 0) {
    leftRow = batch.row()
    leftClock = body.varint()
    // One spelling for each struct.
    if (leftRow === row && leftClock >= clock - 1) body.fail('neighbour of a struct')
  }
  if ((info & RIGHT) !== 0) {
    rightRow = batch.row()
    rightClock = body.varint()
    if (rightRow === row && rightClock >= clock) body.fail('neighbour of a struct')
  }
  let length = 1
  let content: unknown
  if (what === DELETED) {
    length = body.varint()
  } else if (what === CONTENT) {
    const read = codec.decode(batch)
    content = read.content
    length = read.length
  } else {
    content = codec.decodeMark?.(batch) ?? body.fail('mark outside a text')
  }
  if (length === 0) body.fail('struct without a unit')
  return { what, clock, length, leftRow, leftClock, rightRow, rightClock, content }
}

/** What is read of an item elsewhere. */
export function structOf(
  item: Item,
  rowOf: (client: number) => number,
  said: (item: Item) => unknown,
): Struct {
  const { id, length, origin, rightOrigin } = item
  const what = whatOf(item)
  const place = (unit: ID | null): readonly [number, number] =>
    unit === null ? [NONE, 0] : [rowOf(unit.client), unit.clock]
  const [leftRow, leftClock] = place(origin)
  const [rightRow, rightClock] = place(rightOrigin)
  const content = what === DELETED ? undefined : said(item)
  return { what, clock: id.clock, length, leftRow, leftClock, rightRow, rightClock, content }
}
