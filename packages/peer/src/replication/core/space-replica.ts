/*
 * The replica of a space, as its member sees it: a `SpaceState` for each life, one after the other.
 *
 * Users hold handles to objects, and know nothing of lives. So what they see is kept apart from what the protocol works
 * with: when a life is over, its state stays before the users' eyes, and they go on writing to it; nobody is sent that.
 * Once the next life is a member, and all that is to be issued again is in it, the users' handles go over to it.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import {
  incarnationOf,
  type Reissued,
  type ReplicaId,
  slotOf,
  type SpaceState,
  type StateEncoding,
  type StateJoining,
  VersionVector,
} from '@joinery/crdt-objects/engine'
import { type EpochRecord } from '../../identity/core/control-contract.ts'
import { type Beginning, type ReplicaPort } from '../../identity/core/member-contract.ts'
import { invariant } from './invariant.ts'
import { type SpaceBatch } from './space-batch.ts'

/**
 * A state that has come, and was read out of sight: to be joined, or one to begin with; or one of ours, that a neighbour is
 * sent in pieces.
 */
export type Offered =
  | { readonly kind: 'joining'; readonly joining: StateJoining }
  | { readonly kind: 'begun'; readonly state: SpaceState }
  | { readonly kind: 'streamed' }

/** A batch that was made here. */
export interface Sealed {
  readonly origin: ReplicaId
  readonly last: number
  readonly bytes: Uint8Array
}

const nothing = new Uint8Array()

/** What a replica needs of its core. */
export interface ReplicaOutlet {
  create(replica: ReplicaId): SpaceState
  /** Makes a batch of what was written here since the last. */
  seal(): void
  quarantined(reason: string, bytes: Uint8Array): void
  ignored(reason: string): void
}

export class SpaceReplica implements ReplicaPort<Uint8Array, Offered> {
  readonly #outlet: ReplicaOutlet
  /** Of the present life. */
  #state: SpaceState | undefined
  /** Of a life that is over, or of none, while it still is what users see. */
  #former: SpaceState | undefined
  #isShown = false
  /**
   * What is applied. Invariant: equal to the vector of the state after each step, and never ahead of it within one, for
   * what a vector has a neighbour never sends again.
   */
  #vector = new VersionVector()
  #lives = 0
  #progress = 0
  #quarantined = 0
  #lacksEngine = false
  /** What has come since it was asked for last. */
  #moves: [ReplicaId, number][] = []

  constructor(outlet: ReplicaOutlet) {
    this.#outlet = outlet
  }

  get vector(): VersionVector {
    return this.#vector
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#progress
  }

  /** Counts the states that there have been: what was begun with one is nothing to the next. */
  get lives(): number {
    return this.#lives
  }

  /** Counts what did not decode. */
  get quarantined(): number {
    return this.#quarantined
  }

  /**
   * Whether something came that cannot be decoded until an engine is loaded. Nothing is wrong with it, so nothing was
   * refused; to ask for it again before that would bring the same.
   */
  get lacksEngine(): boolean {
    return this.#lacksEngine
  }

  /** What users see: undefined before the first life is a member. */
  get visible(): SpaceState | undefined {
    return this.#former ?? (this.#isShown ? this.#state : undefined)
  }

  /** Whether users see a life that is over. */
  get isFormer(): boolean {
    return this.#former !== undefined
  }

  /** Whether users see the present life. */
  get isShown(): boolean {
    return this.#isShown
  }

  /** Makes the present life what users see. */
  show(): void {
    const former = this.#former
    this.#former = undefined
    this.#isShown = true
    if (former === undefined) return
    this.#progress++
    this.#state!.adopt(former)
  }

  /** Gives users something to write to before there is a life: it is as one that is over. Tells whether they had nothing. */
  beginAlone(id: ReplicaId): boolean {
    if (this.visible !== undefined) return false
    this.#former = this.#outlet.create(id)
    return true
  }

