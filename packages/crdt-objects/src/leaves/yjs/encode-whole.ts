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
  const authors = new Authors(batch, tools.clients)
  if (listed.level > 0) encodeTails(batch, listed, authors)
  const items: Item[] = []
  for (let item = listed.start; item !== null; item = item.right) items.push(item)
  batch.body.varint(items.length)
  for (const item of items) encodeListed(batch, item, { listed, authors, codec: tools.codec })
  if (listed.level > 0) {
    const seamAtEnd = listed.seams.before(null)
    batch.body.byte(seamAtEnd === null ? 0 : 1)
    if (seamAtEnd !== null) authors.unit(seamAtEnd)
  }
  const contents = items.filter((item) => whatOf(item) === CONTENT)
  if (contents.length > 0) tools.codec.encodeAll(batch, contents)
}

/** What is written of a place where nothing ever was. */
export function encodeNothing(batch: BatchWriter): void {
  batch.body.varint(0)
}

function encodeTails(batch: BatchWriter, { structsByClient }: Listed, authors: Authors): void {
  const { GC } = yjs()
  const tails = [...structsByClient].flatMap(([client, structs]) => {
    const last = structs.at(-1)
    return last instanceof GC ? [[client, last.id.clock + last.length] as const] : []
  })
  batch.body.varint(tails.length)
  for (const [client, end] of tails) authors.tail(client, end)
}

interface Author {
  /** In the order in which they are named. */
  readonly number: number
  /** Where its units ended when it was last written of. */
  end: number
}

/** Those that a list has named so far: each by its row once, and then by a number, which takes a byte. */
class Authors {
  private readonly batch: BatchWriter
  private readonly clients: Clients
  private readonly authorByClient = new Map<number, Author>()

  constructor(batch: BatchWriter, clients: Clients) {
    this.batch = batch
    this.clients = clients
  }

  /** Of one that was not named before. */
  tail(client: number, end: number): void {
    this.named(client).end = end
    this.batch.body.varint(end)
  }

  private named(client: number): Author {
    const author = { number: this.authorByClient.size, end: 0 }
    this.authorByClient.set(client, author)
    this.batch.body.varint(this.batch.row(this.clients.index(client)))
    return author
  }

  /** A unit, by its author and how far its clock is from where that one ended. */
  unit({ client, clock }: ID): Author {
    const { body } = this.batch
    const known = this.authorByClient.get(client)
    body.varint(known?.number ?? this.authorByClient.size)
    const author = known ?? this.named(client)
    body.zigzag(clock - author.end)
    return author
  }

  /** Of a struct that goes on: the author of the one before it. */
  known(client: number): Author | undefined {
    return this.authorByClient.get(client)
  }
}

interface Place {
  readonly listed: Listed
  readonly authors: Authors
  readonly codec: ContentCodec
}

function encodeListed(batch: BatchWriter, item: Item, { listed, authors, codec }: Place): void {
  const { body } = batch
  const head = headOf(item, listed)
  const { what, goesOn, origin, right } = head
  const isShort = what === CONTENT && !goesOn && right === BESIDE && origin < NOTHING
  const hasLength = isShort && item.length <= SHORT_MAX
  body.byte(hasLength ? shortHead(origin, item.length) : longHead(head))
  const author = goesOn ? authors.known(item.id.client) : authors.unit(item.id)
  if (author !== undefined) author.end = item.id.clock
  if ((origin === OTHER || origin === SEAM) && item.origin !== null) authors.unit(item.origin)
  if (right === OTHER && item.rightOrigin !== null) authors.unit(item.rightOrigin)
  if (what === MARK) codec.encodeMark?.(batch, item)
  else if (!hasLength) body.varint(item.length)
  if (author !== undefined) author.end += item.length
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
