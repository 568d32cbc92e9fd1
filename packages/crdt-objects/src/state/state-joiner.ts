import type { Reader } from '../codec/reader.ts'
import type { VersionVector } from '../version-vector.ts'
import { vectorOf } from './batch-codec.ts'
import type { ChangeLedger } from './change-ledger.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { Epochs } from './epochs.ts'
import type { Incoming } from './node.ts'
import type { ObjectState } from './object-state.ts'
import type { ObjectTable } from './object-table.ts'
import type { Part, PartReader } from './part-reader.ts'
import { incomingOf, openState, takeOver } from './state-join.ts'

const NONE: readonly never[] = []

/** The replica that states are joined into. */
export interface Joined {
  readonly context: ReplicaContext
  readonly ledger: ChangeLedger
  readonly table: ObjectTable
  readonly parts: PartReader
  readonly epochs: Epochs
  unlessEngineMissing<T>(decode: () => T): T | 'engine-missing'
}

/** Joins whole states. Nothing changes before all of a state is decoded. */
export class StateJoiner {
  private readonly into: Joined

  constructor(into: Joined) {
    this.into = into
  }

  /** See `SpaceState.joinState`. */
  join(bytes: Uint8Array): boolean | 'engine-missing' {
    const { context, ledger } = this.into
    const { reader, head, batch } = openState(bytes)
    const parts = this.into.unlessEngineMissing(() => this.into.parts.read(batch, 'whole'))
    if (parts === 'engine-missing') return parts
    checkOwn(context, vectorOf(head), reader)
    // What the giver has seen of them is looked up by number, amid unpacking: else it would have seen nothing of theirs.
    for (const object of this.into.table.all()) object.internReplicas()
    const incoming = incomingOf(context, head)
    const { seen } = incoming
    const news = seen.flatMap((seq, index) => (seq > context.sealedSeen(index) ? [index] : []))
    // A later epoch may have sealed what nobody here has heard of.
    if (news.length === 0 && head.epoch <= context.epoch) return false
    this.joinParts(parts, incoming, news)
    takeOver(context, head, seen, news)
    context.clock.observe(batch.stampMax)
    ledger.finish()
    this.into.epochs.sweepIfDue()
    return true
  }

  /** See `SpaceState.restore`. */
  restore(bytes: Uint8Array): 'restored' | 'engine-missing' {
    const { context, ledger } = this.into
    const hasBegun = context.ids.length > 1 || (context.seen[SELF] ?? 0) > 0
    if (hasBegun) throw new Error('restored too late')
    const { reader, head, batch } = openState(bytes)
    if (head.replicas[0] !== context.id(SELF)) reader.fail('the state of another replica')
    const parts = this.into.unlessEngineMissing(() => this.into.parts.read(batch, 'whole'))
    if (parts === 'engine-missing') return parts
    const incoming = incomingOf(context, head)
    context.restoring = true
    this.joinParts(parts, incoming, NONE)
    context.restoring = false
    takeOver(context, head, incoming.seen, [...incoming.seen.keys()])
    context.resume(Math.max(head.baseStamp, batch.stampMax))
    ledger.finish()
    return 'restored'
  }

  private joinParts(parts: readonly Part[], incoming: Incoming, news: readonly number[]): void {
    const { ledger, table } = this.into
    ledger.begin(news)
    const joined = new Set<ObjectState>()
    for (const part of parts) {
      const { object } = this.into.parts.learn(part)
      object.root.join(part.content, incoming)
      joined.add(object)
    }
    for (const object of table.all()) {
      if (!joined.has(object)) object.root.join(object.kind.emptyWhole(), incoming)
    }
  }
}

/** Refuses a state that has seen of us what cannot be. */
export function checkOwn(context: ReplicaContext, vector: VersionVector, reader: Reader): void {
  const own = vector.get(context.id(SELF))
  if (own === 'sealed') reader.fail('a state in which this replica is sealed')
  if (own > context.sealed) {
    reader.fail('a state that has seen more of us than we made: is a replica id used twice?')
  }
}
