import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { type EpochRecord, type SealingView, type SealRecord } from './control-contract.ts'
import { type Dot } from './incarnation.ts'

/** What a member knows of seals: those in progress, which it fences, and those that closed. */
export class SealBook {
  /** Up to where batches of an incarnation in sealing may be staged. Invariant: none of these has a limit. */
  readonly #targetById = new Map<ReplicaId, number>()
  /** The last update of each sealed incarnation. Invariant: exactly those in `#records`. */
  readonly #limitById = new Map<ReplicaId, number>()
  /** Invariant: forgotten only once no member needs them, never for their age. */
  readonly #recordByEpoch = new Map<number, EpochRecord>()

  get fenced(): Iterable<ReplicaId> {
    return this.#targetById.keys()
  }

  isFenced(id: ReplicaId): boolean {
    return this.#targetById.has(id)
  }

  /** Any that is in sealing, so that no state with a tail of it may be joined. */
  get hasFences(): boolean {
    return this.#targetById.size > 0
  }

  target(id: ReplicaId): number | undefined {
    return this.#targetById.get(id)
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

  fence({ incarnation, target }: SealingView): void {
    if (!this.#limitById.has(incarnation)) this.#targetById.set(incarnation, target)
  }

  /** A sealing is over without a seal: its holder is back. */
  lift(id: ReplicaId): void {
    this.#targetById.delete(id)
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
    this.#targetById.delete(incarnation)
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
