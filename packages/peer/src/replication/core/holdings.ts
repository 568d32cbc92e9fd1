import { isJoineryError } from '@joinery/crdt-objects'
import { type Reissued, type ReplicaId } from '@joinery/crdt-objects/engine'
import { type SpaceState, type VersionVector } from '@joinery/crdt-objects/engine'
import { type Dot } from '../../identity/core/incarnation.ts'
import {
  type Intent,
  type MemberEffect,
  type MemberInput,
  type MemberLimits,
  type StateOffer,
  type Verdict,
} from '../../identity/core/member-contract.ts'
import { MemberCore } from '../../identity/core/member-core.ts'
import { type Redo } from '../../identity/core/open-intents.ts'
import { type Effect, type Outgoing, type ReplicationLimits } from './contract.ts'
import { type Blocker, HoldBack, type Received } from './hold-back.ts'
import { invariant } from './invariant.ts'
import { type Speaker, type StateUse } from './message.ts'
import { decodeBatch, type SpaceBatch } from './space-batch.ts'
import { type Offered, type Sealed, SpaceReplica } from './space-replica.ts'

const nothingMade: Reissued = { batches: [], incomplete: 0, observed: [] }

/** What the bounded buffers hold. */
export interface Usage {
  readonly logBytes: number
  readonly stagedBytes: number
  readonly heldBatches: number
  readonly heldBytes: number
  readonly records: number
}

/** What taking a batch may call for. */
export interface HoldingsOutlet {
  emit(effect: Effect): void
  letOut(outgoing: Outgoing): void
  want(wanted: Blocker, from: string | undefined): void
}

/** A state with what its sender knows of seals. */
export type SpaceOffer = StateOffer<Uint8Array, Offered>
type SpaceIntent = Intent<Uint8Array>
type SpaceInput = MemberInput<Uint8Array, Offered, Uint8Array>
type SpaceEffect = MemberEffect<Uint8Array, Uint8Array>

/** What this replica has of the space: the state behind its member's gate, and what came too early. */
export class Holdings {
  readonly member: MemberCore<Uint8Array, Offered, Uint8Array>
  readonly replica: SpaceReplica
  readonly #limits: ReplicationLimits
  readonly #outlet: HoldingsOutlet
  /** Invariant: a batch in it lacked something when last looked at, and is looked at again when that arrives. */
  readonly #heldBack: HoldBack
  #ticks = 0
  /** The epoch up to which what waited for one was looked at again. */
  #releasedEpoch = 0
  #staged = 0
  #isReissuing = false
  /** A batch of ours that is out, and not booked. Invariant: undefined whenever an input is taken or a batch is made. */
  #unbooked: Sealed | undefined
  /** The tick from which on something waits to be issued again. */
  #reissueSince: number | undefined
  #verdict: Verdict | undefined

  constructor(
    options: {
      readonly space: string
      readonly create: (replica: ReplicaId) => SpaceState
      readonly limits: ReplicationLimits
      readonly memberLimits: Partial<MemberLimits>
    },
    outlet: HoldingsOutlet,
  ) {
    const { space, create, limits, memberLimits } = options
    this.#limits = limits
    this.#outlet = outlet
    this.#heldBack = new HoldBack(limits.heldBatchesMax, limits.heldBytesMax)
    this.replica = new SpaceReplica({
      create,
      seal: () => this.seal(),
      quarantined: (reason, bytes) => outlet.emit({ kind: 'quarantined', reason, bytes }),
      ignored: (reason) => this.#ignore(reason),
    })
    const keptSizeMax = limits.logBytesMax
    this.member = new MemberCore({
      ...{ space, port: this.replica },
      limits: { ...memberLimits, keptSizeMax },
    })
  }

  get vector(): VersionVector {
    return this.replica.vector
  }

  /** Counts what came to be held. */
  get advances(): number {
    return this.replica.progress + this.#staged
  }

  get usage(): Usage {
    const { size, bytes } = this.#heldBack
    const { kept = 0, staged = 0, records = 0 } = this.member.replica?.usage ?? {}
    return { logBytes: kept, stagedBytes: staged, heldBatches: size, heldBytes: bytes, records }
  }

  get speaker(): Speaker {
    const { member } = this
    return {
      sender: member.replica?.id ?? 0n,
      isMember: member.isMember,
      epoch: this.vector.epoch,
      settled: this.replica.settledEpoch,
      keepersVersion: member.view?.keepers.version ?? 0,
      revision: member.view?.revision ?? 0,
    }
  }

  /** The last update of the present life that a batch has. */
  get ownLast(): number {
    return this.member.replica?.ownLast ?? 0
  }

