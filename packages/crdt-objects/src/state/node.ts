import type { BatchWriter } from '../codec/batch-writer.ts'
import type { SequenceStep } from '../change.ts'
import type { KindIdentity } from '../kind-identity.ts'
import type { ReplicaContext } from './context.ts'
import type { Reissue } from './reissue.ts'

/** What holds a node: another node, or the object. */
export interface Parent {
  childDirty(child: Node): void
  childPresence(present: boolean): void
  /** The object, and the path to this place, for change events. */
  locate(): { readonly object: object; readonly path: string[] }
  /** The step of a path that leads to the child under this key; none leads to an object's root. */
  step(key: string): string | undefined
}

/** How the indexes of a batch or state map to ours, and what its author had seen, by our indexes. */
export interface Incoming {
  /** Our index of each replica in the table. Entry 0 is the author. */
  readonly indexes: readonly number[]
  /** For a state: what it has seen, by our indexes; ALL of a life that is over. Empty for a batch. */
  readonly seen: readonly number[]
  /** For a state: how far each side has folded. */
  readonly folds?: FoldComparison
  /** For a state: the same for places that can be removed, which fold later. */
  readonly removable?: Incoming
}

/** How far two states have folded what was sealed. */
export interface FoldComparison {
  readonly mine: number
  readonly theirs: number
  /** Whether a life, by our index, is part of our base. */
  isFoldedHere(index: number): boolean
  isFoldedThere(index: number): boolean
}

/** Of two states that never entered an epoch. */
export const NO_FOLDS: FoldComparison = {
  mine: 0,
  theirs: 0,
  isFoldedHere: () => false,
  isFoldedThere: () => false,
}

/** Lives that are over, to become part of the base of each place. */
export interface Fold {
  /** Whether removable places fold now, or the others. */
  readonly settles: boolean
  /** Whether the place is removable: it is an entry of a map, or in one. */
  readonly removable: boolean
  /** By our index. */
  isOver(index: number): boolean
}

/**
 * One place in an object: the state of one kind, mutable, with the delta since the last batch kept beside it.
 *
 * The lattice: `apply` is the join with a delta, `join` the causal join with a whole state (Almeida, Shoker, Baquero
 * 2018, section 4): what only one side holds stays unless the other side has seen it, and so removed it.
 */
export abstract class Node<Delta = unknown, Whole = unknown> {
  readonly context: ReplicaContext
  /** None once the parent has let go of an empty node. */
  private parent: Parent | undefined
  readonly key: string
  /** Whether there is a delta to send. */
  dirty = false
  /** Whether anything is there to a reader. Invariant: equals isPresent() between operations. */
  present = false

  constructor(context: ReplicaContext, parent: Parent, key: string) {
    this.context = context
    this.parent = parent
    this.key = key
  }

  /** False once the parent has let go: who kept the node must look its place up again. */
  get attached(): boolean {
    return this.parent !== undefined
  }

  protected abstract isPresent(): boolean
  /** True when nothing at all is kept here, so that the parent may let go. */
  abstract isVacant(): boolean
  /** Removes all that is observed here, as part of an operation that has its number already. */
  abstract reset(): void
  /** How many bytes a removal of all this takes in a batch, roughly. */
  abstract resetBytes(): number
  abstract encodeDelta(batch: BatchWriter): void
  /** Forgets the delta: the batch has it. */
  protected abstract clearDelta(): void
  abstract apply(delta: Delta, incoming: Incoming): void
  abstract encodeWhole(batch: BatchWriter): void
  abstract join(whole: Whole, incoming: Incoming): void
  /** Calls `visit` with the index of every replica that is named here. */
  abstract visitReplicas(visit: (index: number) => void): void

  /**
   * Makes again what a batch of a life before ours says of this place. Tells whether it could: what it had observed, and is
   * not here, is no hindrance.
   */
  abstract reissue(delta: Delta, again: Reissue): boolean

  /** Takes into the base what lives that are over have contributed. What keeps dots alone has no base. */
  fold(_fold: Fold): void {
    // Only what accumulates folds.
  }

  /** Forgets for good what was deleted in epochs before this one, of what keeps a list. */
  trim(_epoch: number): void {
    // Only texts and lists keep what was deleted.
  }

  /** Notes that there is a delta; `bytes` is what it adds to the batch, roughly. */
  markDirty(bytes: number): void {
    this.context.pendingBytes += bytes
    if (this.dirty) return
    this.dirty = true
    this.parent?.childDirty(this)
  }

  /** The object is known to have more than it had: `kind` is of the same family. */
  widen(_kind: KindIdentity): void {
    // Only what has fields below it can be widened.
  }

  /** Has `restore` run should the transaction under way fail: it puts back what is about to change. */
  protected onUndo(restore: () => void): void {
    this.context.transaction?.undo.push(() => {
      restore()
      this.refreshPresence()
    })
  }

  /** The parent lets go of this place and all below it. */
  detach(): void {
    this.parent = undefined
  }

  sealed(): void {
    this.dirty = false
    this.clearDelta()
  }

  refreshPresence(): void {
    const present = this.isPresent()
    if (present === this.present) return
    this.present = present
    this.parent?.childPresence(present)
  }

  /** Tells listeners, if there are any, that this place changed, or the entry `key` of it. */
  notify(key?: string, delta?: readonly SequenceStep[]): void {
    if (this.context.watchers === 0) return
    const { object, path } = this.locate()
    if (key !== undefined) path.push(key)
    this.context.onChange(object, delta === undefined ? { path } : { path, delta })
  }

  locate(): { readonly object: object; readonly path: string[] } {
    if (this.parent === undefined) throw new Error('a place that its parent let go of')
    const place = this.parent.locate()
    const step = this.parent.step(this.key)
    if (step !== undefined) place.path.push(step)
    return place
  }
}
