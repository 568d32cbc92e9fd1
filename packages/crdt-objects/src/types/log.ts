import type { SequenceStep } from '../change.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { own, snapshot } from '../codec/snapshot.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { LogHandle } from '../handles/log.ts'
import type { Kind } from '../kind.ts'
import { checkNoArguments } from '../options.ts'
import type { Schema } from '../schema.ts'
import { SELF } from '../state/context.ts'
import { KILL_BYTES, type Kills } from '../state/dots.ts'
import { checkOperation } from '../state/keyed-node.ts'
import {
  appendEnd,
  decodeLogDelta,
  decodeLogWhole,
  encodeAppends,
  encodeRows,
  NO_ROWS,
  type LogDelta,
} from '../state/log-codec.ts'
import type { LogColumns, LogRows } from '../state/log-entries.ts'
import { LogEntries, capturedValues } from '../state/log-entries.ts'
import type { Incoming } from '../state/node.ts'
import { Node } from '../state/node.ts'
import type { Reissue } from '../state/reissue.ts'
import { defineKind, schemaOf } from './define.ts'
import type { Shareable } from './shareable.ts'

/** What an entry takes in a batch besides its value, roughly. */
const ENTRY_BYTES = 4

/**
 * The entries of all replicas in one order. An entry is never changed, and removed only with all that its remover had
 * seen; so of each replica, what stands is what came after some number. A removal says that number, a state need not:
 * it is below the first entry that stands, or all that was seen.
 */
class LogNode extends Node<LogDelta, LogRows> {
  private entries = new LogEntries(this.context)
  /** Own entries that no batch has carried. */
  private pending: LogColumns = { stamps: [], seqs: [], values: [] }
  /** By replica: the number up to which its entries were removed since the last batch. */
  private kills = new Map<number, number>()

  get length(): number {
    return this.entries.length
  }

  get restingParts(): number {
    return 1 + this.length
  }

  letGo(): void {
    this.entries = new LogEntries(this.context)
  }

  slice(start?: number, end?: number): readonly unknown[] {
    const { length } = this.entries
    const values: unknown[] = []
    for (const value of this.values(position(start, length, 0), position(end, length, length))) {
      values.push(value)
    }
    return Object.freeze(values)
  }

  *values(start?: number, end?: number): Generator {
    for (const value of capturedValues(this.entries.capture(), start, end)) yield snapshot(value)
  }

  /** The values are the state's own. */
  append(values: readonly unknown[], bytes: number): void {
    const { context, pending } = this
    if (context.transaction !== undefined) this.remember()
    const seq = context.next()
    const stamp = context.clock.next()
    const from = pending.values.length
    for (const value of values) {
      pending.stamps.push(stamp)
      pending.seqs.push(seq)
      pending.values.push(value)
    }
    const index = this.entries.insert(SELF, pending, from, pending.values.length)
    this.markDirty(bytes + ENTRY_BYTES * values.length)
    if (!this.present) this.refreshPresence()
    if (context.watchers !== 0) this.notify(undefined, insertion([index], [values]))
    context.operationDone()
  }

  private remember(): void {
    const { pending, kills } = this
    const entries = this.entries.capture()
    const { length } = pending.values
    this.onUndo(() => {
      this.entries.restore(entries)
      this.pending = pending
      for (const column of [pending.stamps, pending.seqs, pending.values]) column.length = length
      this.kills = kills
    })
  }

  protected isPresent(): boolean {
    return this.entries.length > 0
  }

  isVacant(): boolean {
    return this.entries.length === 0 && this.kills.size === 0 && this.pending.values.length === 0
  }

  reset(): void {
    if (this.context.transaction !== undefined) this.remember()
    this.kills = new Map(this.kills)
    const { sealed } = this.context
    for (const [replica, last] of this.entries.lastSeqs()) {
      // What no batch has carried is known to nobody: it is just dropped.
      const seen = replica === SELF ? Math.min(last, sealed) : last
      if (seen > 0) this.kills.set(replica, seen)
    }
    this.entries.clear()
    this.pending = { stamps: [], seqs: [], values: [] }
    this.markDirty(this.kills.size * KILL_BYTES)
    this.refreshPresence()
  }

