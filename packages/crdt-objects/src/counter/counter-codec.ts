import type { BatchReader } from '../codec/batch-reader.ts'
import { decodeValue } from '../codec/value.ts'

/**
 * What one replica has added, and how much of that was removed.
 *
 * A counter within a map can be removed while another replica adds to it. Were the removal a zero, or the entry simply
 * dropped, the adder's next total (10, then 11) would bring the removed 10 back. So totals only ever go on, and a
 * removal notes the total that it has seen: the value is what came after. Both halves are registers ordered by the
 * number of the update, so the whole is a product of lattices and needs no context. The price: an entry stays, about
 * 30 bytes, for each replica that ever added, until its life is sealed and folded: see {@link CounterBase}.
 */
export interface Entry {
  /** Number of the replica's update that made `total`. */
  seq: number
  total: number
  /** Number and total as seen by the latest removal. Invariant: baseSeq <= seq. */
  baseSeq: number
  baseTotal: number
}

/**
 * What the folded lives have left: of a counter that cannot be removed, those sealed up to the epoch; of a removable one
 * (an entry of a map, or in one), those sealed up to the settled epoch. `docs/protocols/folds.md` says why.
 */
export interface CounterBase {
  /** Their sum. Absent when there is nothing, to a reader, of any of them. */
  readonly total: number | bigint | undefined
  /**
   * The epoch of the latest removal: it took all that was sealed up to there. 0 for none. Invariant: 0, or at least the
   * settled epoch, and then `total` is absent.
   */
  readonly removedIn: number
}

export interface Seen {
  readonly seq: number
  readonly total: number
}

/** What a batch says of a counter. */
export interface CounterDelta {
  /** What its author added since its last batch, or, where that is no exact number, its total. */
  readonly own: (Seen & { readonly isTotal: boolean }) | undefined
  /** Totals by row of the table; of the author (row 0) what its removal has left of its total. */
  readonly removed: ReadonlyMap<number, Seen> | undefined
  /** The epoch up to which everything sealed is removed; 0 for none. */
  readonly removedIn: number
}

/** The state of a counter. */
export interface CounterWhole {
  readonly entries: ReadonlyMap<number, Entry>
  readonly base: CounterBase
}

export const NO_BASE: CounterBase = { total: undefined, removedIn: 0 }
export const EMPTY_COUNTER: CounterWhole = { entries: new Map(), base: NO_BASE }
/** Bits of the first byte of a delta: what it has. */
export const OWN = 1
export const OWN_IS_TOTAL = 2
export const REMOVED = 4
export const REMOVED_BASE = 8
/** Bits beside the number of entries of a state. */
export const BASE_TOTAL = 1
export const BASE_REMOVED = 2
export const BASE_FORMS = 4

/** Reads the delta of a counter. */
export function decodeCounterDelta(batch: BatchReader): CounterDelta {
  const { body } = batch
  const parts = body.byte()
  if (parts >= 2 * REMOVED_BASE) body.fail('parts of a counter')
  const isTotal = (parts & OWN_IS_TOTAL) !== 0
  if (isTotal && (parts & OWN) === 0) body.fail('parts of a counter')
  const own =
    (parts & OWN) === 0 ? undefined : { seq: batch.ownSeq(), total: body.zigzag(), isTotal }
  let removed: Map<number, Seen> | undefined
  if ((parts & REMOVED) !== 0) {
    removed = new Map()
    for (let left = body.count(3); left > 0; left--) {
      const row = batch.row()
      removed.set(row, { seq: batch.seenSeq(row), total: body.zigzag() })
    }
  }
  const removedIn = (parts & REMOVED_BASE) === 0 ? 0 : body.varint()
  return { own, removed, removedIn }
}

/** Reads the state of a counter. */
export function decodeCounterWhole(batch: BatchReader): CounterWhole {
  const { body } = batch
  const head = body.varint()
  const forms = head % BASE_FORMS
  const total = (forms & BASE_TOTAL) === 0 ? undefined : decodeBase(batch)
  const removedIn = (forms & BASE_REMOVED) === 0 ? 0 : body.varint()
  const count = (head - forms) / BASE_FORMS
  if (count * 5 > body.remaining) body.fail('count beyond the bytes that follow')
  const entries = new Map<number, Entry>()
  for (let left = count; left > 0; left--) {
    const row = batch.row()
    if (entries.has(row)) body.fail('replica named twice')
    const seq = batch.seenSeq(row)
    const made = body.zigzag()
    const baseSeq = body.varint()
    const baseTotal = body.zigzag()
    if (baseSeq > seq) body.fail('more removed than added')
    entries.set(row, { seq, total: made, baseSeq, baseTotal })
  }
  return { entries, base: { total, removedIn } }
}

function decodeBase({ body }: BatchReader): number | bigint {
  const total = decodeValue(body)
  if (typeof total === 'bigint' || Number.isSafeInteger(total)) return total as number | bigint
  return body.fail('base of a counter')
}
