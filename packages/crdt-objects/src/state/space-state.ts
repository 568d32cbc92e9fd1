import { BatchReader } from '../codec/batch-reader.ts'
import { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import type { ReplicaId } from '../identity.ts'
import type { Kind } from '../kind.ts'
import { VersionVector, type Reach } from '../version-vector.ts'
import type { Head } from './batch-codec.ts'
import { decodeHead, encodeFramed, vectorOf } from './batch-codec.ts'
import { ChangeLedger } from './change-ledger.ts'
import type { ReplicaPorts } from './context.ts'
import { ALL, ReplicaContext, SELF } from './context.ts'
import { EngineMissing } from './engine-missing.ts'
import { Epochs, type Seal } from './epochs.ts'
import type { Incoming } from './node.ts'
import { incomingOf, openState, takeOver } from './state-join.ts'
import type { ObjectState } from './object-state.ts'
import { ObjectTable } from './object-table.ts'
import type { Part } from './part-reader.ts'
import { PartReader } from './part-reader.ts'
import { Reissuer, type Reissued } from './reissuer.ts'
import { runTransaction } from './transaction.ts'

const NONE: readonly never[] = []
const OURSELVES = [SELF]

/**
 * What became of a batch that was offered. `engine-missing`: it holds objects whose engine is not loaded; the port
 * `onEngineMissing` was told which, and nothing changed.
 */
export type Applied = 'applied' | 'duplicate' | 'gap' | 'engine-missing'

/**
 * One replica of one space: all its objects under one causal context, so that metadata does not grow with their number.
 *
 * Local operations change the state at once and are numbered; `takeBatch` seals what is pending into bytes. Batches
 * apply in the order of each origin, and after what their author had seen. Under that rule a removal never arrives
 * before what it removes, and a vector is all the context there is.
 */
export class SpaceState {
  private readonly context: ReplicaContext
  private readonly ledger: ChangeLedger
  private readonly table: ObjectTable
  private readonly batchWriter: BatchWriter
  private readonly parts: PartReader
  private readonly epochs: Epochs
  private readonly reissuer: Reissuer
  private readonly dirtyObjects: ObjectState[] = []

  constructor(ports: ReplicaPorts, name = '') {
    this.context = new ReplicaContext(ports, name)
    this.ledger = new ChangeLedger(this.context)
    this.table = new ObjectTable(this.context, this.noteDirty)
    this.parts = new PartReader(this.table)
    this.epochs = new Epochs(this.context, this.table)
    this.reissuer = new Reissuer(this.context, this.parts, (write) => this.sealWritten(write))
    this.batchWriter = new BatchWriter(this.context)
  }

  get replica(): ReplicaId {
    return this.context.id(SELF)
  }

  /** What is applied here. Our own entry ends at the last batch taken, so a batch is always seen wholly or not at all. */
  get vector(): VersionVector {
    const { context } = this
    const vector = new VersionVector()
    for (const index of context.lives()) vector.set(context.id(index), context.reach(index))
    return vector
  }

  /** The epoch that was entered last; 0 before the first. */
  get epoch(): number {
    return this.context.epoch
  }

  /** The epoch up to which what can be removed has folded. */
  get settledEpoch(): number {
    return this.context.settled
  }

  /** How many replicas are known by a number here: those that are alive, and those that something here names. */
  get knownReplicas(): number {
    return this.context.ids.length
  }

  /** Number of local updates that no batch carries yet. */
  get pendingUpdates(): number {
    return (this.context.seen[SELF] ?? 0) - this.context.sealed
  }

  objects(): Iterable<ObjectState> {
    return this.table.all()
  }

  /** The object of that name; of several, with schemas of different families, the one whose family comes first. */
  find(name: string): ObjectState | undefined {
    return this.table.find(name)
  }

  /**
   * The object `name`, made if it is not there. Others learn of it with its first update. The engines of `kind` must be
   * loaded. Its handle for this schema is `open(name, kind).handle(kind)`.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS, SPACE_ENDED, VALUE_INVALID for what is no name
   */
  open(name: string, kind: Kind): ObjectState {
    this.context.checkOpen()
    return this.table.open(name, kind)
  }

  /**
   * Carries out what `work` writes through the drafts that it gets, as one: whole or not at all here and at every other
   * replica, and told to listeners as one change. When `work` or one of its writes throws, nothing was written.
   *
   * @throws JoineryError what the writes throw; OBJECT_TOO_LARGE, VALUE_INVALID, SPACE_ENDED; and what `work` throws
   */
  transact(work: (tx: (handle: object) => object) => unknown): void {
    const forget = (): void => {
      if (this.pendingUpdates === 0) this.clearDeltas()
    }
    runTransaction(this.context, { ledger: this.ledger, forget }, work)
  }

  private readonly noteDirty = (object: ObjectState): void => {
    this.dirtyObjects.push(object)
    this.context.pendingBytes += object.name.length + 12
  }

  /** Seals all pending local updates into one batch; `undefined` if there are none. */
  takeBatch(): Uint8Array | undefined {
    const { context } = this
    const first = context.firstPending
    const last = context.seen[SELF] ?? 0
    if (last < first) return undefined
    if (context.transaction !== undefined) throw new Error('no batch is taken within a transaction')
    if (first === 1 && !context.hasBegun(this.replica)) {
      throw new Error('a replica writes before the life of its slot before it is sealed here')
    }
    context.callRiders()
    const batch = this.batchWriter.begin(last, context.latestStamp)
    batch.body.varint(this.dirtyObjects.length)
    for (const object of this.dirtyObjects) {
      batch.body.raw(object.identity)
      batch.body.text(object.declared === object.fingerprint ? '' : object.descriptor)
      object.declared = object.fingerprint
      object.shared = true
      object.root.encodeDelta(batch)
    }
    const bytes = encodeFramed(context, batch, {
      shape: 'batch',
      first,
      last,
      vector: context.tellAdvanced(),
    })
    context.batchTaken(last)
    this.clearDeltas()
    return bytes
  }

  /** Seals what `write` writes, which is told as one change. */
  private sealWritten(write: () => void): Uint8Array {
    this.ledger.begin(OURSELVES)
    write()
    this.ledger.finish()
    const batch = this.takeBatch()
    if (batch === undefined) throw new Error('nothing was made again')
    return batch
  }

  /** Seals what is pending without a batch of it, for a replica that has no others: nobody will ask for the batch. */
  seal(): void {
    const { context } = this
    if (this.pendingUpdates === 0) return
    context.callRiders()
    for (const object of this.dirtyObjects) object.shared = true
    context.batchTaken(context.seen[SELF] ?? 0)
    this.clearDeltas()
  }

  private clearDeltas(): void {
    for (const object of this.dirtyObjects) object.root.sealed()
    while (this.dirtyObjects.length > 0) this.dirtyObjects.pop()
  }

  /**
   * Applies a batch, whole or not at all. `gap` when an earlier batch of its author, or something its author had seen,
   * is missing here: nothing changed, offer it again later.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  apply(bytes: Uint8Array): Applied {
    const reader = new Reader(bytes)
    const head = decodeHead(reader, 'batch')
    const verdict = this.judge(head, reader)
    if (verdict !== 'applied') return verdict
    const batch = new BatchReader(reader, head, (row) =>
      row === 0 ? head.last : this.seenOf(head, row),
    )
    const parts = this.unlessEngineMissing(() => this.parts.read(batch, 'delta'))
    if (parts === 'engine-missing') return parts
    // As a rule the author alone: an array of just that size.
    const author = this.context.intern(head.replicas[0] ?? 0n)
    const indexes = [author]
    for (let row = 1; row < head.rows; row++) {
      indexes.push(this.context.intern(head.replicas[row] ?? 0n))
    }
    const incoming = { indexes, seen: NONE }
    this.ledger.begin(indexes, 1)
    for (const part of parts) {
      this.parts.learn(part).object.root.apply(part.content, incoming)
    }
    if (head.first === 1) this.context.begin(author)
    this.context.seen[author] = head.last
    this.context.observeStamp(batch.stampMax)
    this.ledger.finish()
    return 'applied'
  }

  private judge(head: Head, reader: Reader): Applied {
    const seen = this.seenOf(head, 0)
    if (head.last <= seen) return 'duplicate'
    if (head.replicas[0] === this.replica) {
      reader.fail('a batch of our own that we never made: is a replica id used twice?')
    }
    if (head.first > seen + 1) return 'gap'
    if (head.first <= seen) reader.fail('batch that overlaps what is applied')
    if (seen === 0 && !this.context.hasBegun(head.replicas[0] ?? 0n)) return 'gap'
    const isMissing = ([row, reach]: readonly [number, Reach]): boolean =>
      (reach === 'sealed' ? ALL : reach) > this.seenOf(head, row)
    return head.vector.some(isMissing) ? 'gap' : 'applied'
  }

  /** What is applied here of the replica in a row. */
  private seenOf(head: Head, row: number): number {
    const id = head.replicas[row] ?? 0n
    return id === this.replica ? this.context.sealed : this.context.boundOf(id)
  }

  private unlessEngineMissing<T>(decode: () => T): T | 'engine-missing' {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error
      this.context.ports.onEngineMissing?.(error.engines)
      return 'engine-missing'
    }
  }

  /**
   * The whole state, with its vector and every descriptor. Take pending updates as a batch before. The canonical state
   * of a replica that is alone is a function of its operations: of nothing that was read, encoded or restored between.
   */
  encodeState({ canonical = false } = {}): Uint8Array {
    const { context } = this
    this.checkBetweenBatches('a state is encoded')
    const batch = new BatchWriter(context).begin(0, context.latestStamp, canonical)
    // Empty ones too: batches after this state name them without saying again what they are.
    const objects = [...this.table.all()].filter(({ shared }) => shared)
    batch.body.varint(objects.length)
    for (const object of objects) {
      batch.body.raw(object.identity)
      batch.body.text(object.descriptor)
      encodeOlder(batch, object.olderDescriptors)
      object.root.encodeWhole(batch)
    }
    const vector = Array.from(context.lives(), (index): [number, Reach] => [
      index,
      context.reach(index),
    ])
    return encodeFramed(context, batch, { shape: 'state', first: 0, last: 0, vector })
  }

  /**
   * The causal join with another replica's state, all of it visible at once. Tells whether it brought anything, or that
   * an engine must be loaded first.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  joinState(bytes: Uint8Array): boolean | 'engine-missing' {
    const { reader, head, batch } = openState(bytes)
    const parts = this.unlessEngineMissing(() => this.parts.read(batch, 'whole'))
    if (parts === 'engine-missing') return parts
    const { context } = this
    const own = vectorOf(head).get(this.replica)
    if (own === 'sealed' || own > context.sealed) {
      reader.fail(
        own === 'sealed'
          ? 'a state in which this replica is sealed'
          : 'a state that has seen more of us than we made: is a replica id used twice?',
      )
    }
    const incoming = incomingOf(context, head)
    const { seen } = incoming
    const news = seen.flatMap((seq, index) => (seq > context.sealedSeen(index) ? [index] : []))
    if (news.length === 0) return false
    this.joinParts(parts, incoming, news)
    takeOver(context, head, seen, news)
    context.observeStamp(batch.stampMax)
    this.ledger.finish()
    this.epochs.sweepIfDue()
    return true
  }

  /**
   * Goes on as the replica that encoded this state, with its numbers and its clock, as if it had never stopped. The
   * state must be the last one: a second replica of the id would write under numbers that are taken. It must be the
   * first thing that happens here. Batches after it say again what their objects are.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  restore(bytes: Uint8Array): 'restored' | 'engine-missing' {
    const { context } = this
    const hasBegun = context.ids.length > 1 || (context.seen[SELF] ?? 0) > 0
    if (hasBegun) throw new Error('restored too late')
    const { reader, head, batch } = openState(bytes)
    if (head.replicas[0] !== this.replica) reader.fail('the state of another replica')
    const parts = this.unlessEngineMissing(() => this.parts.read(batch, 'whole'))
    if (parts === 'engine-missing') return parts
    const incoming = incomingOf(context, head)
    context.restoring = true
    this.joinParts(parts, incoming, NONE)
    context.restoring = false
    takeOver(context, head, incoming.seen, [...incoming.seen.keys()])
    context.resume(Math.max(head.baseStamp, batch.stampMax))
    this.ledger.finish()
    return 'restored'
  }

  private joinParts(parts: readonly Part[], incoming: Incoming, news: readonly number[]): void {
    this.ledger.begin(news)
    const joined = new Set<ObjectState>()
    for (const part of parts) {
      const { object } = this.parts.learn(part)
      object.root.join(part.content, incoming)
      joined.add(object)
    }
    for (const object of this.table.all()) {
      if (!joined.has(object)) object.root.join(object.kind.emptyWhole(), incoming)
    }
  }

  /**
   * Enters the epoch after this one, in which these lives are sealed. Each must be applied exactly up to its last update
   * that is in: then what it contributed becomes part of the base of each place, and its entry of the vector stands for
   * all of it. So the base is a function of the epoch. Take pending updates as a batch before.
   *
   * Costs a walk through all places that accumulate or hold such.
   *
   * @throws JoineryError EPOCH_TOO_EARLY; nothing changed.
   */
  enterEpoch(record: readonly Seal[]): void {
    this.checkBetweenBatches('an epoch is entered')
    this.epochs.enter(record)
  }

  /**
   * Folds what was sealed up to `epoch` in places that can be removed, too. To be called once every replica that may
   * still write has entered that epoch, and everything that it wrote before is applied here: then no removal is on its
   * way that tells of a sealed life by its name. Take pending updates as a batch before.
   */
  settleEpoch(epoch: number): void {
    this.checkBetweenBatches('an epoch is settled')
    this.epochs.settle(epoch)
  }

  /**
   * Makes updates of a life that is over again, as ours: those of its batches that its seal has cut, with their clock
   * stamps and with what they had observed (`state/reissue.ts` says how). To be the first thing that this life writes, and
   * once all that was kept of the old one is here. Gives the batches to send, and whether all could be made again: changes
   * of documents cannot.
   *
   * @throws JoineryError ENCODING_INVALID, of the first batch that does not decode: those before it were made again.
   */
  reissue(batches: readonly Uint8Array[], cut: number): Reissued | 'engine-missing' {
    if ((this.context.seen[SELF] ?? 0) > 0) throw new Error('made again too late')
    return this.unlessEngineMissing(() => this.reissuer.reissue(batches, cut))
  }

  /** Begins with nothing, in an epoch in which these lives are sealed: what there was is gone, and declared to be. */
  beginIn(epoch: number, sealed: readonly ReplicaId[]): void {
    if (this.pendingUpdates > 0) throw new Error('begun too late')
    this.epochs.beginIn(epoch, sealed)
  }

  private checkBetweenBatches(what: string): void {
    if (this.pendingUpdates > 0) throw new Error(`${what} between batches only`)
  }

  /** Ends local writes: from now on handles throw SPACE_ENDED. Reads and merges go on. */
  close(): void {
    this.context.closed = true
  }
}

function encodeOlder(batch: BatchWriter, descriptors: readonly string[]): void {
  batch.body.varint(descriptors.length)
  for (const descriptor of descriptors) batch.body.text(descriptor)
}
