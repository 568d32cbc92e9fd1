import type { GC, ID, Item } from 'yjs'
import type { BatchWriter } from '../../codec/batch-writer.ts'
import type { Clients } from './clients.ts'
import { yjs } from './engine.ts'
import type { Seams } from './seams.ts'
import { CONTENT, MARK, whatOf, type ContentCodec } from './structs.ts'
import {
  BESIDE,
  SEAM,
  SEAM_NEXT,
  NOTHING,
  OTHER,
  OWN,
  SHORT_MAX,
  longHead,
  shortHead,
  type StructHead,
} from './whole.ts'

/** What is encoded. */
export interface Listed {
  readonly level: number
  readonly start: Item | null
  readonly seams: Seams
  readonly structsByClient: ReadonlyMap<number, readonly (GC | Item)[]>
  /** By client: every unit below was seen by all who may still write, so its first neighbours matter no more. */
  readonly stableEnds: ReadonlyMap<number, number>
}

interface Tools {
  readonly clients: Clients
  readonly codec: ContentCodec
}

export function encodeWhole(batch: BatchWriter, listed: Listed, tools: Tools): void {
  batch.body.varint(listed.level + 1)
  if (listed.level > 0) encodeTails(batch, listed, tools)
  const items: Item[] = []
  for (let item = listed.start; item !== null; item = item.right) items.push(item)
  batch.body.varint(items.length)
  const authors = new Map<number, Author>()
  for (const item of items) {
    const { client, clock } = item.id
    const author = authors.get(client) ?? { number: authors.size, end: 0 }
    encodeListed(batch, item, { listed, tools, author, isNew: !authors.has(client) })
    authors.set(client, { ...author, end: clock + item.length })
  }
  if (listed.level > 0) {
    const seamAtEnd = listed.seams.before(null)
    batch.body.byte(seamAtEnd === null ? 0 : 1)
    encodeUnit(batch, seamAtEnd, tools)
  }
  const contents = items.filter((item) => whatOf(item) === CONTENT)
  if (contents.length > 0) tools.codec.encodeAll(batch, contents)
}

/** What is written of a place where nothing ever was. */
export function encodeNothing(batch: BatchWriter): void {
  batch.body.varint(0)
}

function encodeTails(batch: BatchWriter, { structsByClient }: Listed, { clients }: Tools): void {
  const { GC } = yjs()
  const tails = [...structsByClient].flatMap(([client, structs]) => {
    const last = structs.at(-1)
    return last instanceof GC ? [[client, last.id.clock + last.length] as const] : []
  })
  batch.body.varint(tails.length)
  for (const [client, end] of tails) batch.dot(clients.index(client), end)
}

function encodeUnit(batch: BatchWriter, id: ID | null, { clients }: Tools): void {
  if (id !== null) batch.dot(clients.index(id.client), id.clock)
}

interface Author {
  /** In the order in which the list names them. */
  readonly number: number
  /** Where its last item ends. */
  readonly end: number
}

interface Place {
  readonly listed: Listed
  readonly tools: Tools
  readonly author: Author
  /** Whether the list has not named it before. */
  readonly isNew: boolean
}

function encodeListed(batch: BatchWriter, item: Item, place: Place): void {
  const { listed, tools, author, isNew } = place
  const { body } = batch
  const head = headOf(item, listed)
  const { what, goesOn, origin, right } = head
  const isShort = what === CONTENT && !goesOn && right === BESIDE && origin < NOTHING
  const hasLength = isShort && item.length <= SHORT_MAX
  body.byte(hasLength ? shortHead(origin, item.length) : longHead(head))
  if (!goesOn) {
    body.varint(author.number)
    if (isNew) body.varint(batch.row(tools.clients.index(item.id.client)))
    body.zigzag(item.id.clock - author.end)
  }
  if (origin === OTHER || origin === SEAM) encodeUnit(batch, item.origin, tools)
  if (right === OTHER) encodeUnit(batch, item.rightOrigin, tools)
  if (what === MARK) tools.codec.encodeMark?.(batch, item)
  else if (!hasLength) body.varint(item.length)
}

function headOf(item: Item, { seams, stableEnds }: Listed): StructHead {
  const { compareIDs } = yjs()
  const { id, left, origin, rightOrigin } = item
  // The neighbours of a stable unit are looked at by nobody any more.
  const isStable = id.clock + item.length <= (stableEnds.get(id.client) ?? 0)
  const kindOf = (unit: ID | null, beside: ID | null): number => {
    if (isStable || compareIDs(unit, beside)) return BESIDE
    return unit === null ? NOTHING : OTHER
  }
  const isOwn = origin?.client === id.client && origin.clock === id.clock - 1
  const kind = kindOf(origin, left?.lastId ?? null)
  return {
    what: whatOf(item),
    goesOn: isNext(id, left),
    origin:
      seams.before(item) === null
        ? kind === OTHER && isOwn
          ? OWN
          : kind
        : isNext(origin, left)
          ? SEAM_NEXT
          : SEAM,
    right: kindOf(rightOrigin, seams.rightOrigin(item.right)),
  }
}

/** Whether a unit is the next one of the client after an item. */
function isNext(id: ID | null, left: Item | null): boolean {
  return left !== null && id?.client === left.id.client && id.clock === left.id.clock + left.length
}
