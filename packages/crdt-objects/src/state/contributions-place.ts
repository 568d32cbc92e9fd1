import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type {
  Contribution,
  ContributionsBase,
  ContributionsDelta,
  ContributionsWhole,
  Generation,
} from './contributions.ts'
import { NO_BASE, NO_CONTRIBUTIONS } from './contributions.ts'
import { isOverIn } from './sealed-in.ts'
import type { Parent } from './node.ts'
import { Node } from './node.ts'

/** Roughly what a generation takes in a batch besides its content. */
export const GENERATION_BYTES = 10
/** Transactions, and the nodes whose pending content each of them can restore. */
const savedByTransaction = new WeakMap<object, WeakSet<object>>()

/**
 * The state under what accumulates: vectors, moments, histograms, sketches.
 *
 * The naive way keeps one total for each replica and lets the greater update number win. It fails twice. Were an entry
 * dropped when it is removed (from a map, say), the author's next total would bring the removed part back. Were totals
 * sent, a vector of 10,000 numbers would travel whole for one number added to it. And a removal that is a plain "less
 * what I had seen" leaves floating point dust: (t + x) - t is not x.
 *
 * So what a replica adds to a place goes into a GENERATION, named by its author and the update that bore it:
 *
 * - Its author alone writes it. Batches of one author apply in order and once each, so a delta is the increment, and
 *   every replica forms the same total by the same additions: equal to the last bit.
 * - A removal is a MARK on each generation that it observed: the number of the last update seen there and, where
 *   contents subtract, the total at that number. Of two marks, the one with the greater number stands. What a marked
 *   generation still gives is what came after its mark; where contents do not subtract (a sketch that keeps maxima),
 *   all that its author had added to it, or nothing if nothing came after.
 * - An author that sees a mark never adds to that generation again: its next increment bears a new one. So dust can
 *   only come of an addition and a removal that did not know of each other, and is the same everywhere.
 * - When nothing came after the mark, its author closes it with its next batch, and it is gone: only then is it certain
 *   that no further increment is on its way. Until then everybody keeps the total, to subtract it from what may come.
 *   An author's own removal closes at once. So what was removed leaves nothing behind, once its authors wrote anything.
 *
 * Why joins are right. Which generations of an author there are, and their totals, is said by that author's batches
 * alone: of two states, the one that has seen more of the author is right about all of it. Marks are ordered by their
 * numbers, and equal numbers come with equal totals: all apply the same increments in the same order. A state is the
 * product of these two kinds of register; both only ever advance, so the join is associative, commutative, idempotent.
 * A mark is never ahead of what it marks: batches apply after all that their author had seen. A mark on what is not
 * here is on what was closed here, and says nothing.
 *
 * At most two generations of an author are alive: a mark on the second one has seen all of the first one, which so is
 * marked to its end, and is closed before, or together with, the birth of a third.
 */
export abstract class ContributionsPlace<C> extends Node<
  ContributionsDelta<C>,
  ContributionsWhole<C>
