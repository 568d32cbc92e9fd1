import type { BatchFrame } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { decodeReplica, encodeReplica, REPLICA_BYTES_MIN } from '../codec/replica-id.ts'
import { allocate } from '../codec/slab.ts'
import { isLeased, slotKeyOf, type ReplicaId } from '../identity.ts'
import { checkEntry, isOfEpoch, VersionVector } from '../version-vector.ts'
import type { ReplicaContext } from './context.ts'
import { ALL } from './context.ts'

/**
 * The bytes of a batch, and of a state:
 *
 *     byte     version and shape (BATCH or STATE)
 *     varint   epoch that its author had entered
 *     table    count, then the id of each replica; row 0 is the author
 *     varint   first update number, and how many more there are (both 0 in a state)
 *     varint   base stamp
 *     vector   rows and numbers: what the batch depends on of lives that are not sealed, or all that the state has seen
 *              of these
 *     fold     of a state after epoch 0: the epoch up to which removable places have folded; rows of the sealed lives
 *              that they have not folded, and how many epochs later these were sealed
 *     body     how many objects, and these
 */
const BATCH = 0x31
const STATE = 0x32

/** The head of a batch or state, checked. */
export interface Head extends BatchFrame {
  readonly replicas: readonly ReplicaId[]
  /** The epoch that its author had entered. */
  readonly epoch: number
  /** Rows of the table, and how far each is seen. Invariant: no two of one slot. */
  readonly vector: readonly (readonly [number, number])[]
  /** Of a state. */
  readonly fold: FoldHead
}

/** How far a state has folded what was sealed. */
export interface FoldHead {
  /** The epoch up to which removable places have folded. */
  readonly settled: number
  /** By row: the epoch in which a life was sealed that they have not folded. */
  readonly sealedIn: ReadonlyMap<number, number>
}

export interface Framing {
  readonly shape: 'batch' | 'state'
  /** How many objects the body is of. */
  readonly objects: number
  readonly first: number
  readonly last: number
  /** Our indexes, and how far each is seen. */
  readonly vector: readonly (readonly [number, number])[]
}

/** Puts the head before a finished body. */
export function encodeFramed(
  context: ReplicaContext,
  batch: BatchWriter,
  framing: Framing,
): Uint8Array {
  // The rows of the vector complete the table.
  for (const [index] of framing.vector) batch.row(index)
  const { head, body } = batch
  head.byte(framing.shape === 'batch' ? BATCH : STATE)
  head.varint(context.epoch)
  head.varint(batch.table.length)
  for (const index of batch.table) encodeReplica(head, context.id(index), context.epoch)
  head.varint(framing.first)
  head.varint(framing.last - framing.first)
  head.varint(batch.baseStamp)
  head.varint(framing.vector.length)
  for (const [index, last] of framing.vector) {
    head.varint(batch.row(index))
    head.varint(last)
  }
  if (framing.shape === 'state') encodeFold(context, batch)
  head.varint(framing.objects)
  const bytes = allocate(head.length + body.length)
  head.copyTo(bytes, 0)
  body.copyTo(bytes, head.length)
  return bytes
}

function encodeFold({ epoch, settled, sealedIn }: ReplicaContext, batch: BatchWriter): void {
  if (epoch === 0) return
  const { head } = batch
  head.varint(settled)
  // Of the others nothing is said below.
  const open = batch.table.filter((index) => (sealedIn[index] ?? 0) > 0)
  head.varint(open.length)
  for (const index of open) {
    head.varint(batch.row(index))
    head.varint((sealedIn[index] ?? 0) - settled)
  }
}

/** Reads and checks a head; the reader then stands at the body. */
export function decodeHead(reader: Reader, shape: 'batch' | 'state'): Head {
  const version = reader.byte()
  if (version !== (shape === 'batch' ? BATCH : STATE)) {
    reader.fail(`version or shape ${version}: is a newer version at work?`)
  }
  const epoch = reader.varint()
  let rows = reader.count(REPLICA_BYTES_MIN)
  if (rows === 0) reader.fail('no author')
  // As a rule the author alone: an array of just that size.
  const replicas: ReplicaId[] = [decodeReplica(reader, epoch)]
  while (--rows > 0) replicas.push(decodeReplica(reader, epoch))
  if (replicas.length > 1 && new Set(replicas).size < replicas.length) {
    reader.fail('replica named twice')
  }
  const first = reader.varint()
  const last = first + reader.varint()
  const valid = shape === 'batch' ? first > 0 && Number.isSafeInteger(last) : last === 0
  if (!valid) reader.fail('update numbers')
  const baseStamp = reader.varint()
  const [author = 0n] = replicas
  if (isLeased(author) && !isOfEpoch(author, epoch + 1)) reader.fail('a life of a later epoch')
  // A batch tells nothing of what was not seen.
  const vector = decodeVector(reader, replicas, shape === 'batch' ? 0 : epoch)
  const fold =
    shape === 'state' && epoch > 0 ? decodeFold(reader, { replicas, epoch, vector }) : NO_FOLD
  // Written out: V8 takes 8 µs to spread an object here, ten times as long as all the rest.
  return { replicas, epoch, vector, rows: replicas.length, first, last, baseStamp, fold }
}

