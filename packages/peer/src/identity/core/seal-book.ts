import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type EpochRecord, type SealingView, type SealRecord } from './control-contract.ts'
import { type Dot } from './incarnation.ts'

interface Fence {
  /** Up to where batches may be staged. */
  readonly target: number
  /** What the group has as our report. */
  readonly reported: number
  /**
   * Up to where they are in, whatever becomes of others, and so may be shown. Invariant: at most `reported`, for a seal closes at the
   * highest report of a member.
   */
  readonly sure: number
}

/** What a member knows of seals: those in progress, which it fences, and those that closed. */
export class SealBook {
  /** Of those in sealing. Invariant: none of these has a limit. */
  readonly #fenceById = new Map<ReplicaId, Fence>()
  /** The last update of each sealed incarnation. Invariant: exactly those in `#records`. */
  readonly #limitById = new Map<ReplicaId, number>()
  /** Invariant: forgotten only once no member needs them, never for their age. */
  readonly #recordByEpoch = new Map<number, EpochRecord>()

  get fenced(): Iterable<ReplicaId> {
    return this.#fenceById.keys()
  }

  isFenced(id: ReplicaId): boolean {
    return this.#fenceById.has(id)
  }

  /** Any that is in sealing, so that no state with a tail of it may be joined. */
  get hasFences(): boolean {
    return this.#fenceById.size > 0
  }

  target(id: ReplicaId): number | undefined {
    return this.#fenceById.get(id)?.target
  }

  /** The last update of an incarnation that may be shown: no seal will cut it. */
  sure(id: ReplicaId): number {
    return this.#limitById.get(id) ?? this.#fenceById.get(id)?.sure ?? Infinity
  }

  limit(id: ReplicaId): number | undefined {
    return this.#limitById.get(id)
  }

  record(epoch: number): EpochRecord | undefined {
    return this.#recordByEpoch.get(epoch)
  }

  /** Whether a later epoch is known: the records between may be forgotten already. */
  hasRecordAfter(epoch: number): boolean {
    return [...this.#recordByEpoch.keys()].some((known) => known > epoch)
  }

  records(): EpochRecord[] {
    return [...this.#recordByEpoch.values()]
  }

  get recordCount(): number {
    return this.#recordByEpoch.size
  }

  /** Whether a seal has cut this update. */
  isCut({ origin, seq }: Dot): boolean {
    const limit = this.#limitById.get(origin)
    return limit !== undefined && seq > limit
  }

  /** Fences one in sealing. The group has no report of who is no member, or in sealing itself. */
  fence({ incarnation, target, reported = 0 }: SealingView): void {
    if (this.#limitById.has(incarnation)) return
    const before = this.#fenceById.get(incarnation)
    // What is doubted is so until the group has another report: this one may be about to be taken back.
    const sure = before?.reported === reported ? before.sure : reported
    this.#fenceById.set(incarnation, { target, reported, sure })
  }

  /** What was held from `first` on is not, after all: it is not sure to be in until that is reported again. */
  doubt(id: ReplicaId, first: number): void {
    const fence = this.#fenceById.get(id)
    if (fence !== undefined)
      this.#fenceById.set(id, { ...fence, sure: Math.min(fence.sure, first - 1) })
  }

  /** A sealing is over without a seal: its holder is back. */
  lift(id: ReplicaId): void {
    this.#fenceById.delete(id)
  }

  /** Notes an epoch; false when it is known. */
  add(record: EpochRecord): boolean {
    if (this.#recordByEpoch.has(record.epoch)) return false
    this.#recordByEpoch.set(record.epoch, record)
    for (const seal of record.seals) this.#close(seal)
    return true
  }

  #close({ incarnation, last }: SealRecord): void {
    this.#limitById.set(incarnation, last)
    this.#fenceById.delete(incarnation)
  }

  /** Forgets the epochs up to `epoch`, which nobody will ask for. Gives what was sealed in them. */
  forget(epoch: number): void {
    for (const [of, { seals }] of this.#recordByEpoch) {
      if (of > epoch) continue
      this.#recordByEpoch.delete(of)
      for (const { incarnation } of seals) this.#limitById.delete(incarnation)
    }
  }
}
