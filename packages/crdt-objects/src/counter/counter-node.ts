import type { BatchWriter } from '../codec/batch-writer.ts'
import { encodeValue } from '../codec/value.ts'
import { JoineryError } from '../errors.ts'
import { SELF } from '../state/context.ts'
import { isOverIn } from '../state/sealed-in.ts'
import type { Fold, FoldComparison, Incoming } from '../state/node.ts'
import { NO_FOLDS, Node } from '../state/node.ts'
import type { Reissue } from '../state/reissue.ts'
import { SmallMap } from '../state/small-map.ts'
import {
  BASE_FORMS,
  BASE_REMOVED,
  BASE_TOTAL,
  NO_BASE,
  OWN,
  OWN_IS_TOTAL,
  REMOVED,
  REMOVED_BASE,
  type CounterBase,
  type CounterDelta,
  type CounterWhole,
  type Entry,
  type Seen,
} from './counter-codec.ts'

const ENTRY_BYTES = 14

/** A place that is a counter. */
export class CounterNode extends Node<CounterDelta, CounterWhole> {
  private readonly entries = new SmallMap<number, Entry>()
  private own: Entry | undefined
  /** Our total as our batches have told it. */
  private toldTotal = 0
  private base = NO_BASE
  /** Sum of the base and of all totals less their bases, or NaN when that is beyond 2^53 - 1. */
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

