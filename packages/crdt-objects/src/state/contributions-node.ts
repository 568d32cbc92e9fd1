import type { BatchWriter } from '../codec/batch-writer.ts'
import { SELF } from './context.ts'
import type {
  ContributionsBase,
  ContributionsDelta,
  ContributionsWhole,
  Generation,
} from './contributions.ts'
import { encodeContributionsDelta, encodeContributionsWhole, NO_BASE } from './contributions.ts'
import {
  ContributionsPlace,
  GENERATION_BYTES,
  isAlive,
  isClosing,
  removeAll,
} from './contributions-place.ts'
import type { Fold, FoldComparison, Incoming } from './node.ts'
import { NO_FOLDS } from './node.ts'
import type { Reissue } from './reissue.ts'

/** What accumulates, as it travels, folds and is made again: see {@link ContributionsPlace}. */
export abstract class ContributionsNode<C> extends ContributionsPlace<C> {
  encodeDelta(batch: BatchWriter): void {
    const { pending, pendingSeq: seq } = this
    const birth = this.open?.birth ?? seq
    encodeContributionsDelta(batch, this.contribution, {
      own: pending === undefined ? undefined : { birth, seq, content: pending },
      closed: this.generations.filter(isClosing),
      marked: this.generations.filter((generation) => generation.untold && !isClosing(generation)),
      removedIn: this.base.removedIn,
    })
  }

  /** What is pending joins its generation, by the same addition that receivers make. */
  protected clearDelta(): void {
    // What a failed transaction leaves of a delta is nothing, and no batch had it.
    if (this.context.transaction !== undefined) return
    const { pending, pendingSeq } = this
    this.sum = undefined
    if (pending !== undefined) {
      const { open } = this
      if (open === undefined) this.bear(SELF, pendingSeq, pending)
      else this.extend(open, pendingSeq, pending)
    }
    this.pending = undefined
    this.pendingCounted = 0
    if (this.generations.some(isClosing)) {
      this.context.riders.delete(this)
      this.generations = this.generations.filter((generation) => !isClosing(generation))
    }
    for (const generation of this.generations) generation.untold = false
  }

  apply(delta: ContributionsDelta<C>, incoming: Incoming): void {
    const author = incoming.indexes[0] ?? SELF
    let changed =
      delta.closed.length > 0 && this.close(author, new Set(delta.closed.map(({ birth }) => birth)))
    const { own } = delta
    if (own !== undefined) {
      changed = true
      if (own.birth === own.seq) this.bear(author, own.seq, own.content)
      else {
        const generation = this.find(author, own.birth)
        if (generation !== undefined) this.extend(generation, own.seq, own.content)
      }
    }
    for (const mark of delta.marks) {
      const generation = this.find(incoming.indexes[mark.row] ?? SELF, mark.birth)
      if (generation !== undefined && this.mark(generation, mark.seq, mark.total)) changed = true
    }
    if (delta.removedIn > this.base.removedIn && this.removeSealed(delta.removedIn)) changed = true
    if (changed) this.changed()
  }

  /** Everything that was sealed up to this epoch is removed. */
  private removeSealed(epoch: number): boolean {
    // Whoever writes is past the settled epoch: another one's batch is wrong.
    if (epoch < this.context.settled) return false
    for (const generation of this.generations) {
      if (this.isSealedUpTo(generation, epoch)) removeAll(generation)
    }
    this.base = { content: undefined, removedIn: epoch }
    return true
  }

  reissue({ own, closed, marks, removedIn }: ContributionsDelta<C>, again: Reissue): boolean {
    const oldLife = again.indexes[0] ?? SELF
    /** Of the old life's generations, those of which something was made again. */
    const madeAgain = again.note(this, () => new Set<number>())
    const observed = new Set<Generation<C>>()
    const removed = closed.filter(({ isRemoval }) => isRemoval)
    for (const { birth } of removed) {
      const old = this.find(oldLife, birth)
      if (old !== undefined) observed.add(old)
      const { open } = this
      if (madeAgain.has(birth) && open !== undefined) removeAll(open)
    }
    for (const { row, birth, seq, total } of marks) {
      const generation = this.find(again.indexes[row] ?? SELF, birth)
      if (generation === undefined) continue
      if (this.isSealedUpTo(generation, Infinity)) {
        if (seq === generation.seq) observed.add(generation)
      } else if (this.mark(generation, seq, total)) generation.untold = true
    }
    if (removed.length + marks.length > 0 || removedIn > 0) {
      this.removeSealedAgain(observed, removedIn)
    }
    if (own !== undefined) {
      madeAgain.add(own.birth)
      this.pending ??= this.contribution.zero()
      this.contribution.add(this.pending, own.content)
      this.pendingSeq = again.number(own.seq)
    }
    this.markDirty(GENERATION_BYTES)
    this.changed()
    return true
  }

  /** Of sealed lives all is removed, if all that is here was observed, and nothing else. */
  private removeSealedAgain(observed: ReadonlySet<Generation<C>>, removedIn: number): void {
    const { settled, epoch } = this.context
    if (this.base.content !== undefined && removedIn < Math.max(settled, 1)) return
    const sealed = this.generations.filter(
      (generation) => this.isSealedUpTo(generation, epoch) && isAlive(generation),
    )
    const isObserved = (generation: Generation<C>): boolean =>
      observed.has(generation) || this.isSealedUpTo(generation, removedIn)
    if (sealed.length === 0 && this.base.content === undefined) return
    if (sealed.every(isObserved)) this.removeSealed(epoch)
  }