  begin(id: ReplicaId, from: Beginning<Offered>): void {
    this.#lives++
    this.#moves = []
    if (from.kind === 'nothing') {
      this.#state = this.#outlet.create(id)
      this.#state.beginIn(from.epoch, from.born)
    } else {
      invariant(from.state.kind === 'begun', 'what a replica begins with was read before')
      this.#state = from.state.state
    }
    invariant(this.#state.replica === id, 'a state is of its life')
    this.#vector = this.#state.vector
    this.#progress++
    for (const move of this.#vector.entries()) this.#moves.push(move)
  }

  /** What takes in a state to join; or one to begin with as `id`, which nobody sees before. */
  beginJoining(id: ReplicaId | undefined): { joining: StateJoining; state: SpaceState } {
    const state = id === undefined ? this.#present : this.#outlet.create(id)
    return { joining: state.beginStateJoining(), state }
  }

  /** Our state in pieces. Batches are to be sealed before each. */
  beginEncoding(): StateEncoding {
    return this.#present.beginStateEncoding()
  }

  discard(): void {
    this.#lives++
    if (this.#isShown) this.#former = this.#state
    this.#isShown = false
    this.#state = undefined
    this.#vector = new VersionVector()
    this.#progress++
    this.#moves = []
  }

  apply({ origin, last, body }: SpaceBatch): 'applied' | 'not-yet' | 'damaged' {
    const outcome = this.#decoded(body, () => this.#present.apply(body))
    if (outcome === 'gap') this.#outlet.ignored(`a batch of ${origin} that overlaps what is here`)
    if (outcome === 'engine-missing') {
      this.#lacksEngine = true
      return 'not-yet'
    }
    if (outcome !== 'applied') return 'damaged'
    this.#moved(origin, last)
    return 'applied'
  }

  enterEpoch({ seals, born }: EpochRecord): void {
    this.#outlet.seal()
    const ends = seals.map(({ incarnation, last }) => ({
      ...{ slot: slotOf(incarnation), inc: incarnationOf(incarnation), m: last },
    }))
    this.#present.enterEpoch(ends, born)
    const sealed = seals.map(({ incarnation }) => incarnation)
    this.#vector.enter(sealed, born)
    this.#progress++
  }

  settleEpoch(epoch: number): void {
    if (this.#present.settledEpoch >= epoch) return
    this.#outlet.seal()
    this.#present.settleEpoch(epoch)
  }

  get settledEpoch(): number {
    return this.#state?.settledEpoch ?? 0
  }

  trimEpoch(epoch: number): void {
    if (this.#present.trimmedEpoch >= epoch) return
    this.#outlet.seal()
    this.#present.trimEpoch(epoch)
  }

  join(state: Offered): void {
    invariant(state.kind === 'joining', 'what is joined came from elsewhere')
    this.#outlet.seal()
    const present = this.#present
    const outcome = this.#decoded(nothing, () => state.joining.commit())
    if (outcome === 'engine-missing') this.#lacksEngine = true
    if (outcome !== true) return
    const joined = present.vector
    invariant(joined.covers(this.#vector), 'a join loses nothing')
    for (const [origin, last] of joined.entries()) {
      if (!this.#vector.has(origin, last)) this.#moved(origin, last)
    }
    this.#vector.merge(joined)
    this.#progress++
  }

  snapshot(): Offered {
    return { kind: 'streamed' }
  }

  /** Makes a batch of what users wrote since the last; undefined when nothing was. */
  takeBatch(): Sealed | undefined {
    const state = this.#former ?? this.#state
    if (state === undefined) return undefined
    const { replica: origin, lastUpdate: last } = state
    const bytes = state.takeBatch()
    return bytes && { origin, last, bytes }
  }

  /** What of others' updates the last batch that was taken came after, and the one before it did not. */
  get observed(): SpaceState['observed'] {
    return (this.#former ?? this.#state)?.observed ?? []
  }

  /** Notes that a batch of the present life was made here. */
  wrote({ origin, last }: SpaceBatch): void {
    this.#vector.advance(origin, last)
    this.#progress++
  }

  /** Makes updates of a life that is over again; undefined while that cannot be. */
  reissue(batches: readonly Uint8Array[], cut: number): Reissued | undefined {
    const outcome = this.#present.reissue(batches, cut, this.#former)
    if (outcome !== 'engine-missing') return outcome
    this.#lacksEngine = true
    return undefined
  }

  engineMissing(): void {
    this.#lacksEngine = true
  }

  engineLoaded(): void {
    this.#lacksEngine = false
  }

  /** Tells of bytes that do not decode. */
  quarantine(reason: string, bytes: Uint8Array): void {
    this.#quarantined++
    this.#outlet.quarantined(reason, bytes)
  }

  /** What has come since this was asked for before. */
  takeMoves(): readonly (readonly [ReplicaId, number])[] {
    const moves = this.#moves
    if (moves.length > 0) this.#moves = []
    return moves
  }

  get #present(): SpaceState {
    invariant(this.#state !== undefined, 'a life that has begun has a state')
    return this.#state
  }

  #moved(origin: ReplicaId, last: number): void {
    this.#vector.advance(origin, last)
    this.#moves.push([origin, last])
    this.#progress++
  }

  /**
   * Runs what decodes `bytes`. What does not decode changes nothing, and the vector stays before it. So if the bytes were
   * damaged on their way, a neighbour's good copy is fetched at the next digest; if that is no better, they were made so,
   * and the next ask is for a state, which brings what they did without them.
   */
  #decoded<T>(bytes: Uint8Array, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      if (!isJoineryError(error)) throw error
      this.quarantine(error.message, bytes)
      return undefined
    }
  }
}