  private rememberBase(): void {
    if (this.context.transaction === undefined) return
    const { base, sum } = this
    this.onUndo(() => {
      this.base = base
      this.sum = sum
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
    let sum = BigInt(extra) + BigInt(this.base.total ?? 0)
    for (const entry of this.entries.values()) sum += BigInt(entry.total) - BigInt(entry.baseTotal)
    const value = Number(sum)
    return Number.isSafeInteger(value) ? value : NaN
  }

  protected isPresent(): boolean {
    if (this.base.total !== undefined) return true
    for (const entry of this.entries.values()) if (entry.seq > entry.baseSeq) return true
    return false
  }

  isVacant(): boolean {
    if (this.base.total !== undefined || this.base.removedIn > 0) return false
    for (const entry of this.entries.values()) if (entry.seq > 0 || entry.baseSeq > 0) return false
    return true
  }

  reset(): void {
    const { epoch, sealedIn } = this.context
    let takesSealed = this.base.total !== undefined
    for (const [index, entry] of this.entries) {
      if (entry.seq <= entry.baseSeq) continue
      if (this.context.transaction !== undefined) this.remember(index, entry)
      removeAll(entry)
      if ((sealedIn[index] ?? 0) > 0) takesSealed = true
      else (this.removed ??= new Set()).add(index)
    }
    if (takesSealed) {
      this.rememberBase()
      this.base = { total: undefined, removedIn: epoch }
    }
    this.sum = 0
    this.markDirty(((this.removed?.size ?? 0) + (takesSealed ? 1 : 0)) * ENTRY_BYTES)
    this.refreshPresence()
  }

  resetBytes(): number {
    return this.entries.size * ENTRY_BYTES
  }

  encodeDelta(batch: BatchWriter): void {
    const { own, removed, base, toldTotal } = this
    const { body, context } = batch
    const changed = own !== undefined && own.seq >= context.firstPending
    const amount = (own?.total ?? 0) - toldTotal
    const isTotal = changed && !Number.isSafeInteger(amount)
    // Of a base that was removed before, too: that costs little, and is rare.
    const removesBase = base.removedIn > 0
    body.byte(
      (changed ? OWN : 0) |
        (isTotal ? OWN_IS_TOTAL : 0) |
        (removed === undefined ? 0 : REMOVED) |
        (removesBase ? REMOVED_BASE : 0),
    )
    if (changed) {
      body.varint(batch.last - own.seq)
      body.zigzag(isTotal ? own.total : amount)
    }
    if (removed !== undefined) {
      body.varint(removed.size)
      for (const index of removed) {
        const entry = this.entry(index)
        batch.dot(index, entry.baseSeq)
        body.zigzag(index === SELF ? leftOf(entry) : entry.baseTotal)
      }
    }
    if (removesBase) body.varint(base.removedIn)
  }

  protected clearDelta(): void {
    this.removed = undefined
    this.toldTotal = this.own?.total ?? 0
  }

  apply(delta: CounterDelta, incoming: Incoming): void {
    const { own } = delta
    const author = incoming.indexes[0] ?? SELF
    if (own !== undefined) this.grow(this.entry(author), own)
    // Ours, taken in with the state of another: all of it has left.
    if (author === SELF && this.context.restoring) this.resume()
    delta.removed?.forEach((seen, row) => {
      const entry = this.entries.get(incoming.indexes[row] ?? SELF)
      if (entry === undefined || seen.seq > entry.seq) return
      remove(entry, seen.seq, row === 0 ? exact(entry.total - seen.total) : seen.total)
    })
    if (delta.removedIn > this.base.removedIn) this.removeSealed(delta.removedIn)
    if (delta.removed !== undefined || delta.removedIn > 0 || Number.isNaN(this.sum)) {
      this.sum = this.exactSum()
    }
    // An addition alone takes nothing away.
    if (!this.present || delta.removed !== undefined || delta.removedIn > 0) this.refreshPresence()
    this.notify()
  }

  private grow(entry: Entry, { seq, total: told, isTotal }: Seen & { isTotal: boolean }): void {
    const total = isTotal ? told : entry.total + told
    // Only a wrong batch leaves the exact numbers: what it brings stops at their ends.
    const kept = exact(total)
    const sum = this.sum + (kept - entry.total)
    // Where that cannot be done exactly, the sum is made anew.
    this.sum = Number.isSafeInteger(kept - entry.total) && Number.isSafeInteger(sum) ? sum : NaN
    raise(entry, seq, kept)
  }

  /** Everything that was sealed up to this epoch is removed. */
  private removeSealed(epoch: number): void {
    const { settled, sealedIn } = this.context
    // An author that is past the settled epoch is the only one there is: another one's batch is wrong.
    if (epoch < settled) return
    for (const [index, entry] of this.entries) {
      if (isOverIn(sealedIn[index], epoch)) removeAll(entry)
    }
    this.base = { total: undefined, removedIn: epoch }
  }

  reissue({ own, removed, removedIn }: CounterDelta, again: Reissue): boolean {
    let isWhole = true
    const mine = (this.own ??= this.entry(SELF))
    if (own?.isTotal === true) isWhole = false
    else if (own !== undefined) this.grow(mine, { ...own, seq: again.number(own.seq) })
    const observed = new Set<Entry>()
    removed?.forEach(({ seq, total }, row) => {
      if (row === 0) {
        // All of the old life, and of ours but what came after.
        const old = this.entries.get(again.indexes[0] ?? SELF)
        if (old !== undefined) observed.add(old)
        if (!again.isAgain(row, seq)) return
        remove(mine, again.number(seq), exact(mine.total - total))
        ;(this.removed ??= new Set()).add(SELF)
      } else this.removeAgain(again.indexes[row] ?? SELF, { seq, total }, observed)
    })
    if (removed !== undefined || removedIn > 0) this.removeSealedAgain(observed, removedIn)
    this.sum = this.exactSum()
    this.markDirty(ENTRY_BYTES * (1 + (removed?.size ?? 0)))
    this.refreshPresence()
    this.notify()
    return isWhole
  }

  private removeAgain(index: number, { seq, total }: Seen, observed: Set<Entry>): void {
    const entry = this.entries.get(index)
    if (entry === undefined || seq > entry.seq) return
    if ((this.context.sealedIn[index] ?? 0) > 0) {
      if (seq === entry.seq) observed.add(entry)
      return
    }
    remove(entry, seq, total)
    ;(this.removed ??= new Set()).add(index)
  }

  /** Of sealed lives all is removed, if all that is here was observed, and nothing else. */
  private removeSealedAgain(observed: ReadonlySet<Entry>, removedIn: number): void {
    const { sealedIn, settled, epoch } = this.context
    if (this.base.total !== undefined && removedIn < Math.max(settled, 1)) return
    let isAny = this.base.total !== undefined
    for (const [index, entry] of this.entries) {
      if (!isOverIn(sealedIn[index], epoch) || entry.seq <= entry.baseSeq) continue
      if (!observed.has(entry) && !isOverIn(sealedIn[index], removedIn)) return
      isAny = true
    }
    if (isAny) this.removeSealed(epoch)
  }

  override fold(fold: Fold): void {
    if (fold.settles !== fold.removable) return
    let { total, removedIn } = this.base
    for (const [index, entry] of this.entries) {
      if (!fold.isOver(index)) continue
      if (entry.seq > entry.baseSeq) {
        total = plus(total ?? 0, plus(entry.total, -entry.baseTotal))
      }
      this.entries.delete(index)
    }
    if (removedIn < this.context.settled) removedIn = 0
    if (total !== this.base.total || removedIn !== this.base.removedIn) {
      this.base = { total, removedIn }
    }
  }

  encodeWhole(batch: BatchWriter): void {
    const { body } = batch
    const { total, removedIn } = this.base
    const entries = [...this.entries].filter(([, entry]) => entry.seq > 0)
    const forms = (total === undefined ? 0 : BASE_TOTAL) | (removedIn > 0 ? BASE_REMOVED : 0)
    body.varint(entries.length * BASE_FORMS + forms)
    if (total !== undefined) encodeValue(body, total)
    if (removedIn > 0) body.varint(removedIn)
    for (const [index, entry] of entries) {
      batch.dot(index, entry.seq)
      body.zigzag(entry.total)
      body.varint(entry.baseSeq)
      body.zigzag(entry.baseTotal)
    }
  }

  join(whole: CounterWhole, incoming: Incoming): void {
    const before = this.sum
    const folds = incoming.folds ?? NO_FOLDS
    for (const index of [...this.entries.keys()]) {
      // Part of their base, which is later than ours.
      if (folds.isFoldedThere(index)) this.entries.delete(index)
    }
    for (const [row, theirs] of whole.entries) {
      const index = incoming.indexes[row] ?? SELF
      if (folds.isFoldedHere(index)) continue
      const entry = this.entry(index)
      raise(entry, theirs.seq, theirs.total)
      remove(entry, theirs.baseSeq, theirs.baseTotal)
    }
    this.joinBase(whole.base, folds)
    // Our own entry comes of our own state, restored: all of it has left.
    if (this.context.restoring) this.resume()
    this.sum = this.exactSum()
    this.refreshPresence()
    if (!Object.is(before, this.sum)) this.notify()
  }

  private joinBase(theirs: CounterBase, { mine, theirs: their }: FoldComparison): void {
    const removedIn = Math.max(this.base.removedIn, theirs.removedIn)
    for (const [index, entry] of this.entries) {
      if (isOverIn(this.context.sealedIn[index], removedIn)) removeAll(entry)
    }
    if (removedIn > 0 && removedIn >= Math.max(mine, their)) {
      this.base = { total: undefined, removedIn }
    } else {
      const { total } = their > mine ? theirs : this.base
      // As a rule nothing: an object for each counter would be a fifth of what it takes.
      this.base = total === undefined ? NO_BASE : { total, removedIn: 0 }
    }
  }

  private resume(): void {
    this.own = this.entries.get(SELF)
    this.toldTotal = this.own?.total ?? 0
  }

  visitReplicas(visit: (index: number) => void): void {
    for (const index of this.entries.keys()) visit(index)
  }
}

const MAX = Number.MAX_SAFE_INTEGER

function exact(total: number): number {
  return Math.min(Math.max(total, -MAX), MAX)
}

/** What the latest removal has left of a total. */
function leftOf({ total, baseTotal }: Entry): number {
  return exact(total - baseTotal)
}

/** Joins one half of an entry: the greater number wins. */
function raise(entry: Entry, seq: number, total: number): void {
  if (seq <= entry.seq) return
  entry.seq = seq
  entry.total = total
}

/** Joins the other half. */
function remove(entry: Entry, seq: number, total: number): void {
  if (seq <= entry.baseSeq) return
  entry.baseSeq = seq
  entry.baseTotal = total
}

function removeAll(entry: Entry): void {
  entry.baseSeq = entry.seq
  entry.baseTotal = entry.total
}

/** An exact sum: a number where that can be. */
function plus(sum: number | bigint, amount: number | bigint): number | bigint {
  const exact = BigInt(sum) + BigInt(amount)
  const value = Number(exact)
  return Number.isSafeInteger(value) ? value : exact
}

function overflow(value: number, amount: number): JoineryError {
  return new JoineryError(
    'COUNTER_OVERFLOW',
    'a counter is exact up to 2^53 - 1 either way, and this is beyond: split it over several counters',
    { value, amount },
  )
}
