import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import {
  type ControlAnswer,
  type ControlCommand,
  type EpochRecord,
  type ViewRequest,
} from './control-contract.ts'
import { type Dot } from './incarnation.ts'

/** The updates that an origin let out at once: applied whole or not at all, and cut between batches only. */
export interface Batch<Body> {
  readonly origin: ReplicaId
  /** Numbers of its first and last update. */
  readonly first: number
  readonly last: number
  /** The epoch that its author had entered: it applies where that is entered. */
  readonly epoch: number
  /** What its author had seen of others that are not sealed, as far as its earlier batches have not told. */
  readonly dependencies: readonly (readonly [ReplicaId, number])[]
  readonly body: Body
  /** What it counts in bounds: its bytes. */
  readonly size: number
}

/**
 * The replica under a member: the state of one space, which says what it has applied. It may be called in the midst of
 * a step, and calls {@link MemberCore.wrote} then where it has to close a batch of its own first.
 */
export interface ReplicaPort<Body, State> {
  /** What is applied. A live view. */
  readonly vector: VersionVector
  /** The epoch that was settled last, here or where its state is from. */
  readonly settledEpoch: number
  /** Begins as `id` with another replica's state, or with nothing in an epoch before which these lives were leased. */
  begin(id: ReplicaId, from: Beginning<State>): void
  /** Forgets everything. */
  discard(): void
  /** Applies a batch that is next, and whose dependencies are applied. Where it cannot be read (yet) nothing changed. */
  apply(batch: Batch<Body>): 'applied' | 'not-yet' | 'damaged'
  /** Folds what ended into the base. Everything in `record` is applied exactly to its end. */
  enterEpoch(record: EpochRecord): void
  /** Folds what can be removed, too: nothing is on its way any more that was written before this epoch. */
  settleEpoch(epoch: number): void
  /** Forgets what was removed before this epoch: nothing is on its way any more of who had not heard of it. */
  trimEpoch(epoch: number): void
  /** Joins, or changes nothing where the state cannot be read (yet). */
  join(state: State): void
  snapshot(): State
}

export type Beginning<State> =
  | { readonly kind: 'state'; readonly state: State }
  | { readonly kind: 'nothing'; readonly epoch: number; readonly born: readonly ReplicaId[] }

/** An operation as it was asked for, kept until it cannot be lost any more. */
export interface Intent<Operation> {
  /** The last of the updates that it made. */
  readonly seq: number
  readonly operation: Operation
  /** The updates that it acts on: those that a removal takes away. */
  readonly observed: readonly Dot[]
  /** Its clock stamp; kept when it is issued again. */
  readonly stamp: number
  /** What it was when it was issued before. */
  readonly replaces?: Dot | undefined
  readonly size: number
}

/** A member's whole state, for a neighbour that needs more than batches. */
export interface StateOffer<Body, State> {
  readonly sender: ReplicaId
  readonly vector: VersionVector
  readonly records: readonly EpochRecord[]
  /** The latest that are applied: once their origin is in sealing, no state can help who lacks them. */
  readonly kept: readonly Batch<Body>[]
  readonly staged: readonly Batch<Body>[]
  readonly state: State
}

/** Up to where a replica has one origin, without showing all of it. */
export interface StagedEnd {
  readonly origin: ReplicaId
  readonly last: number
  /** Whether the origin is in sealing: else what is staged builds on one that is. */
  readonly isFenced: boolean
}

/** What a member says of itself to neighbours. */
export interface Statement {
  readonly sender: ReplicaId
  readonly isMember: boolean
  readonly epoch: number
  /** The epoch that it has settled. */
  readonly settled: number
  readonly vector: VersionVector
  /** The set of keepers that it knows. */
  readonly keepersVersion: number
}

/** What a member says that it has applied of one origin. */
export interface HeldStatement extends Omit<Statement, 'vector'> {
  readonly origin: ReplicaId
  readonly last: number
}

export type MemberStatus = 'leasing' | 'joining' | 'active' | 'retiring' | 'fenced' | 'left'