  override fold(fold: Fold): void {
    if (fold.settles !== fold.removable) {
      // What was sealed comes first from now on.
      if (!fold.removable || this.generations.length < 2) return
      this.generations = this.inOrder(this.generations)
      this.sum = undefined
      return
    }
    const over = this.generations.filter(({ replica }) => fold.isOver(replica))
    if (over.length > 0) {
      this.generations = this.generations.filter(({ replica }) => !fold.isOver(replica))
    }
    let { content, removedIn } = this.base
    // In their order: floating point sums depend on it.
    for (const generation of over.filter(isAlive)) {
      content ??= this.contribution.zero()
      this.contribution.add(content, this.leftOf(generation))
    }
    if (removedIn < this.context.settled) removedIn = 0
    if (over.length === 0 && removedIn === this.base.removedIn) return
    this.base = { content, removedIn }
    this.sum = undefined
  }

  visitReplicas(visit: (index: number) => void): void {
    for (const { replica } of this.generations) visit(replica)
  }

  /** Drops generations. Tells whether a reader sees one go. */
  private close(author: number, births: ReadonlySet<number>): boolean {
    const isClosed = ({ replica, birth }: Generation<C>): boolean =>
      replica === author && births.has(birth)
    const seen = this.generations.some((generation) => isClosed(generation) && isAlive(generation))
    this.generations = this.generations.filter((generation) => !isClosed(generation))
    return seen
  }

  /** Joins a mark: the greater number stands. */
  private mark(generation: Generation<C>, seq: number, total: C | undefined): boolean {
    // Beyond what is here, only a wrong batch marks.
    if (seq <= generation.baseSeq || seq > generation.seq) return false
    generation.baseSeq = seq
    const subtracts = this.contribution.subtract !== undefined
    generation.base = subtracts && seq < generation.seq ? total : undefined
    // To close it is no operation of its own: that goes with the next batch, whatever the batch is for.
    if (isClosing(generation)) this.context.riders.add(this)
    return true
  }

  private changed(): void {
    this.sum = undefined
    this.refreshPresence()
    this.notify()
  }

  encodeWhole(batch: BatchWriter): void {
    const { contribution, generations, base } = this
    encodeContributionsWhole(batch, contribution, { generations, base })
  }

  join(whole: ContributionsWhole<C>, incoming: Incoming): void {
    const knowsMore = (replica: number): boolean =>
      (incoming.seen[replica] ?? 0) > (this.context.seen[replica] ?? 0)
    const folds = incoming.folds ?? NO_FOLDS
    const before = this.generations.filter(isAlive)
    const { content: contentBefore } = this.base
    // Lives that they have sealed, and we have not, have other places.
    this.generations = this.inOrder(this.generations)
    const joined = this.generations.filter(
      ({ replica }) => !knowsMore(replica) && !folds.isFoldedThere(replica),
    )
    let changed = false
    for (const their of whole.generations) {
      const replica = incoming.indexes[their.replica] ?? SELF
      if (folds.isFoldedHere(replica)) continue
      const mine = this.find(replica, their.birth)
      if (knowsMore(replica)) joined.push(this.succeed(mine, { ...their, replica }))
      else if (mine !== undefined) {
        const seen = their.base ?? their.total
        changed = this.mark(mine, their.baseSeq, seen) || changed
      }
    }
    this.generations = this.inOrder(joined)
    this.joinBase(whole.base, folds)
    // One of our own, restored: nobody else says what we close.
    if (joined.some(isClosing)) this.context.riders.add(this)
    const after = this.generations.filter(isAlive)
    if (this.base.content !== contentBefore || changed || !isSame(before, after)) this.changed()
  }

  private joinBase(theirs: ContributionsBase<C>, { mine, theirs: their }: FoldComparison): void {
    const removedIn = Math.max(this.base.removedIn, theirs.removedIn)
    for (const generation of this.generations) {
      if (this.isSealedUpTo(generation, removedIn)) removeAll(generation)
    }
    if (removedIn > 0 && removedIn >= Math.max(mine, their)) {
      this.base = { content: undefined, removedIn }
    } else {
      const { content } = their > mine ? theirs : this.base
      this.base = content === undefined ? NO_BASE : { content, removedIn: 0 }
    }
  }

  /** A generation as one who knows more of its author has it, with our mark. */
  private succeed(mine: Generation<C> | undefined, theirs: Generation<C>): Generation<C> {
    if (mine === undefined) return theirs
    this.mark(theirs, mine.baseSeq, mine.base ?? mine.total)
    theirs.untold = mine.untold
    return theirs
  }
}

/** Whether two lists of generations read the same. */
function isSame(a: readonly Generation<unknown>[], b: readonly Generation<unknown>[]): boolean {
  if (a.length !== b.length) return false
  return a.every(({ replica, birth, seq, baseSeq }, i) => {
    const other = b[i]
    if (other?.replica !== replica || other.birth !== birth) return false
    return other.seq === seq && other.baseSeq === baseSeq
  })
}