const EMPTY: Head['vector'] = []
const NO_FOLD: FoldHead = { settled: 0, sealedIn: new Map() }

function decodeVector(
  reader: Reader,
  replicas: readonly ReplicaId[],
  epoch: number,
): Head['vector'] {
  const count = reader.count(2)
  if (count === 0) return EMPTY
  const vector: [number, number][] = []
  const named = new Set<number | bigint>()
  for (let left = count; left > 0; left--) {
    const row = reader.varint()
    const replica = replicas[row] ?? reader.fail('replica that is not in the table')
    const slot = slotKeyOf(replica)
    if (named.has(slot)) reader.fail('slot named twice')
    named.add(slot)
    const last = reader.varint()
    checkEntry(reader, replica, last, epoch)
    vector.push([row, last])
  }
  return vector
}

/** What a head says of what is seen. */
type SeenHead = Pick<Head, 'replicas' | 'epoch' | 'vector'>

function decodeFold(reader: Reader, head: SeenHead): FoldHead {
  const { epoch } = head
  const settled = reader.varint()
  if (settled > epoch) reader.fail('settled before its epoch')
  const sealedIn = new Map<number, number>()
  const vector = vectorOf(head)
  for (let left = reader.count(2); left > 0; left--) {
    const row = reader.varint()
    const distance = reader.varint()
    const replica = head.replicas[row] ?? reader.fail('replica that is not in the table')
    if (vector.get(replica) !== 'sealed') reader.fail('seal of a life that goes on')
    if (distance === 0 || settled + distance > epoch) reader.fail('epoch of a seal')
    if (sealedIn.has(row)) reader.fail('replica named twice')
    sealedIn.set(row, settled + distance)
  }
  return { settled, sealedIn }
}

/** What a state has seen. */
export function vectorOf({ replicas, epoch, vector }: SeenHead): VersionVector {
  const entries = vector.map(([row, last]) => [replicas[row] ?? 0n, last] as const)
  return new VersionVector(epoch, entries)
}

/** By row: the number of the last update that a state has seen; ALL of a life that is over. */
export function seenByRow(head: SeenHead): number[] {
  const vector = vectorOf(head)
  return head.replicas.map((replica) => vector.lastOf(replica, ALL))
}

/** Who made a batch, which updates it holds, and what it must come after. */
export interface BatchHeader {
  readonly origin: ReplicaId
  /** Numbers of the first and last update in it. */
  readonly first: number
  readonly last: number
  /** The epoch that its author had entered: all lives that were sealed up to it come before the batch. */
  readonly epoch: number
  /** What of others' updates its author had seen, as far as that advanced since its previous batch; of no sealed life. */
  readonly dependencies: readonly (readonly [ReplicaId, number])[]
}

/**
 * Reads the head of a batch.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeBatchHeader(bytes: Uint8Array): BatchHeader {
  return batchHeader(decodeHead(new Reader(bytes), 'batch'))
}

export function batchHeader(head: Head): BatchHeader {
  const { replicas, first, last, epoch } = head
  return {
    origin: replicas[0] ?? 0n,
    first,
    last,
    epoch,
    dependencies: head.vector.map(([row, seq]) => [replicas[row] ?? 0n, seq]),
  }
}

/** Who encoded a state, and what it has: for a gate that may refuse it before it is joined. */
export interface StateHeader {
  readonly origin: ReplicaId
  readonly vector: VersionVector
  /** The epoch up to which its removable places have folded. */
  readonly settled: number
}

/**
 * Reads the head of a state.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeStateHeader(bytes: Uint8Array): StateHeader {
  const head = decodeHead(new Reader(bytes), 'state')
  const { settled } = head.fold
  return { origin: head.replicas[0] ?? 0n, vector: vectorOf(head), settled }
}