/** What happens to a member; handed to `step` one at a time. */
export type MemberInput<Body, State, Operation> =
  /** Time to speak with the control group, in the session that the peer has there now. */
  | { readonly kind: 'contact'; readonly session: string }
  | { readonly kind: 'answer'; readonly answer: ControlAnswer }
  | { readonly kind: 'batch'; readonly batch: Batch<Body> }
  | { readonly kind: 'records'; readonly records: readonly EpochRecord[] }
  | { readonly kind: 'state'; readonly offer: StateOffer<Body, State> }
  /** A state cannot be taken, for it shows that this life is sealed. */
  | { readonly kind: 'sealed-elsewhere' }
  /** A state for a joiner to begin with. */
  | { readonly kind: 'snapshot'; readonly offer: StateOffer<Body, State> }
  | { readonly kind: 'statement'; readonly statement: Statement }
  /** As a statement, of the updates of one origin only. */
  | { readonly kind: 'held'; readonly held: HeldStatement }
  /**
   * The replica was written to; this is the batch, and what was asked for. Also of a life that is fenced or over: that
   * goes to nobody, and is asked for again.
   */
  | {
      readonly kind: 'wrote'
      readonly batch: Batch<Body>
      readonly intents: readonly Intent<Operation>[]
    }
  /** What is to be issued again cannot be: nobody is told of it any more. */
  | { readonly kind: 'abandon-redo' }
  /** What could not be read may be readable now. */
  | { readonly kind: 'readable' }
  /** Tell when `replicas` keepers hold what was written so far. */
  | { readonly kind: 'flush'; readonly id: number; readonly replicas: number }
  | { readonly kind: 'flush-cancel'; readonly id: number }
  /** Stop writing, hand over, leave; give it up after so many ticks. */
  | { readonly kind: 'retire'; readonly ticks: number }
  | { readonly kind: 'tick' }

/** What the driver is to do, in this order. */
export type MemberEffect<Body, Operation> =
  | { readonly kind: 'request'; readonly request: ControlCommand | ViewRequest }
  /** Ask any member for a snapshot. */
  | { readonly kind: 'want-snapshot' }
  | { readonly kind: 'status'; readonly status: MemberStatus }
  /** Make this operation again, under the id that the replica has now, with these observed updates and its old stamp. */
  | { readonly kind: 'reissue'; readonly intent: Intent<Operation>; readonly was: Dot }
  /** The control group no longer knows which of these are in. */
  | { readonly kind: 'outcome-unknown'; readonly intents: readonly Intent<Operation>[] }
  /** So many could not be kept any longer: if a seal cuts them, they are lost. */
  | { readonly kind: 'unkept'; readonly count: number }
  /** Every member holds what was written up to here, so it is not kept for another issue. */
  | { readonly kind: 'let-go'; readonly last: number; readonly holders: readonly ReplicaId[] }
  | { readonly kind: 'flushed'; readonly id: number; readonly replicas: number }
  /** This life is over, and what the flush covers was cut, or too few hold it: flush again in the next. */
  | { readonly kind: 'flush-void'; readonly id: number }
  | { readonly kind: 'batch'; readonly batch: Batch<Body>; readonly verdict: Verdict }
  /** The deadline passed before anybody held everything; the replica goes on as a member. */
  | { readonly kind: 'retire-aborted' }
  | { readonly kind: 'ignored'; readonly reason: string }

/**
 * What becomes of a batch. `held-back`: something before it is missing, so offer it again; `unread`: the replica cannot
 * read it (yet); `fenced`: its origin is in sealing, and nobody who counts has so much of it; `refused`: a seal has cut
 * it, or what it depends on.
 */
export type Verdict =
  'applied' | 'staged' | 'duplicate' | 'held-back' | 'unread' | 'fenced' | 'refused'

export interface MemberLimits {
  /** The sizes of all that is staged. At the bound a batch is held back instead; it can be fetched again. */
  readonly stagedSizeMax: number
  /** The sizes of all that is kept. At the bound the oldest go, and who lacks them gets a state. */
  readonly keptSizeMax: number
  /** The sizes of what is kept that goes along with a state. */
  readonly offeredSizeMax: number
  /** The sizes of all that may have to be issued again. At the bound the oldest are let go, and said to be. */
  readonly intentsSizeMax: number
  readonly flushesMax: number
  /** So long batches of a sealed incarnation are kept for joiners that began before. */
  readonly graceTicks: number
  /** So long an operation waits, before it is issued again, for what it acted on to arrive. */
  readonly reissueTicks: number
  /** So long a joiner tries to catch up with the epoch before it takes another snapshot. */
  readonly joinTicks: number
}

export const defaultMemberLimits: MemberLimits = {
  stagedSizeMax: 4 * 2 ** 20,
  keptSizeMax: 16 * 2 ** 20,
  offeredSizeMax: 2 ** 20,
  intentsSizeMax: 64 * 2 ** 20,
  flushesMax: 65_536,
  graceTicks: 300,
  reissueTicks: 600,
  joinTicks: 100,
}
