/*
 * A replica behind the gate of the seals. Three things come to it: batches, records of closed seals, and whole states.
 *
 * What a seal in progress may yet cut is never shown: it is staged, which is to hold it without applying it. What a
 * closed seal has cut is never applied. And an epoch is entered only with exactly what its record says, so that a
 * sealed entry of the vector means the same updates everywhere.
 */
import { incarnationOf, type ReplicaId, slotOf } from '@joinery/crdt-objects/engine'
import { invariant } from '../../replication/core/invariant.ts'
import { BatchShelf } from './batch-shelf.ts'
import { type EpochRecord, type SealingView } from './control-contract.ts'
import { heldOf } from './held.ts'
import {
  type Batch,
  type Beginning,
  type MemberLimits,
  type ReplicaPort,
  type StateOffer,
  type Verdict,
} from './member-contract.ts'
import { SealBook } from './seal-book.ts'
import { type SlotVector } from './slot-vector.ts'

/** What records told: nothing bad, that this very replica is sealed, or that it holds what a seal has cut. */
export type Learnt = 'fine' | { readonly sealedAt: number } | 'overrun'

export class GuardedReplica<Body, State> {
  readonly id: ReplicaId
  readonly book = new SealBook()
  /** Held and not shown. Invariant: at most `stagedBatchesMax`. */
  readonly #staged = new BatchShelf<Body>()
  /** Applied, and kept for neighbours. Invariant: at most `keptBatchesMax`. */
  readonly #kept = new BatchShelf<Body>()
  /** When a sealed incarnation was folded here, in ticks. Invariant: only of origins that have batches kept. */
  readonly #settledTickById = new Map<ReplicaId, number>()
  readonly #port: ReplicaPort<Body, State>
  readonly #limits: MemberLimits
  /** It hands over, and takes nothing more than seals ask for. */
  isLeaving = false

  constructor(
    id: ReplicaId,
    from: Beginning<State>,
    port: ReplicaPort<Body, State>,
    limits: MemberLimits,
  ) {
    this.id = id
    this.#port = port
    this.#limits = limits
    port.begin(id, from)
  }

  get vector(): SlotVector {
    return this.#port.vector
  }

  get epoch(): number {
    return this.#port.epoch
  }

  get usage(): { readonly staged: number; readonly kept: number; readonly records: number } {
    return { staged: this.#staged.size, kept: this.#kept.size, records: this.book.recordCount }
  }

  /** The last of its own updates. */
  get ownLast(): number {
    return this.vector.lastOf(this.id)
  }

  /** Notes a batch that this replica made itself. */
  wrote(batch: Batch<Body>): void {
    invariant(batch.origin === this.id, 'a replica writes under its own id')
    this.#keep(batch)
  }

  take(batch: Batch<Body>): Verdict {
    const verdict = this.#judge(batch)
    if (verdict === 'staged') {
      if (this.#staged.size >= this.#limits.stagedBatchesMax) return 'held-back'
      this.#staged.add(batch)
    }
    if (verdict === 'applied') this.#apply(batch)
    this.advance()
    return verdict
  }

  #judge(batch: Batch<Body>): Verdict {
    const { origin, first, last } = batch
    if (this.vector.covers(origin, last)) return 'duplicate'
    if (origin === this.id || this.#isOrphan(batch)) return 'refused'
    const limit = this.book.limit(origin)
    if (limit !== undefined) return last <= limit ? 'staged' : 'refused'
    const target = this.book.target(origin)
    if (target !== undefined) return last <= target ? 'staged' : 'fenced'
    if (this.isLeaving || !this.vector.isNext(origin, first) || !this.#isReady(batch)) {
      return 'held-back'
    }
    return 'applied'
  }

  /** Whether it builds on what a seal has cut. */
  #isOrphan({ dependencies }: Batch<Body>): boolean {
    return dependencies.some(
      ([origin, reach]) => reach !== 'sealed' && this.book.isCut({ origin, seq: reach }),
    )
  }

  #isReady({ dependencies }: Batch<Body>): boolean {
    return dependencies.every(([origin, reach]) => this.vector.covers(origin, reach))
  }

