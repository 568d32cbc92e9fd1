import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { decodeValue, encodeValue } from '../codec/value.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { Incoming } from './node.ts'
import type { Reissue } from './reissue.ts'

/**
 * The store under flags, registers, extrema, set elements and map entries: the dots of the updates that stand, each
 * with what it wrote. One dot is the rule; more are concurrent updates. A new update replaces all it has observed.
 */
export interface Dot {
  /** Interned index of the replica. */
  replica: number
  seq: number
  stamp: number
  value: unknown
  next: Dot | undefined
}

/** How the values of a kind's dots travel. */
export interface Payload {
  /** Whether they are ordered by a hybrid clock stamp. */
  readonly stamped: boolean
  encode(batch: BatchWriter, value: unknown): void
  decode(batch: BatchReader): unknown
}

/** Dots that say nothing but that they are there. */
export const PRESENCE: Payload = {
  stamped: false,
  encode: () => undefined,
  decode: () => undefined,
}

/** Yes or no, where order of writing does not matter. */
export const BOOLEAN: Payload = {
  stamped: false,
  encode: (batch, value) => {
    batch.body.byte(value === true ? 1 : 0)
  },
  decode: (batch) => {
    const byte = batch.body.byte()
    return byte <= 1 ? byte === 1 : batch.body.fail('neither yes nor no')
  },
}

/** Whether a cell holds dots and all of them say yes. */
export function isUnanimous(head: Dot | undefined): boolean {
  for (let dot = head; dot !== undefined; dot = dot.next) if (dot.value !== true) return false
  return head !== undefined
}

/** A number, where order of writing does not matter. */
export const NUMBER: Payload = {
  stamped: false,
  encode: (batch, value) => {
    encodeValue(batch.body, value)
  },
  decode: (batch) => {
    const value = decodeValue(batch.body)
    return typeof value === 'number' ? value : batch.body.fail('number expected')
  },
}

/** Any value, the last one written winning. */
export const STAMPED_VALUE: Payload = {
  stamped: true,
  encode: (batch, value) => {
    encodeValue(batch.body, value)
  },
  decode: (batch) => decodeValue(batch.body),
}

/** Dots that an update replaced or removed: replica and number by turns. */
export type Kills = readonly number[]

export const NO_KILLS: Kills = []

/** Roughly what one killed dot takes in a batch. */
export const KILL_BYTES = 6

/** What is killed, with all that stands now but for what nobody else can have seen. */
export function kill(context: ReplicaContext, head: Dot | undefined, kills: Kills): Kills {
  if (head === undefined) return kills
  const unseen = context.firstPending
  if (head.next === undefined) {
    if (head.replica === SELF && head.seq >= unseen) return kills
    // As a rule the first and only one: an array of just that size.
    if (kills.length === 0) return [head.replica, head.seq]
  }
  const more = [...kills]
  for (let dot: Dot | undefined = head; dot !== undefined; dot = dot.next) {
    if (dot.replica !== SELF || dot.seq < unseen) more.push(dot.replica, dot.seq)
  }
  return more
}

/** Our own dot that no batch has carried yet. Invariant: at most one stands in a cell. */
function pendingDot(context: ReplicaContext, head: Dot | undefined): Dot | undefined {
  for (let dot = head; dot !== undefined; dot = dot.next) {
    if (dot.replica === SELF && dot.seq >= context.firstPending) return dot
  }
  return undefined
}

/** The dot that wins: the latest stamp, then the greater replica id. */
export function winner(context: ReplicaContext, head: Dot): Dot {
  let best = head
  for (let dot = head.next; dot !== undefined; dot = dot.next) {
    if (isLater(context, dot, best)) best = dot
  }
  return best
}

export function isLater(context: ReplicaContext, a: Dot, b: Dot): boolean {
  if (a.stamp !== b.stamp) return a.stamp > b.stamp
  const idA = context.id(a.replica)
  const idB = context.id(b.replica)
  return idA === idB ? a.seq > b.seq : idA > idB
}

/** What a batch says of one cell. */
export interface CellDelta {
  /** The author's, who is row 0. */
  readonly added: Dot | undefined
  /** Rows of the table and numbers by turns. */
  readonly kills: Kills
}

export function encodeCellDelta(
  batch: BatchWriter,
  payload: Payload,
  head: Dot | undefined,
  kills: Kills,
): void {
  const added = pendingDot(batch.context, head)
  batch.body.varint(kills.length + (added === undefined ? 0 : 1))
  if (added !== undefined) {
    batch.body.varint(batch.last - added.seq)
    if (payload.stamped) batch.stamp(added.stamp)
    payload.encode(batch, added.value)
  }
  for (let i = 0; i < kills.length; i += 2) batch.dot(kills[i] ?? 0, kills[i + 1] ?? 0)
}

export function decodeCellDelta(batch: BatchReader, payload: Payload): CellDelta {
  const head = batch.body.varint()
  const killed = head - (head % 2)
  if (killed > batch.body.remaining) batch.body.fail('count beyond the bytes that follow')
  let added: CellDelta['added']
  if (head % 2 === 1) {
    const seq = batch.ownSeq()
    const stamp = payload.stamped ? batch.stamp() : 0
    added = { replica: 0, seq, stamp, value: payload.decode(batch), next: undefined }
  }
  return { added, kills: decodeKills(batch, killed) }
}

function decodeKills(batch: BatchReader, count: number): Kills {
  if (count === 0) return NO_KILLS
  const kills = [batch.row(), batch.seq()]
  for (let i = 2; i < count; i += 2) kills.push(batch.row(), batch.seq())
  return kills
}

