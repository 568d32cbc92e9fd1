import { BatchReader } from '../codec/batch-reader.ts'
import { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { invalidValue } from '../errors.ts'
import type { ReplicaId } from '../identity.ts'
import { draftOf } from '../faces/drafts.ts'
import type { Kind } from '../kind.ts'
import { VersionVector } from '../version-vector.ts'
import type { Framing, Head } from './batch-codec.ts'
import { decodeHead, encodeFramed } from './batch-codec.ts'
import { ChangeLedger } from './change-ledger.ts'
import type { OpenTransaction, ReplicaPorts } from './context.ts'
import { ReplicaContext, SELF } from './context.ts'
import { EngineMissing } from './engine-missing.ts'
import type { Incoming } from './node.ts'
import type { ObjectState } from './object-state.ts'
import { ObjectTable } from './object-table.ts'
import { checkOperation } from './keyed-node.ts'
import type { Part } from './part-reader.ts'
import { PartReader } from './part-reader.ts'

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
  private readonly dirtyObjects: ObjectState[] = []
  /** What our batches have told of others' updates. Invariant: at or below `context.seen`, entry by entry. */
  private readonly told: number[] = []

  constructor(ports: ReplicaPorts, name = '') {
    this.context = new ReplicaContext(ports, name)
    this.ledger = new ChangeLedger(this.context)
    this.table = new ObjectTable(this.context, this.noteDirty)
    this.parts = new PartReader(this.table)
    this.batchWriter = new BatchWriter(this.context)
  }

  get replica(): ReplicaId {
    return this.context.id(SELF)
  }

  /** What is applied here. Our own entry ends at the last batch taken, so a batch is always seen wholly or not at all. */
  get vector(): VersionVector {
    const vector = new VersionVector()
    for (const [index, id] of this.context.ids.entries()) vector.set(id, this.seen(index))
    return vector
  }

  private seen(index: number): number {
    return index === SELF ? this.context.sealed : (this.context.seen[index] ?? 0)
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
    const { context } = this
    context.checkOpen()
    if (context.transaction !== undefined) throw invalidValue('transactions do not nest')
    const transaction: OpenTransaction = { undo: [] }
    const last = context.seen[SELF] ?? 0
    const { pendingBytes } = context
    context.transaction = transaction
    this.ledger.begin(OURSELVES)
    try {
      const isOver = (): boolean => context.transaction !== transaction
      const answer = work((handle) => draftOf(handle, context, isOver))
      if (answer !== undefined)
        throw invalidValue('the work of a transaction answers nothing, and is not asynchronous')
      if (transaction.refusal !== undefined) throw transaction.refusal.error
      checkOperation(context.pendingBytes - pendingBytes)
    } catch (error) {
      takeBack(transaction)
      context.rewind(last, pendingBytes)
      // Deltas of nothing, and places made for them, would be in the next state.
      if (this.pendingUpdates === 0) this.clearDeltas()
      context.transaction = undefined
      this.ledger.discard()
      throw error
    }
    context.transaction = undefined
    this.ledger.finish()
    context.operationDone()
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
      vector: this.dependencies(),
    })
    context.batchTaken(last)
    this.clearDeltas()
    return bytes
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

  private dependencies(): Framing['vector'] {
    if (this.context.ids.length === 1) return NONE
    const advanced: [number, number][] = []
    for (let index = SELF + 1; index < this.context.ids.length; index++) {
      const seen = this.seen(index)
      if (seen <= (this.told[index] ?? 0)) continue
      this.told[index] = seen
      advanced.push([index, seen])
    }
    return advanced
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
    return head.vector.some(([row, seq]) => seq > this.seenOf(head, row)) ? 'gap' : 'applied'
  }

  /** What is applied here of the replica in a row. */
  private seenOf(head: Head, row: number): number {
    const index = this.context.indexOf(head.replicas[row] ?? 0n)
    return index === undefined ? 0 : this.seen(index)
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
    if (this.pendingUpdates > 0) throw new Error('a state is encoded between batches only')
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
    const vector = [...context.ids.keys()]
      .map((index): [number, number] => [index, this.seen(index)])
      .filter(([, seq]) => seq > 0)
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
    const own = head.vector.find(([row]) => head.replicas[row] === this.replica)
    if (own !== undefined && own[1] > context.sealed) {
      reader.fail('a state that has seen more of us than we made: is a replica id used twice?')
    }
    const indexes = head.replicas.map((id) => context.intern(id))
    const seen = new Array<number>(context.ids.length).fill(0)
    for (const [row, seq] of head.vector) seen[indexes[row] ?? SELF] = seq
    const news = seen.flatMap((seq, index) => (seq > this.seen(index) ? [index] : []))
    if (news.length === 0) return false
    this.joinParts(parts, { indexes, seen }, news)
    for (const index of news) context.seen[index] = seen[index] ?? 0
    context.observeStamp(batch.stampMax)
    this.ledger.finish()
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
    const indexes = head.replicas.map((id) => context.intern(id))
    const seen = new Array<number>(context.ids.length).fill(0)
    for (const [row, seq] of head.vector) seen[indexes[row] ?? SELF] = seq
    context.restoring = true
    this.joinParts(parts, { indexes, seen }, NONE)
    context.restoring = false
    context.resume(seen, Math.max(head.baseStamp, batch.stampMax))
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

  /** Ends local writes: from now on handles throw SPACE_ENDED. Reads and merges go on. */
  close(): void {
    this.context.closed = true
  }
}

function openState(bytes: Uint8Array): { reader: Reader; head: Head; batch: BatchReader } {
  const reader = new Reader(bytes)
  const head = decodeHead(reader, 'state')
  const seenByRow = new Array<number>(head.rows).fill(0)
  for (const [row, seq] of head.vector) seenByRow[row] = seq
  return { reader, head, batch: new BatchReader(reader, { ...head, seenByRow }) }
}

function encodeOlder(batch: BatchWriter, descriptors: readonly string[]): void {
  batch.body.varint(descriptors.length)
  for (const descriptor of descriptors) batch.body.text(descriptor)
}

/** The last change first: each puts back what was there when it was made. */
function takeBack({ undo }: OpenTransaction): void {
  for (let restore = undo.pop(); restore !== undefined; restore = undo.pop()) restore()
}