> {
  protected readonly contribution: Contribution<C>
  /** Invariant: sealed ones first, in the order of (epoch of the seal, replica id, birth), the same everywhere. */
  protected generations: readonly Generation<C>[] = NO_CONTRIBUTIONS.generations
  /** What of it was folded: it comes before all generations. */
  protected base: ContributionsBase<C> = NO_BASE
  /** What we added since the last batch. It joins a generation when it is sealed: a removal may come before. */
  protected pending: C | undefined
  protected pendingSeq = 0
  /** How much of the pending content counts in the size of the next batch. */
  protected pendingCounted = 0
  /** Everything merged, until something changes. */
  protected sum: C | undefined

  constructor(context: ReplicaContext, parent: Parent, key: string, contribution: Contribution<C>) {
    super(context, parent, key)
    this.contribution = contribution
  }

  /**
   * All contributions, merged in the order of replica ids: equal to the last bit wherever the same is seen. Not a copy:
   * it must not be changed, and is void after the next change here.
   */
  get content(): C {
    return (this.sum ??= this.merge())
  }

  protected merge(): C {
    const { contribution } = this
    const parts = this.parts()
    const [first] = parts
    if (first === undefined) return contribution.zero()
    if (parts.length === 1) return first
    const sum = contribution.zero()
    for (const part of parts) contribution.add(sum, part)
    return sum
  }

  /** Whether one of the contributions passes, without merging them. For contents that do not subtract. */
  protected some(test: (part: C) => boolean): boolean {
    if (this.pending !== undefined && test(this.pending)) return true
    if (this.base.content !== undefined && test(this.base.content)) return true
    return this.generations.some((generation) => isAlive(generation) && test(generation.total))
  }

  /** What each generation still gives, the pending content included as it will be once it is sealed. */
  protected parts(): C[] {
    const { pending } = this
    const open = pending === undefined ? undefined : this.open
    const parts: C[] = this.base.content === undefined ? [] : [this.base.content]
    let pendingPlace = parts.length
    for (const generation of this.generations) {
      if (pending !== undefined && generation === open) {
        parts.push(this.ownContent)
      } else if (isAlive(generation)) {
        parts.push(this.leftOf(generation))
      }
      if (this.compare(generation, SELF, Infinity) < 0) pendingPlace = parts.length
    }
    if (pending !== undefined && open === undefined) parts.splice(pendingPlace, 0, pending)
    return parts
  }

  /** What a generation still gives. Not a copy. */
  protected leftOf({ total, base }: Generation<C>): C {
    return base === undefined ? total : (this.contribution.subtract?.(total, base) ?? total)
  }

  /** Our generation that takes increments, if there is one: nobody is known to have removed of it. */
  protected get open(): Generation<C> | undefined {
    return this.generations.find(({ replica, baseSeq }) => replica === SELF && baseSeq === 0)
  }

  /** What that generation holds, the pending content included. Not a copy. */
  protected get ownContent(): C {
    const { pending, open, contribution } = this
    if (open === undefined || pending === undefined) {
      return open?.total ?? pending ?? contribution.zero()
    }
    const total = contribution.copy(open.total)
    contribution.add(total, pending)
    return total
  }

  /** Where a generation stands relative to (replica, birth). */
  protected compare(generation: Generation<C>, replica: number, birth: number): number {
    if (generation.replica === replica) return generation.birth - birth
    const { sealedIn } = this.context
    const epochs = (sealedIn[generation.replica] || Infinity) - (sealedIn[replica] || Infinity)
    if (epochs < 0 || epochs > 0) return epochs
    return this.context.id(generation.replica) < this.context.id(replica) ? -1 : 1
  }

  /** The place of (replica, birth) among the generations, or where it would be. */
  protected placeOf(replica: number, birth: number): number {
    let low = 0
    let high = this.generations.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const generation = this.generations[middle]
      if (generation !== undefined && this.compare(generation, replica, birth) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  protected find(replica: number, birth: number): Generation<C> | undefined {
    const found = this.generations[this.placeOf(replica, birth)]
    return found?.replica === replica && found.birth === birth ? found : undefined
  }

  protected bear(replica: number, seq: number, total: C): void {
    const born = { replica, birth: seq, seq, total, baseSeq: 0, base: undefined, untold: false }
    this.generations = this.generations.toSpliced(this.placeOf(replica, seq), 0, born)
  }

  /** Adds to a generation. What a mark that ends here refers to is kept, because the total moves on. */
  protected extend(generation: Generation<C>, seq: number, increment: C): void {
    const { contribution } = this
    if (generation.baseSeq === generation.seq && contribution.subtract !== undefined) {
      generation.base = contribution.copy(generation.total)
    }
    contribution.add(generation.total, increment)
    generation.seq = seq
  }

  /**
   * Begins a local addition, whose arguments are checked: takes its update number, and gives the pending content to add
   * into. {@link ContributionsNode.finish} ends it.
   */
  protected begin(): C {
    this.saveForUndo()
    this.pendingSeq = this.context.next()
    this.pending ??= this.contribution.zero()
    this.sum = undefined
    return this.pending
  }

  /** Ends a local addition. */
  protected finish(): void {
    const { pending } = this
    if (pending === undefined) return
    const bytes = this.contribution.bytes(pending)
    this.markDirty(Math.max(0, bytes - this.pendingCounted) + (this.dirty ? 0 : GENERATION_BYTES))
    this.pendingCounted = bytes
    if (!this.present) this.refreshPresence()
    this.notify()
    this.context.operationDone()
  }

  /** Within a transaction, keeps a copy of the pending content, once: all of a transaction is undone, or nothing. */
  protected saveForUndo(): void {
    const { transaction } = this.context
    if (transaction === undefined) return
    const saved = savedByTransaction.get(transaction) ?? new WeakSet()
    if (saved.has(this)) return
    savedByTransaction.set(transaction, saved.add(this))
    const { pending, pendingSeq, pendingCounted } = this
    const copy = pending === undefined ? undefined : this.contribution.copy(pending)
    this.onUndo(() => {
      this.restorePending(copy, pendingSeq, pendingCounted)
    })
  }

  protected restorePending(pending: C | undefined, seq: number, counted: number): void {
    this.pending = pending
    this.pendingSeq = seq
    this.pendingCounted = counted
    this.sum = undefined
  }

  protected isPresent(): boolean {
    if (this.pending !== undefined || this.base.content !== undefined) return true
    return this.generations.some(isAlive)
  }

  isVacant(): boolean {
    const { content, removedIn } = this.base
    if (content !== undefined || removedIn > 0) return false
    return this.pending === undefined && this.generations.length === 0
  }

  reset(): void {
    this.saveMarksForUndo()
    let bytes = 0
    // Nobody can have seen what is pending: it is as if it had never been.
    this.restorePending(undefined, 0, 0)
    let takesSealed = this.base.content !== undefined
    for (const generation of this.generations) {
      if (!isAlive(generation)) continue
      removeAll(generation)
      // Those of sealed lives go with the epoch: that needs no mark.
      const isSealed = this.isSealedUpTo(generation, Infinity)
      generation.untold = !isSealed
      if (isSealed) takesSealed = true
      else bytes += this.markBytes(generation)
    }
    if (takesSealed) {
      this.base = { content: undefined, removedIn: this.context.epoch }
      bytes += GENERATION_BYTES
    }
    this.markDirty(bytes)
    this.refreshPresence()
  }

  protected saveMarksForUndo(): void {
    if (this.context.transaction === undefined) return
    const { pending, pendingSeq, pendingCounted, base } = this
    const marks = this.generations.map((generation) => ({ generation, before: { ...generation } }))
    this.onUndo(() => {
      for (const { generation, before } of marks) Object.assign(generation, before)
      this.base = base
      this.restorePending(pending, pendingSeq, pendingCounted)
    })
  }

  protected markBytes({ replica, total }: Generation<C>): number {
    if (replica === SELF || this.contribution.subtract === undefined) return GENERATION_BYTES
    return GENERATION_BYTES + this.contribution.bytes(total)
  }

  resetBytes(): number {
    let bytes = 0
    for (const generation of this.generations) {
      if (isAlive(generation)) bytes += this.markBytes(generation)
    }
    return bytes
  }

  protected isSealedUpTo({ replica }: Generation<C>, epoch: number): boolean {
    return isOverIn(this.context.sealedIn[replica], epoch)
  }

  protected inOrder(generations: readonly Generation<C>[]): readonly Generation<C>[] {
    if (generations.length < 2) return generations
    return [...generations].sort((a, b) => this.compare(a, b.replica, b.birth))
  }
}

export function removeAll(generation: Generation<unknown>): void {
  generation.baseSeq = generation.seq
  generation.base = undefined
}

/** Whether it still gives something. */
export function isAlive({ seq, baseSeq }: Generation<unknown>): boolean {
  return seq > baseSeq
}

/** Whether our next batch closes it. */
export function isClosing({ replica, seq, baseSeq }: Generation<unknown>): boolean {
  return replica === SELF && seq === baseSeq
}
