import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { JoineryError, invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { CounterHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import { checkNoArguments, checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import { SELF } from '../state/context.ts'
import type { Incoming } from '../state/node.ts'
import { Node } from '../state/node.ts'
import { SmallMap } from '../state/small-map.ts'
import { defineKind, schemaOf } from './define.ts'

/**
 * What one replica has added, and how much of that was removed.
 *
 * A counter within a map can be removed while another replica adds to it. Were the removal a zero, or the entry simply
 * dropped, the adder's next total (10, then 11) would bring the removed 10 back. So totals only ever go on, and a
 * removal notes the total that it has seen: the value is what came after. Both halves are registers ordered by the
 * number of the update, so the whole is a product of lattices and needs no context. The price: an entry stays, about
 * 30 bytes, for each replica that ever added to a removed counter.
 */
interface Entry {
  /** Number of the replica's update that made `total`. */
  seq: number
  total: number
  /** Number and total as seen by the latest removal. Invariant: baseSeq <= seq. */
  baseSeq: number
  baseTotal: number
}

interface Total {
  readonly seq: number
  readonly total: number
}

interface CounterDelta {
  readonly own: Total | undefined
  /** Totals by row of the table. */
  readonly removed: ReadonlyMap<number, Total> | undefined
}

type CounterWhole = ReadonlyMap<number, Entry>

const ENTRY_BYTES = 14

class CounterNode extends Node<CounterDelta, CounterWhole> {
  private readonly entries = new SmallMap<number, Entry>()
  private own: Entry | undefined
  /** Sum of all totals less their bases, or NaN when that is beyond 2^53 - 1. */
  private sum = 0
  /** Whose entries were removed since the last batch. */
  private removed: Set<number> | undefined

  read(): number {
    if (Number.isNaN(this.sum)) throw overflow(this.sum, 0)
    return this.sum
  }

  add(amount: number): void {
    const entry = (this.own ??= this.entry(SELF))
    const sum = Number.isNaN(this.sum) ? this.exactSum(amount) : this.sum + amount
    const total = entry.total + amount
    if (!Number.isSafeInteger(sum) || !Number.isSafeInteger(total)) {
      throw overflow(this.sum, amount)
    }
    const context = this.context
    if (context.transaction !== undefined) this.remember(SELF, entry)
    entry.seq = context.next()
    entry.total = total
    this.sum = sum
    if (!this.dirty) this.markDirty(ENTRY_BYTES)
    if (!this.present) this.refreshPresence()
    if (context.watchers !== 0) this.notify()
    context.operationDone()
  }

  private remember(index: number, entry: Entry): void {
    const before = { ...entry }
    const { sum } = this
    const wasRemoved = this.removed?.has(index) === true
    this.onUndo(() => {
      Object.assign(entry, before)
      this.sum = sum
      if (!wasRemoved) this.removed?.delete(index)
    })
  }

  private entry(index: number): Entry {
    let entry = this.entries.get(index)
    if (entry === undefined) {
      entry = { seq: 0, total: 0, baseSeq: 0, baseTotal: 0 }
      this.entries.set(index, entry)
    }
    return entry
  }

  /** Concurrent amounts may pass 2^53 on the way to a sum that does not. */
  private exactSum(extra = 0): number {
    let sum = BigInt(extra)
    for (const entry of this.entries.values()) sum += BigInt(entry.total) - BigInt(entry.baseTotal)
    const value = Number(sum)
    return Number.isSafeInteger(value) ? value : NaN
  }

  protected isPresent(): boolean {
    for (const entry of this.entries.values()) if (entry.seq > entry.baseSeq) return true
    return false
  }

  isVacant(): boolean {
    for (const entry of this.entries.values()) if (entry.seq > 0 || entry.baseSeq > 0) return false
    return true
  }

  reset(): void {
    for (const [index, entry] of this.entries) {
      if (entry.seq <= entry.baseSeq) continue
      if (this.context.transaction !== undefined) this.remember(index, entry)
      entry.baseSeq = entry.seq
      entry.baseTotal = entry.total
      this.removed ??= new Set()
      this.removed.add(index)
    }
    this.sum = 0
    this.markDirty((this.removed?.size ?? 0) * ENTRY_BYTES)
    this.refreshPresence()
  }

  resetBytes(): number {
    return this.entries.size * ENTRY_BYTES
  }

  encodeDelta(batch: BatchWriter): void {
    const own = this.own
    const changed = own !== undefined && own.seq >= batch.context.firstPending
    batch.body.varint((this.removed?.size ?? 0) * 2 + (changed ? 1 : 0))
    if (changed) {
      batch.body.varint(batch.last - own.seq)
      batch.body.zigzag(own.total)
    }
    if (this.removed === undefined) return
    for (const index of this.removed) {
      const entry = this.entry(index)
      batch.dot(index, entry.baseSeq)
      batch.body.zigzag(entry.baseTotal)
    }
  }

  protected clearDelta(): void {
    this.removed = undefined
  }

  apply(delta: CounterDelta, incoming: Incoming): void {
    if (delta.own !== undefined) this.raise(incoming.indexes[0] ?? SELF, delta.own)
    delta.removed?.forEach((seen, row) => {
      this.remove(incoming.indexes[row] ?? SELF, seen)
    })
    this.settle()
    // An addition alone takes nothing away.
    if (!this.present || delta.removed !== undefined) this.refreshPresence()
    this.notify()
  }

  /** Joins one half of an entry: the greater number wins. */
  private raise(index: number, made: Total): void {
    const entry = this.entry(index)
    if (made.seq <= entry.seq) return
    this.shift(made.total - entry.total)
    entry.seq = made.seq
    entry.total = made.total
  }

  private remove(index: number, seen: Total): void {
    const entry = this.entry(index)
    if (seen.seq > entry.baseSeq) {
      this.shift(entry.baseTotal - seen.total)
      entry.baseSeq = seen.seq
      entry.baseTotal = seen.total
    }
    // What was removed was made: a removal teaches the total too.
    this.raise(index, seen)
  }

  /** Follows a change of an entry; where that cannot be done exactly, the sum is to be made anew. */
  private shift(by: number): void {
    const sum = this.sum + by
    this.sum = Number.isSafeInteger(by) && Number.isSafeInteger(sum) ? sum : NaN
  }

  private settle(): void {
    if (Number.isNaN(this.sum)) this.sum = this.exactSum()
  }

  encodeWhole(batch: BatchWriter): void {
    const entries = [...this.entries].filter(([, entry]) => entry.seq > 0)
    batch.body.varint(entries.length)
    for (const [index, entry] of entries) {
      batch.dot(index, entry.seq)
      batch.body.zigzag(entry.total)
      batch.body.varint(entry.baseSeq)
      batch.body.zigzag(entry.baseTotal)
    }
  }

  join(whole: CounterWhole, incoming: Incoming): void {
    const before = this.sum
    for (const [row, theirs] of whole) {
      const index = incoming.indexes[row] ?? SELF
      this.raise(index, theirs)
      this.remove(index, { seq: theirs.baseSeq, total: theirs.baseTotal })
    }
    this.settle()
    this.refreshPresence()
    if (!Object.is(before, this.sum)) this.notify()
  }
}

function overflow(value: number, amount: number): JoineryError {
  return new JoineryError(
    'COUNTER_OVERFLOW',
    'a counter is exact up to 2^53 - 1 either way, and this is beyond: split it over several counters',
    { value, amount },
  )
}

function decodeTotal(batch: BatchReader, seq: number): Total {
  return { seq, total: batch.body.zigzag() }
}

function decodeDelta(batch: BatchReader): CounterDelta {
  const head = batch.body.varint()
  const own = head % 2 === 1 ? decodeTotal(batch, batch.ownSeq()) : undefined
  if (head < 2) return { own, removed: undefined }
  const removed = new Map<number, Total>()
  for (let left = Math.floor(head / 2); left > 0; left--) {
    const row = batch.row()
    removed.set(row, decodeTotal(batch, batch.seenSeq(row)))
  }
  return { own, removed }
}

function decodeWhole(batch: BatchReader): CounterWhole {
  const entries = new Map<number, Entry>()
  for (let left = batch.body.count(5); left > 0; left--) {
    const row = batch.row()
    if (entries.has(row)) batch.body.fail('replica named twice')
    const { seq, total } = decodeTotal(batch, batch.seenSeq(row))
    const baseSeq = batch.body.varint()
    const baseTotal = batch.body.zigzag()
    if (baseSeq > seq) batch.body.fail('more removed than added')
    entries.set(row, { seq, total, baseSeq, baseTotal })
  }
  return entries
}

class LocalCounter extends LocalHandle<CounterNode, number> {
  add(n = 1): void {
    if (!Number.isSafeInteger(n)) throw invalidValue('a counter adds whole numbers', n)
    this.make().add(n)
  }

  subtract(n = 1): void {
    if (!Number.isSafeInteger(n)) throw invalidValue('a counter subtracts whole numbers', n)
    this.make().add(-n)
  }
}

/** By one addition, unless that one would not be exact. */
function setTo(counter: LocalCounter, value: unknown): void {
  checkWhole(value)
  const distance = value - counter.value
  if (Number.isSafeInteger(distance)) {
    counter.add(distance)
    return
  }
  counter.subtract(counter.value)
  counter.add(value)
}

function checkWhole(value: unknown): asserts value is number {
  if (!Number.isSafeInteger(value)) throw invalidValue('a counter holds a whole number', value)
}

function isWithin(sum: number, bounds: unknown): boolean {
  checkOptions('addIf', bounds, ['min', 'max'])
  const { min = -Infinity, max = Infinity } = bounds as {
    readonly min?: unknown
    readonly max?: unknown
  }
  for (const bound of [min, max]) {
    if (typeof bound !== 'number' || Number.isNaN(bound))
      throw invalidValue('a bound is a number', bound)
  }
  return sum >= (min as number) && sum <= (max as number)
}

const COUNTER: Kind = defineKind<CounterNode>({
  name: 'counter',
  args: [],
  verbs: { add: 'write', subtract: 'write' },
  conditional: {
    set: (counter: LocalCounter, [value]) => {
      setTo(counter, value)
    },
    addAndGet: (counter: LocalCounter, [n]) => {
      counter.add(n as number | undefined)
      return counter.value
    },
    getAndSet: (counter: LocalCounter, [value]) => {
      const before = counter.value
      setTo(counter, value)
      return before
    },
    compareAndSet: (counter: LocalCounter, [expected, value]) => {
      checkWhole(expected)
      checkWhole(value)
      const is = counter.value === expected
      if (is) setTo(counter, value)
      return is
    },
    addIf: (counter: LocalCounter, [n, bounds]) => {
      checkWhole(n)
      const fits = isWithin(counter.value + n, bounds)
      if (fits) counter.add(n)
      return fits
    },
  },
  zero: () => 0,
  read: (node) => node.read(),
  emptyWhole: () => new Map(),
  createNode: (context, parent, key) => new CounterNode(context, parent, key),
  decodeDelta,
  decodeWhole,
  local: (place) => new LocalCounter(COUNTER, place),
  remote: (place) => remoteFace(place),
})
const remoteFace = remoteFaces(COUNTER)

/** The schema of a counter. */
export type CounterSchema = Schema<{
  readonly value: number
  readonly local: CounterHandle<'local'>
  readonly remote: CounterHandle<'remote'>
  readonly strong: CounterHandle<'strong'>
}>

/** A counter of whole numbers: concurrent amounts sum. Exact to 2^53 - 1, an error beyond. */
export function counter(): CounterSchema
export function counter(...args: readonly unknown[]): Schema {
  checkNoArguments('a counter', args)
  return schemaOf(COUNTER)
}
