import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { Flushes } from './flushes.ts'
import { type Dot } from './incarnation.ts'
import { type Intent, type MemberEffect, type MemberLimits } from './member-contract.ts'
import { OpenIntents } from './open-intents.ts'
import { type SlotVector } from './slot-vector.ts'

type Emit<Operation> = (effect: MemberEffect<never, Operation>) => void

/** What is written here, until it cannot be lost: who waits to hear so, and what is asked for again after a seal. */
export class OwnWrites<Operation> {
  readonly #limits: MemberLimits
  readonly #emit: Emit<Operation>
  readonly #intents = new OpenIntents<Operation>()
  readonly #flushes: Flushes
  /** Since when an operation waits to be issued again. */
  #waitingSince: number | undefined

  constructor(limits: MemberLimits, emit: Emit<Operation>) {
    this.#limits = limits
    this.#emit = emit
    this.#flushes = new Flushes(limits.flushesMax)
  }

  get hasRedo(): boolean {
    return this.#intents.hasRedo
  }

  note(own: ReplicaId, intents: readonly Intent<Operation>[]): void {
    this.#intents.note(own, intents)
  }

  flush(id: number, last: number | undefined, replicas: number): void {
    const isKept = last !== undefined && this.#flushes.add({ id, last, replicas })
    if (!isKept) this.#emit({ kind: 'ignored', reason: 'a flush that cannot be kept' })
  }

  cancelFlush(id: number): void {
    this.#flushes.cancel(id)
  }

  /** Ends the flushes that enough keepers hold, by `count(last)`. */
  settleFlushes(count: (last: number) => number): void {
    for (const flush of this.#flushes.settle(count)) this.#emit({ kind: 'flushed', ...flush })
  }

  /** Issues the next operation again, one at a time: each says where its updates are now to those after it. */
  reissueNext(vector: SlotVector, isCut: (dot: Dot) => boolean, tick: number): void {
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
    const { held, cut } = this.#flushes.end(last ?? 0)
    for (const id of held) this.#emit({ kind: 'flushed', id, replicas: members })
    for (const id of cut) this.#emit({ kind: 'flush-void', id })
    if (last !== undefined) return this.#intents.cutAt(own, last)
    const intents = this.#intents.abandonOpen()
    if (intents.length > 0) this.#emit({ kind: 'outcome-unknown', intents })
  }
}
