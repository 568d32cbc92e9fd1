/*
 * A replica behind the gate of the seals. Three things come to it: batches, records of closed seals, and whole states.
 *
 * What a seal in progress may yet cut is never shown: it is staged, which is to hold it without applying it. A seal cuts
 * nothing that a member has reported as held, so what the group has our report of is shown: else who lacked a little of one
 * that died would show nothing that others write on top of that until the seal closed, and by then others have died. What a
 * closed seal has cut is never applied. And an epoch is entered only with exactly what its record says, so that the
 * epoch of a vector means the same updates everywhere.
 */
import { type ReplicaId, VersionVector } from '@joinery/crdt-objects/engine'
import { BatchLog } from '../../replication/core/batch-log.ts'
import { invariant } from '../../replication/core/invariant.ts'
import { BatchShelf } from './batch-shelf.ts'
import { type EpochRecord, type SealingView } from './control-contract.ts'
import { Held } from './held.ts'
import {
  type Batch,
  type Beginning,
  type MemberLimits,
  type ReplicaPort,
  type StagedEnd,
  type StateOffer,
  type Verdict,
} from './member-contract.ts'
import { SealBook } from './seal-book.ts'

/** What records told: nothing bad, that this very replica is sealed, or that it holds what a seal has cut. */
export type Learnt = 'fine' | { readonly sealedAt: number } | 'overrun'

