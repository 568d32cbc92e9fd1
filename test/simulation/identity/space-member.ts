import { strict as assert } from 'node:assert'
import type { ControlCommand, ViewRequest } from '#peer/identity/core/control-contract.ts'
import type {
  Batch,
  MemberEffect,
  MemberInput,
  StateOffer,
  Statement,
} from '#peer/identity/core/member-contract.ts'
import type { Dot } from '#peer/identity/core/incarnation.ts'
import { MemberCore } from '#peer/identity/core/member-core.ts'
import type { EpochRecord } from '#peer/identity/core/control-contract.ts'
import type { Random } from '#test/simulation/random.ts'
import type { Counts } from './counts.ts'
import { type Operation, type SmallBody, SmallReplica, type SmallState } from './small-replica.ts'
import type { Truth } from './truth.ts'

export type Offer = StateOffer<SmallBody, SmallState>
export type Input = MemberInput<SmallBody, SmallState, Operation>

/** What members say to each other. */
export type MemberMessage =
  | { readonly kind: 'batch'; readonly batch: Batch<SmallBody> }
  | {
      readonly kind: 'sync'
      readonly statement: Statement
      readonly epoch: number
      readonly wantsState: boolean
    }
  | {
      readonly kind: 'batches'
      readonly batches: readonly Batch<SmallBody>[]
      readonly records: readonly EpochRecord[]
    }
  | { readonly kind: 'state'; readonly offer: Offer }
  | { readonly kind: 'snapshot-wanted' }
  | { readonly kind: 'snapshot'; readonly offer: Offer }

/** The world, as one member of one space needs it. */
export interface MemberOutlet {
  readonly truth: Truth
  readonly counts: Counts
  readonly random: Random
  request(request: ControlCommand | ViewRequest): void
  reply(to: number, message: MemberMessage): void
  spread(message: MemberMessage): void
  wantSnapshot(): void
  nextStamp(): number
}

const STATE_UNASKED = 1 / 12

/** The production core over a small replica: one space at one simulated peer. */
export class SpaceMember {
  readonly peer: number
  readonly core: MemberCore<SmallBody, SmallState, Operation>
  readonly replica: SmallReplica
  readonly #outlet: MemberOutlet

  constructor(peer: number, space: string, outlet: MemberOutlet) {
    this.peer = peer
    this.#outlet = outlet
    this.replica = new SmallReplica((epoch, base) => outlet.truth.noteBase(epoch, base))
    const limits = { graceTicks: 30, reissueTicks: 1e9, joinTicks: 25 }
    this.core = new MemberCore({ space, port: this.replica, limits })
  }

  step(input: Input): void {
    for (const effect of this.core.step(input)) this.#carryOut(effect)
  }

  /** Writes operations as one batch, and spreads it; they wait to be acknowledged by `durability` keepers. */
  write(operations: readonly Operation[], durability: number): void {
    this.#write(operations.map((operation) => ({ operation, stamp: this.#outlet.nextStamp() })))
    const { id } = this.core
    assert.ok(id !== undefined)
    const last = this.replica.vector.lastOf(id, Infinity)
    this.#waiting.set(++this.#flushes, { origin: id, seq: last })
    this.step({ kind: 'flush', id: this.#flushes, replicas: durability })
  }

  #flushes = 0
  /** The last update that each flush is of: its life may be over by the time that it is told. */
  readonly #waiting = new Map<number, Dot>()

  #write(asked: Parameters<SmallReplica['write']>[0]): void {
    const { truth, counts } = this.#outlet
    const seen = this.replica.vector.copy()
    const { batch, intents } = this.replica.write(asked)
    truth.noteWritten(this.peer, batch, intents, seen)
    counts.operations += asked.length
    this.step({ kind: 'wrote', batch, intents })
    this.#outlet.spread({ kind: 'batch', batch })
  }

  #carryOut(effect: MemberEffect<SmallBody, Operation>): void {
    const { truth, counts } = this.#outlet
    switch (effect.kind) {
      case 'request':
        if (effect.request.kind === 'retire') counts.retirements++
        return this.#outlet.request(effect.request)
      case 'want-snapshot':
        return this.#outlet.wantSnapshot()
      case 'status':
        if (effect.status === 'active') counts.activations++
        if (effect.status === 'fenced') counts.overruns++
        return
      case 'reissue': {
        counts.reissued++
        const { operation, stamp } = effect.intent
        return this.#write([{ operation, stamp, again: effect.intent }])
      }
      case 'outcome-unknown':
        counts.outcomesUnknown += effect.intents.length
        return truth.mayLose(effect.intents.map(({ operation }) => operation))
      case 'let-go':
        return truth.noteLetGo(this.core.id!, effect.last, effect.holders)
      case 'flushed': {
        const { origin, seq } = this.#waiting.get(effect.id)!
        this.#waiting.delete(effect.id)
        const version = this.core.statement()?.keepersVersion ?? 0
        return truth.noteAcknowledged(origin, seq, version)
      }
      case 'flush-void':
        this.#waiting.delete(effect.id)
        return
      case 'batch':
        if (effect.verdict === 'staged') counts.staged++
        return
      case 'retire-aborted':
        counts.retirementsAborted++
        return
      case 'ignored':
        if (effect.reason.startsWith('a state:')) counts.statesRefused++
        return
      case 'unkept':
        return assert.fail('there is room for all')
    }
  }

  /** Tells a neighbour what it has, and so asks for what it lacks. */
  sync(to: number): void {
    const statement = this.core.statement()
    if (statement === undefined) return
    const { random } = this.#outlet
    const isBehind = this.core.replica?.book.record(this.replica.epoch + 1) !== undefined
    const wantsState = isBehind && random.chance(0.25)
    const { epoch } = this.replica
    this.#outlet.reply(to, { kind: 'sync', statement, epoch, wantsState })
  }

  receive(message: MemberMessage, from: number): void {
    const { counts } = this.#outlet
    switch (message.kind) {
      case 'batch':
        return this.step({ kind: 'batch', batch: message.batch })
      case 'batches':
        this.step({ kind: 'records', records: message.records })
        for (const batch of message.batches) this.step({ kind: 'batch', batch })
        return
      case 'sync':
        return this.#answer(message, from)
      case 'state':
        counts.states++
        return this.step({ kind: 'state', offer: message.offer })
      case 'snapshot-wanted': {
        const offer = this.core.offer('snapshot')
        if (offer !== undefined) this.#outlet.reply(from, { kind: 'snapshot', offer })
        return
      }
      case 'snapshot':
        counts.snapshots++
        return this.step({ kind: 'snapshot', offer: message.offer })
    }
  }

  #answer(
    { statement, epoch, wantsState }: Extract<MemberMessage, { kind: 'sync' }>,
    from: number,
  ): void {
    this.step({ kind: 'statement', statement })
    const { replica } = this.core
    const offer = this.core.offer('state')
    if (offer === undefined || replica === undefined) return
    const lacking = replica.batchesAfter(statement.vector, Infinity, [...replica.book.fenced])
    const unasked = this.#outlet.random.chance(STATE_UNASKED)
    if (wantsState || lacking === undefined || unasked) {
      this.#outlet.reply(from, { kind: 'state', offer })
    }
    const records = offer.records.filter((record) => record.epoch > epoch)
    this.#outlet.reply(from, { kind: 'batches', batches: lacking?.batches ?? [], records })
  }
}
