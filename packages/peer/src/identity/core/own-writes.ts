import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { Flushes } from './flushes.ts'
import { type Dot } from './incarnation.ts'
import { type Intent, type MemberEffect, type MemberLimits } from './member-contract.ts'
import { OpenIntents, type Redo } from './open-intents.ts'

type Emit<Operation> = (effect: MemberEffect<never, Operation>) => void

/** What is written here, until it cannot be lost: who waits to hear so, and what is asked for again after a seal. */
export class OwnWrites<Operation> {
  readonly #limits: MemberLimits
  readonly #emit: Emit<Operation>
  readonly #intents: OpenIntents<Operation>
  readonly #flushes: Flushes
  /** Since when an operation waits to be issued again. */
  #waitingSince: number | undefined

  constructor(limits: MemberLimits, emit: Emit<Operation>) {
    this.#limits = limits
    this.#emit = emit
    this.#flushes = new Flushes(limits.flushesMax)
    this.#intents = new OpenIntents(limits.intentsSizeMax)
  }

  get hasRedo(): boolean {
    return this.#intents.hasRedo
  }

  /** How many batches may have to be issued again, or are to be: of the present life, and of those that are over. */
  get unsettled(): number {
    return this.#intents.count
  }

  /** Whether as much as may be kept waits to be issued again: what is written now could not be. */
  get isRedoFull(): boolean {
    return this.#intents.isRedoFull
  }

  note(own: ReplicaId, intents: readonly Intent<Operation>[]): void {
    const dropped = this.#intents.note(own, intents)
    if (dropped > 0) this.#emit({ kind: 'unkept', count: dropped })
  }

  /** What was written under the id of a life that is over meanwhile. */
  noteFormer(own: ReplicaId, intents: readonly Intent<Operation>[]): void {
    const dropped = this.#intents.noteFormer(own, intents)
    if (dropped > 0) this.#emit({ kind: 'unkept', count: dropped })
  }

  /** What is to be issued again, in the order in which it was asked for. */
  get redo(): readonly Redo<Operation>[] {
    return this.#intents.redo
  }

  /** What is to be issued again cannot be. */
  abandonRedo(): void {
    const intents = this.#intents.abandonRedo()
    if (intents.length > 0) this.#emit({ kind: 'outcome-unknown', intents })
  }

  flush(id: number, last: number | undefined, replicas: number): void {
    const isKept = last !== undefined && this.#flushes.add({ id, last, replicas })
    if (!isKept) this.#emit({ kind: 'ignored', reason: 'a flush that cannot be kept' })
  }

  cancelFlush(id: number): void {
    this.#flushes.cancel(id)
  }

  /** Ends the flushes that enough keepers hold, by `count(last, replicas)`. */
  settleFlushes(count: (last: number, replicas: number) => number): void {
    if (this.#flushes.size === 0) return
    for (const flush of this.#flushes.settle(count)) this.#emit({ kind: 'flushed', ...flush })
  }

  /** Issues the next operation again, one at a time: each says where its updates are now to those after it. */
  reissueNext(vector: VersionVector, isCut: (dot: Dot) => boolean, tick: number): void {
    if (!this.hasRedo) return
    this.#waitingSince ??= tick
    const isPatient = tick - this.#waitingSince < this.#limits.reissueTicks
    const redo = this.#intents.next(vector, isCut, isPatient)
    if (redo === undefined) return
    this.#waitingSince = undefined
    this.#emit({ kind: 'reissue', ...redo })
  }

  /** Lets go of what all `holders` hold. */
  letGo(isStable: (seq: number) => boolean, holders: readonly ReplicaId[]): void {
    const last = this.#intents.letGo(isStable)
    if (last !== undefined) this.#emit({ kind: 'let-go', last, holders })
  }

  /** The life `own` is sealed at `last`, which all `members` hold; undefined when nobody knows any more where. */
  end(own: ReplicaId, last: number | undefined, members: number): void {
    const { held, open } = this.#flushes.end(last ?? 0, members)
    for (const id of held) this.#emit({ kind: 'flushed', id, replicas: members })
    for (const id of open) this.#emit({ kind: 'flush-void', id })
    if (last !== undefined) return this.#intents.cutAt(own, last)
    const intents = this.#intents.abandonOpen()
    if (intents.length > 0) this.#emit({ kind: 'outcome-unknown', intents })
  }
}