export class GuardedReplica<Body, State> {
  readonly id: ReplicaId
  readonly book = new SealBook()
  /** Held and not shown. Invariant: at most `stagedSizeMax`. */
  readonly #staged = new BatchShelf<Body>()
  readonly #held = new Held(this.#staged)
  /** Applied, and kept for neighbours. Invariant: each origin's ends where the vector does, or is empty. */
  readonly #kept: BatchLog<Batch<Body>>
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
    this.#kept = new BatchLog(limits.keptSizeMax)
    port.begin(id, from)
  }

  get vector(): VersionVector {
    return this.#port.vector
  }

  get epoch(): number {
    return this.vector.epoch
  }

  get settled(): number {
    return this.#port.settledEpoch
  }

  get usage(): { readonly staged: number; readonly kept: number; readonly records: number } {
    return { staged: this.#staged.size, kept: this.#kept.size, records: this.book.recordCount }
  }

  /** The last of its own updates. */
  get ownLast(): number {
    return this.vector.lastOf(this.id, Infinity)
  }

  /** Notes a batch that this replica made itself. */
  wrote(batch: Batch<Body>): void {
    invariant(batch.origin === this.id, 'a replica writes under its own id')
    this.#kept.append(batch)
  }

  take(batch: Batch<Body>): Verdict {
    const verdict = this.#judge(batch)
    if (verdict === 'staged' && !this.#stage(batch)) return 'held-back'
    if (verdict === 'applied' && this.#apply(batch) !== 'applied') return 'unread'
    this.advance()
    return verdict
  }

  #stage(batch: Batch<Body>): boolean {
    if (this.#staged.size + batch.size > this.#limits.stagedSizeMax) return false
    this.#staged.add(batch)
    return true
  }

  #judge(batch: Batch<Body>): Verdict {
    const { origin, first, last } = batch
    if (this.vector.has(origin, last)) return 'duplicate'
    if (origin === this.id || this.#isOrphan(batch)) return 'refused'
    const limit = this.book.limit(origin)
    if (limit !== undefined) return last <= limit ? 'staged' : 'refused'
    const target = this.book.target(origin)
    if (target !== undefined) return last <= target ? 'staged' : 'fenced'
    const isNext = this.vector.hasBegun(origin) && this.vector.get(origin) === first - 1
    if (!this.isLeaving && isNext && this.#isReady(batch)) return 'applied'
    // What builds on a hidden tail is hidden with it. It is held all the same: the rest of the tail may build on it.
    const isHeld = this.book.hasFences && this.#held.with(batch, this.vector)
    return isHeld ? 'staged' : 'held-back'
  }

  /** Whether it builds on what a seal has cut. */
  #isOrphan({ dependencies }: Batch<Body>): boolean {
    return dependencies.some(([origin, seq]) => this.book.isCut({ origin, seq }))
  }

  #isReady({ epoch, dependencies }: Batch<Body>): boolean {
    return epoch <= this.epoch && dependencies.every(([id, last]) => this.vector.has(id, last))
  }

  #apply(batch: Batch<Body>): ReturnType<ReplicaPort<Body, State>['apply']> {
    const limit = this.book.limit(batch.origin)
    invariant(limit === undefined || batch.last <= limit, 'nothing is applied that a seal has cut')
    const outcome = this.#port.apply(batch)
    if (outcome === 'applied') this.#kept.append(batch)
    return outcome
  }

  /** Takes in records of closed seals, from whomever. */
  learn(records: readonly EpochRecord[]): Learnt {
    for (const record of records) {
      if (!this.book.add(record)) continue
      for (const { incarnation, last } of record.seals) {
        if (incarnation === this.id) return { sealedAt: last }
        const reach = this.vector.get(incarnation)
        if (reach !== 'sealed' && reach > last) return 'overrun'
        this.#staged.drop((batch) => batch.last > last, incarnation)
      }
    }
    this.#staged.drop((batch) => this.#isOrphan(batch))
    this.#held.forget()
    this.advance()
    return 'fine'
  }

  /** Applies what closed seals and lifted fences allow, and enters the epochs that it can. */
  advance(): void {
    while (this.#applyStaged() || this.#enterNext());
  }

  #applyStaged(): boolean {
    for (const origin of this.#staged.origins) {
      const end = this.isLeaving ? (this.book.limit(origin) ?? 0) : this.book.sure(origin)
      const next = this.#staged.get(origin, this.vector.lastOf(origin, Infinity) + 1)
      if (next === undefined || next.last > end) continue
      if (!this.vector.hasBegun(origin) || !this.#isReady(next)) continue
      const outcome = this.#apply(next)
      if (outcome === 'not-yet') continue
      // What is damaged was so when it came: it is to be fetched again, and until then it is not held.
      this.#staged.delete(next)
      if (outcome === 'applied') return true
      this.book.doubt(origin, next.first)
      this.#held.forget()
    }
    return false
  }

  #enterNext(): boolean {
    const record = this.book.record(this.epoch + 1)
    if (record === undefined) return false
    const hasAll = record.seals.every(
      ({ incarnation, last }) =>
        this.vector.has(incarnation, last) && this.vector.hasBegun(incarnation),
    )
    if (!hasAll) return false
    this.#port.enterEpoch(record)
    invariant(this.epoch === record.epoch, 'epochs are entered one by one')
    return true
  }

  /** Everybody who may write is in `epoch` or past it, and what they wrote before is applied here. */
  settle(epoch: number): void {
    this.#port.settleEpoch(epoch)
  }

  /** Everybody who may write has settled `epoch`, and what they wrote before is applied here. */
  forget(epoch: number): void {
    this.#port.trimEpoch(epoch)
  }

  /** Fences what is in sealing, lifts the fences of whom is not any more, and says what is held of each. */
  fence(
    sealings: readonly SealingView[],
  ): { incarnation: ReplicaId; round: number; held: number }[] {
    const open = new Set(sealings.map(({ incarnation }) => incarnation))
    for (const id of [...this.book.fenced]) if (!open.has(id)) this.book.lift(id)
    this.advance()
    const isOpen = ({ incarnation }: SealingView): boolean =>
      incarnation !== this.id && !this.vector.has(incarnation, 'sealed')
    for (const sealing of sealings.filter(isOpen)) this.book.fence(sealing)
    // The group may have our report of what is staged by now.
    this.advance()
    const fenced = sealings.filter(isOpen)
    const held = this.#held.ofAll(
      fenced.map(({ incarnation }) => incarnation),
      this.vector,
    )
    return fenced.map(({ incarnation, round }) => ({
      ...{ incarnation, round },
      held: held.get(incarnation) ?? 0,
    }))
  }

  /** Up to where it has those in sealing, and what builds on them, whether it holds what that depends on or not. */
  stagedEnds(): StagedEnd[] {
    return [...new Set([...this.book.fenced, ...this.#staged.origins])].flatMap((origin) => {
      let last = this.vector.lastOf(origin, Infinity)
      if (last === Infinity) return []
      let next = this.#staged.get(origin, last + 1)
      while (next !== undefined) {
        last = next.last
        next = this.#staged.get(origin, last + 1)
      }
      return [{ origin, last, isFenced: this.book.isFenced(origin) }]
    })
  }

  /** How far it holds one incarnation. */
  held(id: ReplicaId): number {
    return this.#held.of(id, this.vector)
  }

  /** Why a state cannot be joined, if so. Its records must have been learnt. */
  refusal(offer: StateOffer<Body, State>): string | undefined {
    const { sender, vector } = offer
    if (this.isLeaving) return 'a replica that leaves takes no state'
    if (this.vector.has(sender, 'sealed') || this.book.limit(sender) !== undefined) {
      return 'its sender is sealed'
    }
    if (this.book.isFenced(sender)) return 'its sender is in sealing'
    for (let next = this.epoch + 1; next <= vector.epoch; next++) {
      if (this.book.record(next) === undefined) return 'it skips an epoch that is not known here'
    }
    for (const [id, reach] of vector.entries()) {
      const limit = this.book.limit(id)
      if (limit !== undefined && reach > limit) return 'it holds what a seal has cut'
      if (this.book.isFenced(id) && reach > this.vector.lastOf(id, Infinity)) {
        return 'it shows what a seal may cut'
      }
    }
    return undefined
  }

  /** Joins it, unless `isRefused`; the batches that came with it are taken all the same. */
  join({ state, kept, staged }: StateOffer<Body, State>, isRefused: boolean): void {
    if (!isRefused) {
      const before = this.vector.copy()
      this.#port.join(state)
      this.#fill(kept, before)
      this.advance()
    }
    for (const batch of [...kept, ...staged]) this.take(batch)
  }

  /**
   * Keeps what came with a state. What was here before it stands where it came: it must not move behind what builds on it.
   * What came with the state alone is in no log, and so nothing joins up with it.
   */
  #fill(kept: readonly Batch<Body>[], before: VersionVector): void {
    for (const batch of kept) {
      const { origin, first, last } = batch
      if (!before.has(origin, first) && this.vector.has(origin, last)) this.#kept.fill(batch)
    }
    for (const origin of [...this.#kept.origins]) {
      const end = this.book.limit(origin) ?? this.vector.lastOf(origin, Infinity)
      if (this.#kept.end(origin) !== end) this.#kept.forget(origin)
    }
  }

  /** Takes over what the giver of a snapshot kept and staged. */
  stock({ kept, staged }: StateOffer<Body, State>): void {
    this.#fill(kept, new VersionVector())
    for (const batch of staged) this.#stage(batch)
  }

  offer(): StateOffer<Body, State> {
    return {
      sender: this.id,
      vector: this.vector.copy(),
      records: this.book.records(),
      kept: this.#kept.latest(this.#limits.offeredSizeMax),
      staged: [...this.#staged.all()],
      state: this.#port.snapshot(),
    }
  }

  /**
   * What a neighbour that has `vector` lacks: about `sizeMax` of it, in an order in which it applies. First what it lacks of
   * those that it says are in sealing: that it can hold without anything else, and a seal waits for it. No more of that than
   * is held here: what stands beyond a gap may be above the target, the neighbour would drop it, and be sent the same at each ask,
   * in the place of what it could hold. Undefined when a state must help.
   */
  batchesAfter(
    vector: VersionVector,
    sizeMax: number,
    inSealing: readonly ReplicaId[] = [],
  ): { readonly batches: readonly Batch<Body>[]; readonly more: boolean } | undefined {
    if (!this.#reaches(vector)) return undefined
    const first: Batch<Body>[] = []
    let size = 0
    const held = this.#held.ofAll(inSealing, this.vector)
    for (const id of inSealing) {
      for (const batch of this.#between(id, vector.lastOf(id, Infinity), held.get(id) ?? 0)) {
        if (size > 0 && size + batch.size > sizeMax) return { batches: first, more: true }
        first.push(batch)
        size += batch.size
      }
    }
    const { batches, more } = this.#kept.after(vector, sizeMax - size)
    return { batches: [...first, ...batches.filter((batch) => !first.includes(batch))], more }
  }

  /** What there is of one after its update `last` and up to `held`, applied or not. */
  #between(id: ReplicaId, last: number, held: number): Batch<Body>[] {
    const staged = [...this.#staged.of(id)].filter(
      (batch) => batch.last > last && batch.last <= held,
    )
    staged.sort((a, b) => a.first - b.first)
    return [...this.#kept.of(id, last), ...staged]
  }

  /** The sizes of what is applied here and lacks in `vector`, as far as it is kept. */
  sizeAfter(vector: VersionVector): number {
    return this.#kept.sizeAfter(vector)
  }

  /** Whether the log has all that `vector` lacks, also of the lives that were sealed after its epoch. */
  #reaches(vector: VersionVector): boolean {
    const isKept = (id: ReplicaId, last: number): boolean =>
      this.#kept.reaches(id, vector.lastOf(id, Infinity), last)
    for (const [id, last] of this.vector.entries()) if (!isKept(id, last)) return false
    for (let epoch = vector.epoch + 1; epoch <= this.epoch; epoch++) {
      const seals = this.book.record(epoch)?.seals
      if (seals?.every(({ incarnation, last }) => isKept(incarnation, last)) !== true) return false
    }
    return true
  }

  /** Drops kept batches that `isStable` says every member has, those of the long sealed, and records up to `floor`. */
  trim(isStable: (batch: Batch<Body>) => boolean, floor: number, tick: number): void {
    this.book.forget(Math.min(floor, this.epoch))
    for (const origin of [...this.#kept.origins]) {
      this.#kept.drop(origin, isStable)
      if (!this.vector.has(origin, 'sealed')) continue
      const since = this.#settledTickById.get(origin) ?? tick
      this.#settledTickById.set(origin, since)
      if (tick - since >= this.#limits.graceTicks) this.#kept.forget(origin)
    }
    const origins = new Set(this.#kept.origins)
    for (const id of this.#settledTickById.keys()) {
      if (!origins.has(id)) this.#settledTickById.delete(id)
    }
    this.#staged.drop(({ origin, last }) => this.vector.has(origin, last))
  }

  check(): void {
    invariant(this.#staged.size <= this.#limits.stagedSizeMax, 'what is staged is bounded')
    invariant(this.#kept.size <= this.#limits.keptSizeMax, 'what is kept is bounded')
  }

  discard(): void {
    this.#port.discard()
  }
}
