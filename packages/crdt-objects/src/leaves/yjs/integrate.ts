import type { ID, Item, Transaction } from 'yjs'
import type { BatchReader } from '../../codec/batch-reader.ts'
import type { Incoming } from '../../state/node.ts'
import { SELF } from '../../state/context.ts'
import type { Clients } from './clients.ts'
import { yjs } from './engine.ts'
import type { Seams } from './seams.ts'
import { DELETED, NONE } from './structs.ts'
import type { ItemList } from './steps.ts'
import type { Content, Section, Sequence, Struct } from './structs.ts'

/** What was deleted of one author: rows of the table, and clocks and lengths by turns. */
export interface Deletions {
  readonly row: number
  readonly ranges: readonly number[]
}

/** What a batch or state brings to one document: read, not yet taken in. */
export interface Arrival {
  readonly sections: readonly Section[]
  readonly deletions: readonly Deletions[]
  /** Our index of each row. */
  readonly indexes: Incoming['indexes']
  /** Whether it is from here, and may bring what we made. */
  readonly isOurs?: boolean
}

export interface Tools {
  readonly clients: Clients
  readonly root: Sequence
  readonly seams: Seams
  readonly content: (struct: Struct) => Content
}

/** Structs of one client, and how far they are taken in. */
interface Queue {
  readonly client: number
  readonly structs: readonly Struct[]
  at: number
}

/** Reads what others deleted. */
export function decodeDeletions(batch: BatchReader): Deletions[] {
  const { body } = batch
  const deletions: Deletions[] = []
  const rows = new Set<number>()
  for (let left = body.count(4); left > 0; left--) {
    const row = batch.row()
    if (rows.has(row)) body.fail('replica named twice')
    rows.add(row)
    const ranges: number[] = []
    let end = 0
    let pairs = body.count(2)
    if (pairs === 0) body.fail('nothing deleted')
    for (; pairs > 0; pairs--) {
      const clock = body.varint()
      const length = body.varint()
      if (length === 0 || clock < end) body.fail('range of deleted units')
      end = clock + length
      if (!Number.isSafeInteger(end)) body.fail('range of deleted units')
      ranges.push(clock, length)
    }
    deletions.push({ row, ranges })
  }
  return deletions
}

/**
 * Takes in structs and deletions, as `Y.applyUpdate` does, without its decoding, and with nothing left pending: batches
 * come after all that their author had seen, so a struct whose neighbours are missing is somebody's mistake. It is
 * dropped, with all that follows it, instead of being kept for ever. A struct that is here already is passed over: that
 * makes it a join.
 */
export function integrateSections(transaction: Transaction, arrival: Arrival, tools: Tools): void {
  const queues = new Map<number, Queue>()
  const deletions: [number, readonly number[]][] = []
  for (const { row, structs } of arrival.sections) {
    const index = arrival.indexes[row] ?? SELF
    const client = tools.clients.client(index)
    if (client === undefined) continue
    // Deleted structs that are here delete what they are here. First: what is taken in below comes as deleted.
    deletions.push([client, deletedOf(structs)])
    // What we made is here: nobody can bring more of it.
    const isWelcome = index !== SELF || tools.clients.restoring || arrival.isOurs === true
    if (isWelcome) queues.set(client, { client, structs, at: 0 })
  }
  const state = new States(transaction)
  for (const queue of queues.values()) drain(queue, queues, { transaction, arrival, tools, state })
  for (const { row, ranges } of arrival.deletions) {
    const client = tools.clients.client(arrival.indexes[row] ?? SELF)
    if (client !== undefined) deletions.push([client, ranges])
  }
  for (const [client, ranges] of deletions) remove(transaction, client, ranges, state.of(client))
}

/** Takes in a struct of our own, whose neighbours are here. */
export function integrateOwn(
  transaction: Transaction,
  struct: Struct,
  arrival: Arrival,
  tools: Tools,
): void {
  const state = new States(transaction)
  integrate(struct, tools.clients.own, { transaction, arrival, tools, state })
}

/** How far each client's units are here, while they are taken in. */
class States {
  private readonly transaction: Transaction
  private readonly known = new Map<number, number>()

  constructor(transaction: Transaction) {
    this.transaction = transaction
  }

  of(client: number): number {
    let state = this.known.get(client)
    if (state === undefined) {
      state = yjs().getState(this.transaction.doc.store, client)
      this.known.set(client, state)
    }
    return state
  }

  set(client: number, state: number): void {
    this.known.set(client, state)
  }
}

function deletedOf(structs: readonly Struct[]): number[] {
  const ranges: number[] = []
  for (const { what, clock, length } of structs) if (what === DELETED) ranges.push(clock, length)
  return ranges
}

interface Work {
  readonly transaction: Transaction
  readonly arrival: Arrival
  readonly tools: Tools
  readonly state: States
}

