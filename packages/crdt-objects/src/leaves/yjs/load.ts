import type { GC, ID, Item, Transaction } from 'yjs'
import type { Incoming } from '../../state/node.ts'
import { SELF } from '../../state/context.ts'
import { yjs } from './engine.ts'
import type { Tools } from './integrate.ts'
import { NONE } from './structs.ts'
import type { ListedStruct, SequenceWhole, Unit } from './whole.ts'

type Store = Map<number, (GC | Item)[]>

export interface Loading extends Tools {
  /** Our index of each row. */
  readonly indexes: Incoming['indexes']
  /** Where our own units end: nobody can bring more of them. */
  readonly ownEnd: number
}

/**
 * Puts what a state says into a document with nothing in it: in the order of the list, with no search for a place.
 * What cannot be is left out: units that are there twice, or that we should have made.
 */
export function loadWhole(transaction: Transaction, whole: SequenceWhole, tools: Loading): void {
  const { root } = tools
  const store: Store = transaction.doc.store.clients
  const items = whole.structs.flatMap((struct) => itemOf(struct, tools) ?? [])
  const listed = new Set(items.map(({ item }) => item))
  for (const [client, each] of byClient(items)) store.set(client, placed(each, listed))
  for (const tail of whole.tails) if (!isTooFar(tail, tools)) endAt(store, idOf(tail, tools))
  let before: Item | null = null
  for (const { item, struct } of items) {
    if (!listed.has(item)) continue
    item.left = before
    if (before === null) root._start = item
    else before.right = item
    before = item
    if (item.countable) root._length += item.length
    item.content.integrate(transaction, item)
    if (!isKnown(store, item.origin)) item.origin = null
    else if (struct.followsSeam && item.origin !== null) tools.seams.put(item.origin, item)
  }
  const end = whole.seamAtEnd === undefined ? null : idOf(whole.seamAtEnd, tools)
  if (end !== null && isKnown(store, end)) tools.seams.put(end, null)
}

interface Loaded {
  readonly item: Item
  readonly struct: ListedStruct
}

function itemOf(struct: ListedStruct, tools: Loading): Loaded | undefined {
  const { row, clock, length, leftRow, leftClock, rightRow, rightClock } = struct
  const id = idOf({ row, clock }, tools)
  if (id === null || isTooFar({ row, clock: clock + length }, tools)) return undefined
  const origin = idOf({ row: leftRow, clock: leftClock }, tools)
  const rightOrigin = idOf({ row: rightRow, clock: rightClock }, tools)
  // Yjs declares no relation between the content of items and its kinds.
  const content = tools.content(struct) as unknown as Item['content']
  const item = new (yjs().Item)(id, null, origin, null, rightOrigin, tools.root, null, content)
  return { item, struct }
}

/** Whether units of ours that end here are more than we made. */
function isTooFar({ row, clock }: Unit, { clients, indexes, ownEnd }: Loading): boolean {
  return (indexes[row] ?? SELF) === SELF && !clients.restoring && clock > ownEnd
}

function idOf({ row, clock }: Unit, { clients, indexes }: Loading): ID | null {
  const client = row === NONE ? undefined : clients.client(indexes[row] ?? SELF)
  return client === undefined ? null : yjs().createID(client, clock)
}

function byClient(items: readonly Loaded[]): Map<number, Item[]> {
  const each = new Map<number, Item[]>()
  for (const { item } of items) {
    const known = each.get(item.id.client)
    if (known === undefined) each.set(item.id.client, [item])
    else known.push(item)
  }
  return each
}

/** The items of a client in the order of their clocks, with ranges for what is trimmed; those that overlap are not listed. */
function placed(items: Item[], listed: Set<Item>): (GC | Item)[] {
  const structs: (GC | Item)[] = []
  let end = 0
  for (const item of items.sort((a, b) => a.id.clock - b.id.clock)) {
    const { client, clock } = item.id
    if (clock < end) {
      listed.delete(item)
      continue
    }
    if (clock > end) structs.push(trimmed(client, end, clock))
    structs.push(item)
    end = clock + item.length
  }
  return structs
}

function trimmed(client: number, start: number, end: number): GC {
  const { GC, createID } = yjs()
  return new GC(createID(client, start), end - start)
}

/** The clocks of a client end here: what is missing of them is trimmed. */
function endAt(store: Store, id: ID | null): void {
  if (id === null) return
  const structs = store.get(id.client) ?? []
  const end = endOf(structs)
  if (id.clock > end) structs.push(trimmed(id.client, end, id.clock))
  if (structs.length > 0) store.set(id.client, structs)
}

function endOf(structs: readonly (GC | Item)[] | undefined): number {
  const last = structs?.at(-1)
  return last === undefined ? 0 : last.id.clock + last.length
}

/** Whether a unit is listed or trimmed: what else is named as a neighbour is somebody's mistake. */
function isKnown(store: Store, id: ID | null): boolean {
  return id === null || id.clock < endOf(store.get(id.client))
}