/** The cell after the delta: without the killed dots, with the new one. */
export function applyCell(
  head: Dot | undefined,
  delta: CellDelta,
  incoming: Incoming,
): Dot | undefined {
  let rest = head
  for (let i = 0; i < delta.kills.length; i += 2) {
    rest = without(rest, incoming.indexes[delta.kills[i] ?? 0] ?? SELF, delta.kills[i + 1] ?? 0)
  }
  if (delta.added === undefined) return rest
  const replica = incoming.indexes[0] ?? SELF
  for (let dot = rest; dot !== undefined; dot = dot.next) {
    // The author killed it already, unless its batch is wrong. Invariant: one dot of each replica in a cell.
    if (dot.replica === replica) rest = without(rest, replica, dot.seq)
  }
  // Nobody else has this dot: it is taken as it was decoded.
  delta.added.replica = replica
  delta.added.next = rest
  return delta.added
}

/**
 * The cell, and what is killed in it, after an update of a life before ours was made again here: it takes what it had
 * observed and is still here, and no more of others. Of its author's it takes all: where another's update had taken one,
 * and was cut, nobody else would.
 */
export function reissueCell(
  cell: { readonly head: Dot | undefined; readonly kills: Kills },
  { added, kills: observed }: CellDelta,
  again: Reissue,
): { readonly head: Dot | undefined; readonly kills: Kills } {
  let { head } = cell
  const kills = [...cell.kills]
  for (let i = 0; i < observed.length; i += 2) {
    const [replica, seq] = again.dot(observed[i] ?? 0, observed[i + 1] ?? 0)
    if (!hasDot(head, replica, seq)) continue
    head = without(head, replica, seq)
    kills.push(replica, seq)
  }
  for (let dot = head; dot !== undefined; dot = dot.next) {
    if (dot.replica !== SELF && dot.replica !== again.indexes[0]) continue
    head = without(head, dot.replica, dot.seq)
    kills.push(dot.replica, dot.seq)
  }
  if (added === undefined) return { head, kills }
  const seq = again.number(added.seq)
  return { head: { ...added, replica: SELF, seq, next: head }, kills }
}

function without(head: Dot | undefined, replica: number, seq: number): Dot | undefined {
  if (head?.replica === replica && head.seq === seq) return head.next
  for (let dot = head; dot?.next !== undefined; dot = dot.next) {
    if (dot.next.replica !== replica || dot.next.seq !== seq) continue
    dot.next = dot.next.next
    break
  }
  return head
}

export function encodeCell(batch: BatchWriter, payload: Payload, head: Dot | undefined): void {
  const dots: Dot[] = []
  for (let dot = head; dot !== undefined; dot = dot.next) dots.push(dot)
  batch.body.varint(dots.length)
  for (const dot of dots) {
    batch.dot(dot.replica, dot.seq)
    if (payload.stamped) batch.stamp(dot.stamp)
    payload.encode(batch, dot.value)
  }
}

/** The dots of a cell of a state; `replica` is the row in its table. */
export function decodeCell(batch: BatchReader, payload: Payload): Dot | undefined {
  let head: Dot | undefined
  const count = batch.body.count(2)
  const rows = count > 1 ? new Set<number>() : undefined
  for (let left = count; left > 0; left--) {
    const replica = batch.row()
    // A new dot replaces its author's last one, so there is one of each. It also bounds what a join looks through.
    if (rows?.has(replica) === true) batch.body.fail('replica named twice')
    rows?.add(replica)
    const seq = batch.seenSeq(replica)
    const stamp = payload.stamped ? batch.stamp() : 0
    head = { replica, seq, stamp, value: payload.decode(batch), next: head }
  }
  return head
}

/** The causal join of two cells: what only one side holds stays unless the other has seen it. */
export function joinCell(
  context: ReplicaContext,
  mine: Dot | undefined,
  theirs: Dot | undefined,
  incoming: Incoming,
): Dot | undefined {
  let joined: Dot | undefined
  for (let dot = mine; dot !== undefined; dot = dot.next) {
    const unseen = dot.seq > (incoming.seen[dot.replica] ?? 0)
    if (unseen || holds(theirs, dot, incoming)) joined = { ...dot, next: joined }
  }
  for (let dot = theirs; dot !== undefined; dot = dot.next) {
    const replica = incoming.indexes[dot.replica] ?? SELF
    if (dot.seq > (context.seen[replica] ?? 0)) joined = { ...dot, replica, next: joined }
  }
  return joined
}

function holds(theirs: Dot | undefined, wanted: Dot, incoming: Incoming): boolean {
  for (let dot = theirs; dot !== undefined; dot = dot.next) {
    if (dot.seq === wanted.seq && incoming.indexes[dot.replica] === wanted.replica) return true
  }
  return false
}

/** Whether two cells hold the same dots, in whatever order. */
export function sameCell(a: Dot | undefined, b: Dot | undefined): boolean {
  let left = 0
  for (let dot = a; dot !== undefined; dot = dot.next) left++
  for (let dot = b; dot !== undefined; dot = dot.next) {
    left--
    if (!hasDot(a, dot.replica, dot.seq)) return false
  }
  return left === 0
}

function hasDot(head: Dot | undefined, replica: number, seq: number): boolean {
  for (let dot = head; dot !== undefined; dot = dot.next) {
    if (dot.replica === replica && dot.seq === seq) return true
  }
  return false
}

/** Calls `visit` with the index of every replica that dots and kills name. */
export function visitDots(
  head: Dot | undefined,
  kills: Kills,
  visit: (index: number) => void,
): void {
  for (let dot = head; dot !== undefined; dot = dot.next) visit(dot.replica)
  for (let i = 0; i < kills.length; i += 2) visit(kills[i] ?? SELF)
}