/** Takes in all of a queue, and of other queues what it needs first. */
function drain(queue: Queue, queues: ReadonlyMap<number, Queue>, work: Work): void {
  const waiting = [queue]
  for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
    const struct = top.structs[top.at]
    if (struct === undefined) {
      waiting.pop()
      continue
    }
    // The neighbours of what is here already may be none that are.
    const isHere = struct.clock + struct.length <= work.state.of(top.client)
    const missing = isHere ? undefined : missingClient(struct, top.client, work)
    if (missing === undefined) {
      integrate(struct, top.client, work)
      top.at++
      // Whoever waited for this looks again.
      if (waiting.length > 1) waiting.pop()
      continue
    }
    const other = queues.get(missing)
    if (other === undefined || other.at === other.structs.length || waiting.includes(other)) {
      for (const stuck of waiting) stuck.at = stuck.structs.length
      return
    }
    waiting.push(other)
  }
}

/** The client whose units have to come before this struct, if there is one. */
function missingClient(struct: Struct, client: number, work: Work): number | undefined {
  if (work.state.of(client) < struct.clock) return client
  for (const [row, clock] of [
    [struct.leftRow, struct.leftClock],
    [struct.rightRow, struct.rightClock],
  ] as const) {
    if (row === NONE) continue
    const other = clientOf(row, work)
    // Its own earlier units are here: that was checked when it was read.
    if (other === undefined) return client
    if (other !== client && clock >= work.state.of(other)) return other
  }
  return undefined
}

function clientOf(row: number, { arrival, tools }: Work): number | undefined {
  return tools.clients.client(arrival.indexes[row] ?? SELF)
}

function integrate(struct: Struct, client: number, work: Work): void {
  const { transaction, tools, state } = work
  const offset = state.of(client) - struct.clock
  if (offset >= struct.length) return
  const { Item, createID } = yjs()
  const clock = struct.clock + Math.max(0, offset)
  // Where the begin is here already, the rest follows it.
  const origin =
    offset > 0 ? createID(client, clock - 1) : neighbour(struct.leftRow, struct.leftClock, work)
  const rightOrigin = neighbour(struct.rightRow, struct.rightClock, work)
  const left = leftItem(origin, work)
  const right = rightItem(rightOrigin, work)
  // What follows it has no neighbour, and is dropped too.
  if (left === undefined || right === undefined) return
  // Yjs declares no relation between the content of items and its kinds.
  const whole = tools.content(struct) as unknown as Item['content']
  const content = offset > 0 ? whole.splice(offset) : whole
  const id = createID(client, clock)
  const item = new Item(id, left, origin, right, rightOrigin, tools.root, null, content)
  if (skipsOwn(item, tools.root)) return
  item.integrate(transaction, 0)
  state.set(client, struct.clock + struct.length)
}

/** The item that ends with a unit; null for none. Undefined if it is not listed: no author names what it knows as gone. */
function leftItem(origin: ID | null, { transaction, state }: Work): Item | null | undefined {
  if (origin === null) return null
  if (origin.clock >= state.of(origin.client)) return undefined
  const { Item, getItemCleanEnd } = yjs()
  const item: unknown = getItemCleanEnd(transaction, transaction.doc.store, origin)
  return item instanceof Item ? item : undefined
}

/** The item that begins with a unit, or, where that is trimmed, the one after the seam; undefined if there is neither. */
function rightItem(
  rightOrigin: ID | null,
  { transaction, tools, state }: Work,
): Item | null | undefined {
  if (rightOrigin === null) return null
  if (rightOrigin.clock >= state.of(rightOrigin.client)) return undefined
  const { Item, getItemCleanStart } = yjs()
  const item: unknown = getItemCleanStart(transaction, rightOrigin)
  return item instanceof Item ? item : tools.seams.after(rightOrigin)
}

/**
 * Whether an earlier unit of the same author stands between the neighbours. It had seen that one, so the neighbours were
 * none. A program that is not ours could make integration take time quadratic in what it sends; of one author, so, it
 * takes time only for what others wrote meanwhile.
 */
function skipsOwn({ id, left, right }: Item, root: ItemList): boolean {
  let between = left === null ? root._start : left.right
  for (; between !== null && between !== right; between = between.right) {
    if (between.id.client === id.client) return true
  }
  return false
}

function neighbour(row: number, clock: number, work: Work): ID | null {
  if (row === NONE) return null
  const client = clientOf(row, work)
  return client === undefined ? null : yjs().createID(client, clock)
}

/** Deletes ranges of a client's units, as far as they are here. */
export function remove(
  transaction: Transaction,
  client: number,
  ranges: readonly number[],
  state: number,
): void {
  const present: { readonly clock: number; readonly len: number }[] = []
  for (let i = 0; i < ranges.length; i += 2) {
    const clock = ranges[i] ?? 0
    const len = Math.min(ranges[i + 1] ?? 0, state - clock)
    if (len > 0) present.push({ clock, len })
  }
  if (present.length === 0) return
  const deletions = yjs().createDeleteSet()
  const clients: Map<number, readonly object[]> = deletions.clients
  clients.set(client, present)
  yjs().iterateDeletedStructs(transaction, deletions, (item) => {
    ;(item as Item).delete(transaction)
  })
}