  resetBytes(): number {
    return this.context.ids.length * KILL_BYTES
  }

  encodeDelta(batch: BatchWriter): void {
    batch.body.varint(this.kills.size)
    for (const [replica, seq] of this.kills) batch.dot(replica, seq)
    encodeAppends(batch, this.pending)
  }

  protected clearDelta(): void {
    this.pending = { stamps: [], seqs: [], values: [] }
    if (this.kills.size > 0) this.kills = new Map()
  }

  apply({ kills, added }: LogDelta, incoming: Incoming): void {
    if (kills.length > 0) this.removeUpTo(kills, incoming)
    const replica = incoming.indexes[0] ?? SELF
    const indexes: number[] = []
    const runs: unknown[][] = []
    const count = added.values.length
    for (let from = 0, to: number; from < count; from = to) {
      // What comes last comes last with all that follows.
      to = this.entries.isLast(replica, added, from) ? count : appendEnd(added, from)
      indexes.push(this.entries.insert(replica, added, from, to))
      if (this.context.watchers !== 0) runs.push(added.values.slice(from, to))
    }
    this.refreshPresence()
    // Of a removal no steps are told: where the removed were is known no more.
    this.notify(undefined, kills.length > 0 ? undefined : insertion(indexes, runs))
  }

  reissue({ kills, added }: LogDelta, again: Reissue): boolean {
    const upTo = new Map<number, number>()
    const note = (replica: number, seq: number): void => {
      upTo.set(replica, Math.max(seq, upTo.get(replica) ?? 0))
    }
    for (let i = 0; i < kills.length; i += 2) {
      const [row, seq] = [kills[i] ?? 0, kills[i + 1] ?? 0]
      note(...again.dot(row, seq))
      // Who had observed the old life after the cut had observed all of it before.
      if (again.isAgain(row, seq)) note(again.indexes[0] ?? SELF, seq)
    }
    const lastSeqs = this.entries.lastSeqs()
    for (const [replica, seq] of upTo) {
      const last = lastSeqs.get(replica)
      if (last !== undefined) this.kills.set(replica, Math.min(seq, last))
    }
    if (upTo.size > 0) {
      this.entries.merge((replica, seq) => seq > (upTo.get(replica) ?? 0), NO_ROWS)
    }
    for (const [i, value] of added.values.entries()) {
      this.pending.stamps.push(added.stamps[i] ?? 0)
      this.pending.seqs.push(again.number(added.seqs[i] ?? 0))
      this.pending.values.push(value)
    }
    const count = this.pending.values.length
    for (let from = count - added.values.length, to: number; from < count; from = to) {
      to = appendEnd(this.pending, from)
      this.entries.insert(SELF, this.pending, from, to)
    }
    this.markDirty((added.values.length + this.kills.size) * KILL_BYTES)
    this.refreshPresence()
    this.notify()
    return true
  }

  private removeUpTo(kills: Kills, incoming: Incoming): void {
    const lastByReplica = new Map<number, number>()
    for (let i = 0; i < kills.length; i += 2) {
      lastByReplica.set(incoming.indexes[kills[i] ?? 0] ?? SELF, kills[i + 1] ?? 0)
    }
    this.entries.merge((replica, seq) => seq > (lastByReplica.get(replica) ?? 0), NO_ROWS)
  }

  encodeWhole(batch: BatchWriter): void {
    encodeRows(batch, this.entries.rows())
  }