  /** Whether it is to begin with a state of another. */
  get wantsSnapshot(): boolean {
    const { status, replica, view } = this.member
    return status === 'joining' && replica === undefined && view?.genesis === undefined
  }

  step(input: SpaceInput): void {
    const before = this.member.id
    for (const effect of this.member.step(input)) this.#carryOut(effect)
    // What waited to be applied in a life that is over is asked for anew.
    if (this.member.id !== before) this.#heldBack.clear()
    if (this.member.status === 'active' && this.member.writes.redo.length === 0) this.#show()
    this.#applyAll(this.#released())
  }

  beginAlone(replica: ReplicaId): void {
    if (this.replica.beginAlone(replica)) this.#outlet.emit({ kind: 'shown' })
  }

  /** Makes a batch of what was written here since the last, lets it out and books it. */
  seal(): void {
    this.sealUnbooked()
    this.book()
  }

  /**
   * Makes a batch of what was written here since the last, and lets it out: who waits for it elsewhere does not wait for
   * our books.
   */
  sealUnbooked(): void {
    this.book()
    const sealed = this.replica.takeBatch()
    if (sealed === undefined) return
    this.#unbooked = sealed
    this.#letOut(sealed)
  }

  /** Notes what was let out: in the vector, in the log, and among what may have to be written again. */
  book(): void {
    const sealed = this.#unbooked
    if (sealed === undefined) return
    this.#unbooked = undefined
    const batch = decodeBatch(sealed.bytes)
    this.#noteWritten(batch)
    this.member.wrote(batch, [intentOf(batch, this.replica.observed)])
  }

