import { BatchReader } from '../codec/batch-reader.ts'
import { Reader } from '../codec/reader.ts'
import type { ReplicaId } from '../identity.ts'
import type { Kind } from '../kind.ts'
import type { VersionVector } from '../version-vector.ts'
import { adopt } from './adoption.ts'
import { decodeHead, encodeFramed } from './batch-codec.ts'
import { SELF, type ReplicaContext, type ReplicaPorts } from './context.ts'
import { encodeObjects } from './encode-objects.ts'
import type { Seal } from './epochs.ts'
import type { ObjectState } from './object-state.ts'
import { PACKED_BYTES_MIN } from './packed-object.ts'
import { Reissuer, type Reissued } from './reissuer.ts'
import type { StateEncoding } from './state-encoding.ts'
import { StateEncodings } from './state-encodings.ts'
import { checkOwn } from './state-joiner.ts'
import { StateJoining } from './state-joining.ts'
import { runTransaction } from './transaction.ts'
import { indexesOf, judge, seenOf, type Applied } from './verdict.ts'
import { Workings } from './workings.ts'

const NONE: readonly never[] = []
const OURSELVES = [SELF]

/**
 * One replica of one space: all its objects under one causal context, so that metadata does not grow with their number.
 *
 * Local operations change the state at once and are numbered; `takeBatch` seals what is pending into bytes. Batches
 * apply in the order of each origin, and after what their author had seen. Under that rule a removal never arrives
 * before what it removes, and a vector is all the context there is.
 */
export class SpaceState {
  private readonly name: string
  private has: Workings
  /** Whether another replica has taken over. */
  private isOver = false
  private readonly encodings = new StateEncodings({
    replica: () => this.has,
    checkNext: () => this.checkBetweenBatches('a state is encoded'),
  })

  constructor(ports: ReplicaPorts, name = '') {
    this.name = name
    this.has = new Workings(ports, name)
  }

  private get context(): ReplicaContext {
    return this.has.context
  }

  get replica(): ReplicaId {
    return this.context.id(SELF)
  }

  /** What is applied here. Our own entry ends at the last batch taken, so a batch is always seen wholly or not at all. */
  get vector(): VersionVector {
    return this.context.vector
  }

  /** The epoch that was entered last; 0 before the first. */
  get epoch(): number {
    return this.context.epoch
  }

  /** The epoch up to which what can be removed has folded. */
  get settledEpoch(): number {
    return this.context.settled
  }

  /** The epoch up to which what was deleted is forgotten here. */
  get trimmedEpoch(): number {
    return this.has.epochs.trimmedEpoch
  }

  /** How many replicas are known by a number here: those that are alive, and those that something here names. */
  get knownReplicas(): number {
    return this.context.ids.length
  }

  /** The number of the last local update; 0 before the first. */
  get lastUpdate(): number {
    return this.context.seen[SELF] ?? 0
  }

  /** Number of local updates that no batch carries yet. */
  get pendingUpdates(): number {
    return this.lastUpdate - this.context.sealed
  }

  /** What of others' updates the last batch that was taken came after, and the one before it did not. */
  get observed(): ReplicaContext['observed'] {
    return this.context.observed
  }

  objects(): Iterable<ObjectState> {
    return this.has.table.all()
  }

  /** The object of that name; of several, with schemas of different families, the one whose family comes first. */
  find(name: string): ObjectState | undefined {
    return this.has.table.find(name)
  }

  /**
   * The object `name`, made if it is not there. Others learn of it with its first update. The engines of `kind` must be
   * loaded. Its handle for this schema is `open(name, kind).handle(kind)`.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS, SPACE_ENDED, VALUE_INVALID for what is no name
   */
  open(name: string, kind: Kind): ObjectState {
    this.context.gate.checkOpen()
    return this.has.table.open(name, kind)
  }

  /**
   * Carries out what `work` writes through the drafts that it gets, as one: whole or not at all here and at every other
   * replica, and told to listeners as one change. When `work` or one of its writes throws, nothing was written.
   *
   * @throws JoineryError what the writes throw; OBJECT_TOO_LARGE, VALUE_INVALID, SPACE_ENDED; and what `work` throws
   */
  transact(work: (tx: (handle: object) => object) => unknown): void {
    const forget = (): void => {
      if (this.pendingUpdates === 0) this.has.clearDeltas()
    }
    runTransaction(this.context, { ledger: this.has.ledger, forget }, work)
  }

