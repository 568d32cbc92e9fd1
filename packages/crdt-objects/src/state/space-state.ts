import { BatchReader } from '../codec/batch-reader.ts'
import { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { checkText } from '../codec/value.ts'
import { encodeFingerprint } from '../codec/fingerprint.ts'
import { JoineryError, invalidValue } from '../errors.ts'
import type { ReplicaId } from '../identity.ts'
import type { Kind } from '../kind.ts'
import { parseDescriptor } from '../types/descriptor.ts'
import { VersionVector } from '../version-vector.ts'
import type { Head } from './batch-codec.ts'
import { decodeHead, encodeFramed } from './batch-codec.ts'
import { ChangeLedger } from './change-ledger.ts'
import type { ReplicaPorts } from './context.ts'
import { ReplicaContext, SELF } from './context.ts'
import type { Incoming } from './node.ts'
import { ObjectState } from './object-state.ts'
import { SmallMap } from './small-map.ts'

/** The longest name of an object, in UTF-16 units. */
const NAME_LENGTH_MAX = 4096

/** What became of a batch that was offered. */
export type Applied = 'applied' | 'duplicate' | 'gap'

/** An object's part of a batch or state, decoded and checked, not applied. */
interface Part {
  readonly name: string
  readonly kind: Kind
  readonly known: ObjectState | undefined
  readonly content: unknown
}

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
  /** By name and fingerprint: of two schemas that met at one name, each has its object; neither is reinterpreted. */
  private readonly objectByKey = new Map<string, ObjectState>()
  /** Of several objects with one name, the one whose fingerprint is lowest. */
  private readonly objectByName = new Map<string, ObjectState>()
  private readonly batchWriter: BatchWriter
  /** The object that the last batch brought something for: as a rule the next one does, too. */
  private recent: ObjectState | undefined
  private dirtyObjects: ObjectState[] = []
  /** What our batches have told of others' updates. Invariant: at or below `context.seen`, entry by entry. */
  private readonly told: number[] = []

  constructor(ports: ReplicaPorts, name = '') {
    this.context = new ReplicaContext(ports, name)
    this.ledger = new ChangeLedger(this.context)
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
    return this.objectByKey.values()
  }

  /** The object of that name; of several with different schemas, the one whose fingerprint is lowest. */
  find(name: string): ObjectState | undefined {
    return this.objectByName.get(name)
  }

  /**
   * The object `name`, made if it is not there. Others learn of it with its first update.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS, SPACE_ENDED, VALUE_INVALID for what is no name
   */
  open(name: string, kind: Kind): ObjectState {
    this.context.checkOpen()
    checkName(name)
    const same = this.objectByKey.get(objectKey(name, kind.fingerprint))
    if (same !== undefined) return same
    const other = this.find(name)
    if (other !== undefined) {
      throw new JoineryError(
        'OBJECT_SCHEMA_DIFFERS',
        `"${name}" is ${other.descriptor}, not ${kind.descriptor}: open it with its schema, or use another name`,
        { name, expected: kind.descriptor, found: other.descriptor },
      )
    }
    return this.object(name, kind)
  }

  private object(name: string, kind: Kind): ObjectState {
    const key = objectKey(name, kind.fingerprint)
    let object = this.objectByKey.get(key)
    if (object === undefined) {
      object = new ObjectState(this.context, { name, kind }, this.noteDirty)
      this.objectByKey.set(key, object)
      const other = this.objectByName.get(name)
      if (other === undefined || object.fingerprint < other.fingerprint) {
        this.objectByName.set(name, object)
      }
    }
    return object
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
    const batch = this.batchWriter.begin(last, context.latestStamp)
    batch.body.varint(this.dirtyObjects.length)
    for (const object of this.dirtyObjects) {
      encodeIdentity(batch, object, object.declared ? '' : object.descriptor)
      object.declared = true
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
    for (const object of this.dirtyObjects) object.root.sealed()
    this.dirtyObjects = []
    return bytes
  }

  private dependencies(): [number, number][] {
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
    const batch = new BatchReader(reader, head)
    const parts = this.decodeParts(batch, 'delta')
    const indexes = head.replicas.map((id) => this.context.intern(id))
    const incoming = { indexes, seen: [] }
    this.ledger.begin(indexes.slice(0, 1))
    for (const part of parts) {
      const object = part.known ?? this.object(part.name, part.kind)
      object.shared = true
      object.root.apply(part.content, incoming)
      this.recent = object
    }
    this.context.seen[indexes[0] ?? SELF] = head.last
    this.context.observeStamp(batch.stampMax)
    this.ledger.finish()
    return 'applied'
  }

  private judge(head: Head, reader: Reader): Applied {
    const vector = (row: number): number => {
      const index = this.context.indexOf(head.replicas[row] ?? 0n)
      return index === undefined ? 0 : this.seen(index)
    }
    const seen = vector(0)
    if (head.last <= seen) return 'duplicate'
    if (head.replicas[0] === this.replica) {
      reader.fail('a batch of our own that we never made: is a replica id used twice?')
    }
    if (head.first > seen + 1) return 'gap'
    if (head.first <= seen) reader.fail('batch that overlaps what is applied')
    return head.vector.some(([row, seq]) => seq > vector(row)) ? 'gap' : 'applied'
  }

  private decodeParts(batch: BatchReader, form: 'delta' | 'whole'): Part[] {
    const parts: Part[] = []
    const keys = new SmallMap<string, true>()
    for (let left = batch.body.count(11); left > 0; left--) {
      const { name, kind, known } = this.decodeIdentity(batch)
      const key = objectKey(name, kind.fingerprint)
      if (keys.get(key) !== undefined) batch.body.fail('object named twice')
      keys.add(key, true)
      const content = form === 'delta' ? kind.decodeDelta(batch) : kind.decodeWhole(batch)
      parts.push({ name, kind, known, content })
    }
    batch.body.end()
    return parts
  }

  private decodeIdentity(batch: BatchReader): Omit<Part, 'content'> {
    const { recent } = this
    if (recent !== undefined && batch.body.skip(recent.identity)) {
      batch.body.text()
      return { name: recent.name, kind: recent.kind, known: recent }
    }
    const name = batch.body.text()
    const fingerprint = batch.body.u64().toString(16).padStart(16, '0')
    const descriptor = batch.body.text()
    const known = this.objectByKey.get(objectKey(name, fingerprint))
    if (known !== undefined) return { name, kind: known.kind, known }
    if (descriptor === '') return batch.body.fail('object that was never declared')
    if (encodeFingerprint(descriptor) !== fingerprint) batch.body.fail('fingerprint of a schema')
    return { name, kind: parseDescriptor(descriptor), known }
  }

  /** The whole state, with its vector and every descriptor. Take pending updates as a batch before. */
  encodeState(): Uint8Array {
    const { context } = this
    if (this.pendingUpdates > 0) throw new Error('a state is encoded between batches only')
    const batch = new BatchWriter(context).begin(0, context.latestStamp)
    // Empty ones too: batches after this state name them without saying again what they are.
    const objects = [...this.objectByKey.values()].filter(({ shared }) => shared)
    batch.body.varint(objects.length)
    for (const object of objects) {
      encodeIdentity(batch, object, object.descriptor)
      object.root.encodeWhole(batch)
    }
    const vector = [...context.ids.keys()]
      .map((index): [number, number] => [index, this.seen(index)])
      .filter(([, seq]) => seq > 0)
    return encodeFramed(context, batch, { shape: 'state', first: 0, last: 0, vector })
  }

  /**
   * The causal join with another replica's state, all of it visible at once. Tells whether it brought anything.
   *
   * @throws JoineryError ENCODING_INVALID; nothing changed.
   */
  joinState(bytes: Uint8Array): boolean {
    const reader = new Reader(bytes)
    const head = decodeHead(reader, 'state')
    const seenByRow = new Array<number>(head.rows).fill(0)
    for (const [row, seq] of head.vector) seenByRow[row] = seq
    const batch = new BatchReader(reader, { ...head, seenByRow })
    const parts = this.decodeParts(batch, 'whole')
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

  private joinParts(parts: readonly Part[], incoming: Incoming, news: readonly number[]): void {
    this.ledger.begin(news)
    const joined = new Set<ObjectState>()
    for (const { name, kind, content } of parts) {
      const object = this.object(name, kind)
      object.shared = true
      object.root.join(content, incoming)
      joined.add(object)
    }
    for (const object of this.objectByKey.values()) {
      if (!joined.has(object)) object.root.join(object.kind.emptyWhole(), incoming)
    }
  }

  /** Ends local writes: from now on handles throw SPACE_ENDED. Reads and merges go on. */
  close(): void {
    this.context.closed = true
  }
}

function checkName(name: string): void {
  if (typeof name !== 'string' || name.length > NAME_LENGTH_MAX) {
    throw invalidValue(`names are strings of at most ${NAME_LENGTH_MAX} characters`, name)
  }
  checkText(name, 'a name')
}

function objectKey(name: string, fingerprint: string): string {
  return `${fingerprint}${name}`
}

function encodeIdentity(batch: BatchWriter, object: ObjectState, descriptor: string): void {
  batch.body.raw(object.identity)
  batch.body.text(descriptor)
}