  #noteWritten(batch: SpaceBatch): void {
    if (batch.origin === this.member.replica?.id) this.replica.wrote(batch)
  }

  #letOut({ origin, last, bytes: batch }: Sealed): void {
    // What a life that is over writes goes to nobody.
    if (origin !== this.member.replica?.id) return
    const fits = batch.length <= this.#limits.gossipBytesMax
    if (fits) this.#outlet.letOut({ kind: 'disseminate', origin, last, batch })
    else this.#outlet.letOut({ kind: 'announce', origin, last })
  }

  /**
   * Takes a batch from wherever: applies it, holds it back, or sees that it is nothing new. Gives what it is; undefined for
   * what does not decode.
   */
  receive(bytes: Uint8Array, from: string | undefined): SpaceBatch | undefined {
    if (this.member.replica === undefined) return undefined
    const batch = this.#decoded(bytes, () => decodeBatch(bytes))
    if (batch === undefined) return undefined
    const { origin, last } = batch
    if (origin === this.member.id && !this.vector.has(origin, last))
      this.#ignore(`a batch of ours, up to ${last}, that we never made`)
    else this.#applyAll([{ batch, from }])
    return batch
  }

  /** What a neighbour is to know with our state; undefined where we have none to give. */
  offer(use: StateUse): SpaceOffer | undefined {
    return this.member.offer(use)
  }

  /** An engine is loaded: takes what waited for it. */
  engineLoaded(): void {
    this.replica.engineLoaded()
    this.step({ kind: 'readable' })
    this.#applyAll(this.#heldBack.releaseForEngine())
  }

  tick(): void {
    this.#ticks++
    this.step({ kind: 'tick' })
    this.#heldBack.dropBefore(this.#ticks - this.#limits.heldTicks)
  }

  /** Asserts what is cheap to assert. */
  check(): void {
    invariant(this.#heldBack.size <= this.#limits.heldBatchesMax, 'batches held back are bounded')
    invariant(this.#heldBack.bytes <= this.#limits.heldBytesMax, 'bytes held back are bounded')
  }

  #carryOut(effect: SpaceEffect): void {
    switch (effect.kind) {
      case 'batch':
        this.#verdict = effect.verdict
        return
      case 'reissue':
        return this.#reissue()
      case 'outcome-unknown':
        return this.#outlet.emit({ kind: 'outcome-unknown', batches: effect.intents.length })
      case 'unkept':
        return this.#outlet.emit({ kind: 'unkept', batches: effect.count })
      // What comes late from the group or from neighbours is no news to anybody.
      case 'ignored':
      case 'let-go':
      case 'want-snapshot':
        return
      default:
        this.#outlet.emit(effect)
    }
  }

  /** Makes all that is to be issued again, at once. */
  #reissue(): void {
    if (this.#isReissuing) return
    this.#isReissuing = true
    // What was written until now belongs to the life that is over.
    this.seal()
    if (this.#mayReissue()) this.#reissueAll([...this.member.writes.redo])
    this.#isReissuing = false
  }

  /** Whether all is here that it acted on: else what it removed would stay. It waits for that within a limit. */
  #mayReissue(): boolean {
    const { book } = this.member.replica!
    this.#reissueSince ??= this.#ticks
    const isHere = (dot: Dot) => this.vector.has(dot.origin, dot.seq) || book.isCut(dot)
    const isWhole = this.member.writes.redo.every(({ intent }) => intent.observed.every(isHere))
    return isWhole || this.#ticks - this.#reissueSince >= this.#limits.reissueTicks
  }

  #reissueAll(redo: readonly Redo<Uint8Array>[]): void {
    const batches = redo.map(({ intent }) => intent.operation)
    const cut = decodeBatch(batches[0]!).first - 1
    const made = this.#decoded(batches[0]!, () => this.replica.reissue(batches, cut))
    if (made === undefined && !this.replica.lacksEngine) {
      return this.step({ kind: 'abandon-redo' })
    }
    const { batches: again, observed, incomplete } = made ?? nothingMade
    for (const [index, bytes] of again.entries()) {
      const batch = decodeBatch(bytes)
      this.#letOut({ origin: batch.origin, last: batch.last, bytes })
      this.#noteWritten(batch)
      const intent = { ...intentOf(batch, index === 0 ? observed : []), replaces: redo[index]?.was }
      this.step({ kind: 'wrote', batch, intents: [intent] })
    }
    if (incomplete > 0) this.#outlet.emit({ kind: 'issued-in-part', batches: incomplete })
    this.#reissueSince = undefined
  }

  #show(): void {
    if (this.replica.isShown) return
    this.seal()
    if (this.member.writes.redo.length > 0) return this.step({ kind: 'readable' })
    this.replica.show()
    this.#outlet.emit({ kind: 'shown' })
  }

  #released(): Received[] {
    const moves = this.replica.takeMoves()
    const { epoch } = this.vector
    const isEntered = epoch !== this.#releasedEpoch
    this.#releasedEpoch = epoch
    if (this.#heldBack.size === 0) return []
    if (isEntered) return this.#heldBack.releaseAll(this.vector)
    return moves.flatMap(([origin, reach]) => this.#heldBack.release(origin, reach))
  }

  #applyAll(ready: Received[]): void {
    for (let received = ready.pop(); received !== undefined; received = ready.pop()) {
      if (this.member.replica === undefined) return
      this.#verdict = undefined
      for (const effect of this.member.step({ kind: 'batch', batch: received.batch })) {
        this.#carryOut(effect)
      }
      if (this.#verdict === 'held-back') this.#holdBack(received)
      if (this.#verdict === 'staged') {
        this.#staged++
        const { origin, last } = received.batch
        // What waits for it may be held, too.
        ready.push(...this.#heldBack.release(origin, last))
      }
      // Without room it is fetched later.
      if (this.#verdict === 'unread' && this.replica.lacksEngine) {
        this.#heldBack.add(received, 'engine', this.#ticks)
      }
      ready.push(...this.#released())
    }
  }

  #holdBack(received: Received): void {
    const { batch, from } = received
    const blocker = this.#blocker(batch)
    // It is held back for something else: it is fetched when that is over.
    if (blocker === undefined) return
    const kept = this.#heldBack.add(received, blocker, this.#ticks)
    this.#outlet.want(blocker, from)
    if (!kept) this.#outlet.want({ origin: batch.origin, last: batch.last }, from)
  }

  /** The first thing found that a batch builds on and that is not here. */
  #blocker({ origin, first, epoch, dependencies }: SpaceBatch): Blocker | undefined {
    if (!this.vector.has(origin, first - 1)) return { origin, last: first - 1 }
    if (epoch > this.vector.epoch) return { epoch }
    if (!this.vector.hasBegun(origin)) return { epoch: this.vector.epoch + 1 }
    const missing = dependencies.find(
      ([of, needed]) => of !== origin && !this.vector.has(of, needed),
    )
    return missing && { origin: missing[0], last: missing[1] }
  }

  #decoded<T>(bytes: Uint8Array, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      if (!isJoineryError(error)) throw error
      this.replica.quarantine(error.message, bytes)
      return undefined
    }
  }

  #ignore(reason: string): void {
    this.#outlet.emit({ kind: 'ignored', reason })
  }
}

/**
 * A batch as what was asked for with it. What it removes is among what its author had seen: all of that, and not only what
 * the batch names, for of what it names some may be cut, and the rest must still be waited for when it is made again.
 */
function intentOf({ last, body, size }: SpaceBatch, seen: SpaceState['observed']): SpaceIntent {
  const observed = seen.map(([origin, seq]) => ({ origin, seq }))
  return { seq: last, operation: body, observed, stamp: 0, replaces: undefined, size }
}