  /** Seals all pending local updates into one batch; `undefined` if there are none. */
  takeBatch(): Uint8Array | undefined {
    const { context } = this
    const first = context.firstPending
    const last = this.lastUpdate
    if (last < first) return undefined
    if (context.transaction !== undefined) throw new Error('no batch is taken within a transaction')
    if (first === 1 && !context.hasBegun(this.replica)) {
      throw new Error('a replica writes before the life of its slot before it is sealed here')
    }
    context.callRiders()
    const batch = this.has.batchWriter.begin(last, context.clock.latest)
    for (const object of this.has.dirtyObjects) {
      batch.body.raw(object.identity)
      batch.body.text(object.declared === object.fingerprint ? '' : object.descriptor)
      object.declared = object.fingerprint
      object.shared = true
      object.root.encodeDelta(batch)
    }
    const bytes = encodeFramed(context, batch, {
      shape: 'batch',
      objects: this.has.dirtyObjects.length,
      first,
      last,
      vector: context.tellAdvanced(),
    })
    context.batchTaken(last)
    this.has.clearDeltas()
    this.encodings.noteBatch(bytes)
    return bytes
  }

  /** Seals what `write` writes, which is told as one change. */
  private sealWritten(write: () => void): Uint8Array {
    this.has.ledger.begin(OURSELVES)
    write()
    this.has.ledger.finish()
    const batch = this.takeBatch()
    if (batch === undefined) throw new Error('nothing was made again')
    return batch
  }

  /** Seals what is pending without a batch of it, for a replica that has no others: nobody will ask for the batch. */
  seal(): void {
    const { context } = this
    if (this.pendingUpdates === 0) return
    context.callRiders()
    for (const object of this.has.dirtyObjects) object.shared = true
    context.batchTaken(this.lastUpdate)
    this.has.clearDeltas()
    this.encodings.noteJump()
  }

  /**
   * Applies a batch, whole or not at all. `gap` when an earlier batch of its author, or something its author had seen,
   * is missing here: nothing changed, offer it again later.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  apply(bytes: Uint8Array): Applied {
    this.checkNotOver('a batch is applied')
    const reader = new Reader(bytes)
    const head = decodeHead(reader, 'batch')
    const verdict = judge(this.context, head, reader)
    if (verdict !== 'applied') return verdict
    const batch = new BatchReader(reader, head, (row) =>
      row === 0 ? head.last : seenOf(this.context, head, row),
    )
    const parts = this.has.unlessEngineMissing(() => this.has.parts.read(batch, 'delta'))
    if (parts === 'engine-missing') return parts
    const indexes = indexesOf(this.context, head)
    const [author = SELF] = indexes
    const incoming = { indexes, seen: NONE }
    this.has.ledger.begin(indexes, 1)
    for (const part of parts) {
      this.has.parts.learn(part).object.root.apply(part.content, incoming)
    }
    if (head.first === 1) this.context.begin(author)
    this.context.applied(author, head.last)
    this.context.imply(head.vector, indexes)
    this.context.clock.observe(batch.stampMax)
    // Before listeners hear of it: they may write, and what they write may leave.
    this.encodings.noteBatch(bytes)
    this.has.ledger.finish()
    return 'applied'
  }

  /**
   * The whole state, with its vector and every descriptor. Take pending updates as a batch before. The canonical state
   * of a replica that is alone is a function of its operations: of nothing that was read, encoded or restored between.
   */
  encodeState({ canonical = false } = {}): Uint8Array {
    this.checkBetweenBatches('a state is encoded')
    return encodeObjects(this.context, this.has.table.all()[Symbol.iterator](), { canonical })
  }

  /**
   * The causal join with another replica's state, all of it visible at once. Tells whether it brought anything, or that
   * an engine must be loaded first.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  joinState(bytes: Uint8Array): boolean | 'engine-missing' {
    this.checkNotOver('a state is joined')
    const isJoined = this.has.joiner.join(bytes)
    if (isJoined === true) this.encodings.noteJump()
    return isJoined
  }

  /**
   * Goes on as the replica that encoded this state, with its numbers and its clock, as if it had never stopped. The
   * state must be the last one: a second replica of the id would write under numbers that are taken. It must be the
   * first thing that happens here. Batches after it say again what their objects are.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  restore(bytes: Uint8Array): 'restored' | 'engine-missing' {
    return this.has.joiner.restore(bytes)
  }

  /**
   * The state in pieces, while this replica goes on: for large ones, and beginStateJoining() takes it in. At most eight at
   * a time; each is to be read to its end, or stopped.
   */
  beginStateEncoding(): StateEncoding {
    this.checkNotOver('a state is encoded')
    return this.encodings.begin()
  }

  /** The causal join with another replica's state that comes in pieces: all of it visible at once, at its end. */
  beginStateJoining(): StateJoining {
    return new StateJoining({
      stage: () => {
        const replica = new SpaceState(this.context.ports, this.name)
        replica.context.restoring = true
        return { replica, loader: replica.has.loader, commit: () => this.commit(replica) }
      },
      check: (vector, reader) => checkOwn(this.context, vector, reader),
      onEngineMissing: (engines) => this.context.ports.onEngineMissing?.(engines),
    })
  }

  private commit(staged: SpaceState): boolean | 'engine-missing' {
    this.checkNotOver('a state is joined')
    const { vector } = staged
    if (this.vector.covers(vector)) return false
    const isAll = this.pendingUpdates === 0 && vector.covers(this.vector)
    if (!isAll || staged.settledEpoch < this.settledEpoch) {
      return this.joinState(staged.encodeState())
    }
    this.become(staged)
    return true
  }