  #apply(batch: Batch<Body>): void {
    const limit = this.book.limit(batch.origin)
    invariant(limit === undefined || batch.last <= limit, 'nothing is applied that a seal has cut')
    this.#port.apply(batch)
    this.#keep(batch)
  }

  #keep(batch: Batch<Body>): void {
    this.#kept.add(batch)
    if (this.#kept.size <= this.#limits.keptBatchesMax) return
    const [oldest] = this.#kept.all()
    this.#kept.drop((kept) => kept === oldest)
  }

  /** Takes in records of closed seals, from whomever. */
  learn(records: readonly EpochRecord[]): Learnt {
    for (const record of records) {
      if (!this.book.add(record)) continue
      for (const { incarnation, last } of record.seals) {
        if (incarnation === this.id) return { sealedAt: last }
        const reach = this.vector.reach(incarnation)
        if (reach !== 'sealed' && reach > last) return 'overrun'
        this.#staged.drop((batch) => batch.last > last, incarnation)
      }
    }
    this.#staged.drop((batch) => this.#isOrphan(batch))
    this.advance()
    return 'fine'
  }

  /** Applies what closed seals and lifted fences allow, and enters the epochs that it can. */
  advance(): void {
    while (this.#applyStaged() || this.#enterNext());
  }

  #applyStaged(): boolean {
    for (const origin of this.#staged.origins) {
      const held = this.book.isFenced(origin) || this.isLeaving
      const end = this.book.limit(origin) ?? (held ? 0 : Infinity)
      const next = this.#staged.get(origin, this.vector.lastOf(origin) + 1)
      if (next === undefined || next.last > end) continue
      if (!this.vector.hasBegun(origin) || !this.#isReady(next)) continue
      this.#apply(next)
      this.#staged.drop((batch) => batch === next, origin)
      return true
    }
    return false
  }

  #enterNext(): boolean {
    const record = this.book.record(this.epoch + 1)
    if (record === undefined) return false
    const hasAll = record.seals.every(
      ({ incarnation, last }) =>
        this.vector.lastOf(incarnation) >= last && this.vector.hasBegun(incarnation),
    )
    if (!hasAll) return false
    this.#port.enterEpoch(record)
    invariant(this.epoch === record.epoch, 'epochs are entered one by one')
    return true
  }

  /** Fences what is in sealing, lifts the fences of whom is not any more, and says what is held of each. */
  fence(
    sealings: readonly SealingView[],
  ): { incarnation: ReplicaId; round: number; held: number }[] {
    const open = new Set(sealings.map(({ incarnation }) => incarnation))
    for (const id of [...this.book.fenced]) if (!open.has(id)) this.book.lift(id)
    this.advance()
    const fenced = sealings.filter(
      ({ incarnation }) => incarnation !== this.id && !this.vector.covers(incarnation, 'sealed'),
    )
    for (const sealing of fenced) this.book.fence(sealing)
    const held = heldOf(
      fenced.map(({ incarnation }) => incarnation),
      this.vector,
      this.#staged,
    )
    return fenced.map(({ incarnation, round }) => ({
      ...{ incarnation, round },
      held: held.get(incarnation) ?? 0,
    }))
  }

  /** How far it holds one incarnation. */
  held(id: ReplicaId): number {
    return heldOf([id, ...this.book.fenced], this.vector, this.#staged).get(id) ?? 0
  }

  /** Why a state cannot be joined, if so. Its records must have been learnt. */
  refusal(offer: StateOffer<Body, State>): string | undefined {
    const { sender, vector, epoch } = offer
    if (this.isLeaving) return 'a replica that leaves takes no state'
    if (this.vector.covers(sender, 'sealed') || this.book.limit(sender) !== undefined) {
      return 'its sender is sealed'
    }
    if (this.book.isFenced(sender)) return 'its sender is in sealing'
    for (let next = this.epoch + 1; next <= epoch; next++) {
      if (this.book.record(next) === undefined) return 'it skips an epoch that is not known here'
    }
    for (const [id, reach] of vector.entries()) {
      if (reach === 'sealed') continue
      const limit = this.book.limit(id)
      if (limit !== undefined && reach > limit) return 'it holds what a seal has cut'
      if (this.book.isFenced(id) && reach > this.vector.lastOf(id)) {
        return 'it shows what a seal may cut'
      }
    }
    return undefined
  }

  join({ state, kept }: StateOffer<Body, State>): void {
    this.#port.join(state)
    for (const batch of kept) if (this.vector.covers(batch.origin, batch.last)) this.#keep(batch)
    this.advance()
  }

  /** Takes over what the giver of a snapshot kept and staged. */
  stock({ kept, staged }: StateOffer<Body, State>): void {
    for (const batch of kept) this.#keep(batch)
    for (const batch of staged) this.#staged.add(batch)
  }

  offer(): StateOffer<Body, State> {
    return {
      sender: this.id,
      epoch: this.epoch,
      vector: this.vector.copy(),
      records: this.book.records(),
      kept: [...this.#kept.all()],
      staged: [...this.#staged.all()],
      state: this.#port.snapshot(),
    }
  }

  /** What a neighbour at `vector` lacks, in an order in which it applies, and whether that is all: else a state must help. */
  batchesAfter(vector: SlotVector): {
    readonly batches: Batch<Body>[]
    readonly isComplete: boolean
  } {
    const lacking = [...this.#kept.all(), ...this.#staged.all()].filter(
      ({ origin, last }) => !vector.covers(origin, last),
    )
    lacking.sort((a, b) => incarnationOf(a.origin) - incarnationOf(b.origin) || a.first - b.first)
    let isComplete = true
    for (const [id, reach] of this.vector.entries()) {
      if (reach === 'sealed' || vector.covers(id, reach)) continue
      isComplete &&= this.#kept.get(id, vector.lastOf(id) + 1) !== undefined
    }
    return { batches: lacking, isComplete }
  }

  /** Drops kept batches that `isStable` says every member has, those of the long sealed, and records up to `floor`. */
  trim(isStable: (batch: Batch<Body>) => boolean, floor: number, tick: number): void {
    this.book.forget(Math.min(floor, this.epoch))
    for (const origin of [...this.#kept.origins]) {
      this.#kept.drop(isStable, origin)
      if (!this.vector.covers(origin, 'sealed')) continue
      const since = this.#settledTickById.get(origin) ?? tick
      this.#settledTickById.set(origin, since)
      if (tick - since >= this.#limits.graceTicks) this.#kept.drop(() => true, origin)
    }
    const origins = new Set(this.#kept.origins)
    for (const id of this.#settledTickById.keys()) {
      if (!origins.has(id)) this.#settledTickById.delete(id)
    }
    this.#staged.drop(({ origin, last }) => this.vector.covers(origin, last))
  }

  check(): void {
    invariant(this.#staged.size <= this.#limits.stagedBatchesMax, 'what is staged is bounded')
    invariant(this.#kept.size <= this.#limits.keptBatchesMax, 'what is kept is bounded')
    const slots = [...this.vector.entries()].map(([id]) => slotOf(id))
    invariant(new Set(slots).size === slots.length, 'a slot has one entry')
  }

  discard(): void {
    this.#port.discard()
  }
}
