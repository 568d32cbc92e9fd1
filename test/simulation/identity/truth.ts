import { strict as assert } from 'node:assert'
import { incarnationOf, type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { type Dot, nameOf } from '#peer/identity/core/incarnation.ts'
import type { Intent } from '#peer/identity/core/member-contract.ts'
import { keyOf, type Operation, type SmallBatch, type SmallReplica } from './small-replica.ts'

interface Known {
  readonly operation: Operation
  readonly author: number
  readonly stamp: number
  /** The updates that issued it, in turn. */
  readonly dots: Dot[]
  /** The updates that it acted on when it was first asked for. */
  readonly observed: readonly Dot[]
  /** Nobody promised that it is kept. */
  mayBeLost: boolean
}

interface Written {
  readonly batch: SmallBatch
  /** All that its author had applied. */
  readonly seen: VersionVector
}

/** What was asked for, written, acknowledged and sealed in one space: seen by the oracle alone. */
export class Truth {
  readonly #knownById = new Map<number, Known>()
  readonly #operationByDot = new Map<string, number>()
  readonly #written: Written[] = []
  readonly #lastById = new Map<ReplicaId, number>()
  /** The epoch that the space last began anew in: nothing that was leased before it is in. */
  #lostBefore = 0
  /** The epoch that it began in: lives before are of a space that has ended, and promise nothing. */
  #endedBefore = 0
  readonly #baseByEpoch = new Map<number, number>()
  /** The set of keepers that acknowledged each update, by its version. */
  readonly #acknowledged = new Map<ReplicaId, Map<number, number>>()
  /** An operator's word made keepers of whom it named: what older sets acknowledged may be lost. */
  #wordVersion = 0
  readonly #letGo = new Map<ReplicaId, { last: number; holders: readonly ReplicaId[] }[]>()
  acknowledgedCount = 0
  acknowledgedLost = 0

  /** I3: replicas of the same epoch have the same base. */
  noteBase(epoch: number, base: number): void {
    const known = this.#baseByEpoch.get(epoch)
    assert.ok(known === undefined || known === base, `base of ${epoch} is ${known}, and ${base}`)
    this.#baseByEpoch.set(epoch, base)
  }

  noteWritten(
    author: number,
    batch: SmallBatch,
    intents: readonly Intent<Operation>[],
    seen: VersionVector,
  ): void {
    this.#written.push({ batch, seen })
    for (const { seq, operation, observed, stamp } of intents) {
      const dot = { origin: batch.origin, seq }
      // I4: a dot is made once.
      assert.ok(!this.#operationByDot.has(keyOf(dot)), `${keyOf(dot)} is made twice`)
      this.#operationByDot.set(keyOf(dot), operation.id)
      const known = this.#knownById.get(operation.id)
      if (known === undefined) {
        const fresh = {
          operation,
          author,
          stamp,
          observed,
          dots: [dot],
          mayBeLost: this.#isEnded(dot),
        }
        this.#knownById.set(operation.id, fresh)
      } else {
        assert.equal(stamp, known.stamp, 'an operation keeps its stamp')
        known.dots.push(dot)
      }
    }
  }

  noteAcknowledged(origin: ReplicaId, last: number, keepersVersion: number): void {
    if (this.#isEnded({ origin })) return
    this.acknowledgedCount++
    const end = this.#endOf(origin)
    // Keepers that an operator's word dropped may not have heard of it.
    const isExcused = keepersVersion < this.#wordVersion
    const isIn = end === undefined || last <= end
    assert.ok(isIn || isExcused, 'nothing is acknowledged that a seal has cut')
    const known = this.#acknowledged.get(origin) ?? new Map<number, number>()
    this.#acknowledged.set(origin, known.set(last, keepersVersion))
  }

  noteWord(keepersVersion: number): void {
    this.#wordVersion = keepersVersion
  }

  noteLetGo(origin: ReplicaId, last: number, holders: readonly ReplicaId[]): void {
    const entries = this.#letGo.get(origin) ?? []
    this.#letGo.set(origin, entries)
    entries.push({ last, holders })
  }

  /** Its author is gone, with all that nobody else may have. */
  mayLoseAllOf(author: number): void {
    for (const known of this.#knownById.values()) {
      if (known.author === author) known.mayBeLost = true
    }
  }

  mayLose(operations: readonly Operation[]): void {
    for (const { id } of operations) this.#knownById.get(id)!.mayBeLost = true
  }

  /** A seal closed. `members` are members after it. */
  noteSealed(id: ReplicaId, last: number, members: readonly ReplicaId[]): void {
    assert.ok(!this.#lastById.has(id), `${nameOf(id)} is sealed once`)
    this.#lastById.set(id, last)
    for (const [seq, version] of this.#acknowledged.get(id) ?? []) {
      if (seq <= last) continue
      const isExcused = version < this.#wordVersion
      assert.ok(isExcused, `acknowledged ${nameOf(id)}.${seq} is cut at ${last}`)
      this.acknowledgedLost++
    }
    this.#acknowledged.delete(id)
    // What every member held when its author let it go is cut only if none of these is one any more.
    for (const { last: kept, holders } of this.#letGo.get(id) ?? []) {
      if (kept <= last) continue
      const witness = holders.find((holder) => members.includes(holder))
      assert.ok(witness === undefined, `${nameOf(id)}.${kept} is cut, ${witness} held it`)
      for (const known of this.#knownById.values()) {
        const dot = known.dots.at(-1)!
        if (dot.origin === id && dot.seq > last && dot.seq <= kept) known.mayBeLost = true
      }
    }
    this.#letGo.delete(id)
  }

  /** The space is lost, and begins anew: nothing that was is in. */
  noteDeclaredLost(epoch: number): void {
    // Who does not know of it yet may write on.
    this.#lostBefore = epoch
    for (const known of this.#knownById.values()) known.mayBeLost = true
    for (const versions of this.#acknowledged.values()) {
      this.acknowledgedLost += versions.size
    }
    this.#acknowledged.clear()
    this.#letGo.clear()
    this.#baseByEpoch.set(epoch, 0)
  }

  /** The space has ended by somebody's word, and another of its name has begun in this epoch: nobody was asked. */
  noteEnded(epoch: number): void {
    this.noteDeclaredLost(epoch)
    this.#endedBefore = epoch
    this.#wordVersion = 0
  }

  #isEnded({ origin }: Pick<Dot, 'origin'>): boolean {
    return incarnationOf(origin) <= this.#endedBefore
  }

  /** The last update that is in, of a life that is over. */
  #endOf(id: ReplicaId): number | undefined {
    return incarnationOf(id) <= this.#lostBefore ? 0 : this.#lastById.get(id)
  }

  /** Compares what is left with what was asked for. Gives how many operations are in, and how many are lost. */
  judge(replica: SmallReplica): { readonly lost: number } {
    const isIn = ({ origin, seq }: Dot): boolean => {
      const last = this.#endOf(origin)
      return last === undefined ? replica.vector.has(origin, seq) : seq <= last
    }
    const killed = new Set<string>()
    const tags = new Map<string, string>()
    for (const { batch, seen } of this.#written) {
      const { origin, first, last, body } = batch
      assert.equal(isIn({ origin, seq: first }), isIn({ origin, seq: last }), 'a batch is whole')
      if (!isIn({ origin, seq: first })) continue
      // I7: what is in is closed under dependency.
      for (const [of, seq] of seen.entries()) {
        const isThere = isIn({ origin: of, seq })
        assert.ok(isThere, `${nameOf(origin)}.${first} is in without ${nameOf(of)}.${seq}`)
      }
      for (const { seq, operation, kills } of body) {
        for (const dot of kills) killed.add(keyOf(dot))
        if (operation.kind === 'add') tags.set(keyOf({ origin, seq }), operation.element)
      }
    }
    for (const key of killed) tags.delete(key)
    const sum = this.#judgeOperations(isIn, killed)
    assert.equal(replica.value, sum.value, 'the counter is the sum of what is in')
    const expected = [...tags].map(([key, element]) => `${key} ${element}`).sort()
    assert.deepEqual(replica.tags(), expected, 'the set holds what is in and not taken out')
    return { lost: sum.lost }
  }

  #judgeOperations(
    isIn: (dot: Dot) => boolean,
    killed: ReadonlySet<string>,
  ): { value: number; lost: number } {
    let value = 0
    let lost = 0
    for (const { operation, author, dots, observed, mayBeLost } of this.#knownById.values()) {
      const there = dots.filter(isIn)
      // I5: exactly once, or lost by permission.
      assert.ok(there.length <= 1, `operation ${operation.id} is in ${there.length} times`)
      if (there.length === 0) {
        assert.ok(mayBeLost, `operation ${operation.id} of ${author} is lost: ${dots.map(keyOf)}`)
        lost++
        continue
      }
      if (operation.kind === 'increment') value += operation.amount
      for (const dot of observed) this.#judgeObserved(operation, author, dot, isIn, killed)
    }
    return { value, lost }
  }

  /** What an operation had taken out does not come back, neither as it was nor as its author issued it again. */
  #judgeObserved(
    { id }: Operation,
    author: number,
    dot: Dot,
    isIn: (dot: Dot) => boolean,
    killed: ReadonlySet<string>,
  ): void {
    const target = this.#knownById.get(this.#operationByDot.get(keyOf(dot)) ?? -1)
    const candidates = target?.author === author ? target.dots : [dot]
    for (const there of candidates.filter(isIn)) {
      assert.ok(killed.has(keyOf(there)), `operation ${id} took out ${keyOf(there)}, which is back`)
    }
  }
}