  /** Goes on with all that another replica of ours has: nothing that we have is missing there. */
  private become(staged: SpaceState): void {
    const former = this.has
    const { isClosed } = former.context.gate
    staged.context.resume(former.context.clock.latest)
    adopt(staged.has, former, () => {
      this.has = staged.has
      this.context.gate.isClosed = isClosed
      this.encodings.noteJump()
    })
  }

  /**
   * Enters the epoch after this one, in which these lives are sealed. Each must be applied exactly up to its last update
   * that is in: then what it contributed becomes part of the base of each place, and the epoch of the vector stands for
   * all of it. So the base is a function of the epoch. `born` are the lives that were leased in the epoch before it and
   * go on: all of them, or who has seen nothing of one takes it for sealed. Take pending updates as a batch before.
   *
   * Costs a walk through all places that accumulate or hold such.
   *
   * @throws JoineryError EPOCH_TOO_EARLY; nothing changed.
   */
  enterEpoch(seals: readonly Seal[], born: readonly ReplicaId[]): void {
    this.checkBetweenBatches('an epoch is entered')
    this.has.epochs.enter(seals, born)
    this.encodings.noteEpoch({ seals, born })
  }

  /**
   * Folds what was sealed up to `epoch` in places that can be removed, too. To be called once every replica that may
   * still write has entered that epoch, and everything that it wrote before is applied here: then no removal is on its
   * way that tells of a sealed life by its name. Take pending updates as a batch before.
   */
  settleEpoch(epoch: number): void {
    this.checkBetweenBatches('an epoch is settled')
    this.has.epochs.settle(epoch)
    this.encodings.noteSettled(epoch)
  }

  /**
   * Forgets for good what was deleted from texts and lists in epochs before `epoch`: once every replica that may still write
   * has settled it, and what it wrote before is applied here, so that nothing is on its way of who had not heard.
   */
  trimEpoch(epoch: number): void {
    this.checkBetweenBatches('an epoch is trimmed')
    this.has.epochs.trim(epoch)
  }

  /**
   * Makes updates of a life that is over again, as ours: those of its batches that its seal has cut, with their clock
   * stamps and with what they had observed (`state/reissue.ts` says how). To be the first thing that this life writes, and
   * once all that was kept of the old one is here. `former` is the old one: its batches may name objects that only earlier
   * ones declared, and that are gone.
   *
   * @throws JoineryError ENCODING_INVALID, of the first batch that does not decode: those before it were made again.
   */
  reissue(
    batches: readonly Uint8Array[],
    cut: number,
    former?: SpaceState,
  ): Reissued | 'engine-missing' {
    if (this.lastUpdate > 0) throw new Error('made again too late')
    for (const object of former?.objects() ?? NONE) this.has.table.heirOf(object)
    const reissuer = new Reissuer(this.context, this.has.parts, (write) => this.sealWritten(write))
    return this.has.unlessEngineMissing(() => reissuer.reissue(batches, cut))
  }

  /**
   * Begins with nothing, in an epoch: what was is declared lost. `born` are all lives that were leased before it and go on.
   */
  beginIn(epoch: number, born: readonly ReplicaId[]): void {
    if (this.pendingUpdates > 0) throw new Error('begun too late')
    this.has.epochs.beginIn(epoch, born)
  }

  /**
   * Looks at some objects, at each once in so many turns. What nobody used between two looks is packed: it is kept as
   * bytes, until somebody uses it; if these are so many, or an engine keeps it.
   */
  packIdle(turnsOfRound: number, bytesMin = PACKED_BYTES_MIN): void {
    this.has.packer.turn(turnsOfRound, bytesMin)
  }

  private checkNotOver(what: string): void {
    if (this.isOver) throw new Error(`${what} where another replica has taken over`)
  }

  private checkBetweenBatches(what: string): void {
    this.checkNotOver(what)
    if (this.pendingUpdates > 0 || this.context.transaction !== undefined)
      throw new Error(`${what} between batches only`)
  }

  /**
   * Takes over from a replica whose life is over: its handles, listeners and waits are of this one from now on, and
   * listeners are told, as of a change made elsewhere, of what reads differently here. The former must not be used any
   * more. To be called with nothing pending in either, before anybody holds objects of this one.
   * @throws JoineryError VALUE_INVALID where schemas of an object do not go together; nothing changed.
   */
  adopt(former: SpaceState): void {
    this.checkBetweenBatches('a replica takes over')
    former.checkBetweenBatches('a replica is taken over')
    if (former === this) throw new Error('a replica takes over from another')
    adopt(this.has, former.has, () => {
      former.isOver = true
    })
  }

  /** Ends local writes: from now on handles throw SPACE_ENDED. Reads and merges go on. */
  close(): void {
    this.context.gate.isClosed = true
  }
}