  join(whole: LogRows, incoming: Incoming): void {
    /** By replica: the number of the first entry that the other side has. */
    const firstByReplica = new Map<number, number>()
    const news: LogRows = { stamps: [], replicas: [], seqs: [], values: [] }
    whole.replicas.forEach((row, i) => {
      const replica = incoming.indexes[row] ?? SELF
      const seq = whole.seqs[i] ?? 0
      firstByReplica.set(replica, Math.min(seq, firstByReplica.get(replica) ?? seq))
      if (seq <= (this.context.seen[replica] ?? 0)) return
      news.stamps.push(whole.stamps[i] ?? 0)
      news.replicas.push(replica)
      news.seqs.push(seq)
      news.values.push(whole.values[i])
    })
    const isKept = (replica: number, seq: number): boolean =>
      seq > (incoming.seen[replica] ?? 0) || seq >= (firstByReplica.get(replica) ?? Infinity)
    const isRemoved = (replica: number, seq: number): boolean => !isKept(replica, seq)
    if (news.values.length === 0 && !this.entries.some(isRemoved)) return
    this.entries.merge(isKept, news)
    this.refreshPresence()
    this.notify()
  }

  visitReplicas(visit: (index: number) => void): void {
    this.entries.some((replica) => {
      visit(replica)
      return false
    })
    for (const replica of this.kills.keys()) visit(replica)
  }
}

/** As `Array.prototype.slice` takes it. */
function position(given: number | undefined, length: number, absent: number): number {
  if (given === undefined) return absent
  if (typeof given !== 'number') throw invalidValue('a position is a number', given)
  const whole = Math.trunc(given) || 0
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length)
}

/** Values put in at rising indexes, as steps; each index counts what was put in before it. */
function insertion(
  indexes: readonly number[],
  runs: readonly (readonly unknown[])[],
): SequenceStep[] {
  const steps: SequenceStep[] = []
  let end = 0
  for (const [i, run] of runs.entries()) {
    const index = indexes[i] ?? end
    if (index > end) steps.push({ retain: index - end })
    steps.push({ insert: run.map(snapshot) })
    end = index + run.length
  }
  return steps
}

class LocalLog extends LocalHandle<LogNode, readonly unknown[]> {
  append(...items: readonly unknown[]): void {
    if (items.length === 0) return
    let bytes = 0
    // All are checked before a node is made: a refused append leaves nothing behind.
    const values = items.map((item) => {
      const owned = own(item)
      bytes += owned.bytes
      return owned.value
    })
    checkOperation(bytes)
    this.make().append(values, bytes)
  }

  count(): number {
    return this.find()?.length ?? 0
  }

  get length(): number {
    return this.count()
  }

  slice(start?: number, end?: number): readonly unknown[] {
    return this.find()?.slice(start, end) ?? []
  }

  *values(): Generator<unknown, undefined> {
    // Looked for when it is read: until then it may have been packed, and unpacked.
    yield* this.find()?.values() ?? []
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.values()[Symbol.iterator]()
  }
}

const LOG: Kind = defineKind<LogNode>({
  name: 'log',
  args: [],
  verbs: { append: 'write', count: 'read', slice: 'read', values: 'stream' },
  zero: () => [],
  read: (node) => node.slice(),
  emptyWhole: () => NO_ROWS,
  createNode: (context, parent, key) => new LogNode(context, parent, key),
  decodeDelta: decodeLogDelta,
  decodeWhole: decodeLogWhole,
  local: (place) => new LocalLog(LOG, place),
  remote: (place) => new RemoteLog(LOG, place),
})
const RemoteLog = remoteClass(LOG.verbs)

/** The schema of a log of `T`. */
export type LogSchema<T> = Schema<{
  readonly value: readonly T[]
  readonly local: LogHandle<'local', T>
  readonly remote: LogHandle<'remote', T>
  readonly strong: LogHandle<'strong', T>
}>

/** A list that only grows, made for hundreds of thousands of entries: all replicas have them in the same order. */
export function log<T = unknown>(): LogSchema<Shareable<T>>
export function log(...args: readonly unknown[]): Schema {
  checkNoArguments('a log', args)
  return schemaOf(LOG)
}
