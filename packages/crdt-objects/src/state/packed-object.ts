import { CounterNode } from '../counter/counter-node.ts'
import { BatchReader } from '../codec/batch-reader.ts'
import { BatchWriter } from '../codec/batch-writer.ts'
import { Reader } from '../codec/reader.ts'
import { Slab } from '../codec/slab.ts'
import type { ReplicaId } from '../identity.ts'
import type { Kind } from '../kind.ts'
import { BranchNode } from './branch-node.ts'
import { CellNode } from './cell-node.ts'
import { ALL, type ReplicaContext } from './context.ts'
import { KeyedNode } from './keyed-node.ts'
import { loadPlace } from './load-place.ts'
import { SmallMap } from './small-map.ts'
import { NO_FOLDS, type Fold, type FoldComparison, type Node, type Parent } from './node.ts'

/** What takes less is not worth it, unless an engine keeps it: the bytes stand beside what knows of them. */
export const PACKED_BYTES_MIN = 256
/** An object of more parts stays as it is: who uses it next would wait for all of them. */
export const PARTS_MAX = 4_000

/** A leaf that is not made of dots says how large it is. */
export interface Restful {
  /** Roughly of how many parts it is; Infinity while it cannot be kept as bytes. */
  readonly restingParts: number
  /** It is kept as bytes: whoever has kept the node is to keep nothing else. */
  letGo(): void
}

const NONE: readonly never[] = []

/** What is kept for long has room of its own. */
const slab = new Slab()

/**
 * The content of an object that nobody uses, as a state would carry it: a fraction of what it takes in the heap. It is a
 * pause, and nobody notices: what is unpacked is what was packed, with what happened to all objects meanwhile.
 *
 * Such are epochs, which fold what sealed lives have left in counters, and age and trim what was deleted from texts and
 * lists. That is made up for: a counter's sum is exact, so it is the same whenever it is folded. Sums of floating point
 * numbers are not, and are never packed.
 *
 * Replicas are named by their ids: who is sealed is forgotten where no object names it, and a packed one does not.
 */
export class PackedObject {
  readonly present: boolean
  private readonly kind: Kind
  /** By row of its table. */
  readonly ids: readonly ReplicaId[]
  private readonly baseStamp: number
  private readonly bytes: Uint8Array
  private readonly epoch: number
  private readonly settled: number
  /** The first epoch that was entered since; 0 if none was. */
  private agedIn = 0
  private hasSettled = false
  /** The epoch up to which was trimmed since; 0 if none was. */
  private trimmed = 0

  private constructor(
    kind: Kind,
    { present }: Node,
    { context, table, body, baseStamp }: BatchWriter,
  ) {
    this.kind = kind
    this.present = present
    this.epoch = context.epoch
    this.settled = context.settled
    this.ids = table.map((index) => context.id(index))
    this.baseStamp = baseStamp
    this.bytes = slab.allocate(body.length)
    body.copyTo(this.bytes, 0)
  }

  /** What `node` holds; undefined where that would not be worth it. */
  static of(kind: Kind, node: Node, bytesMin: number): PackedObject | undefined {
    const { context } = node
    const batch = new BatchWriter(context).begin(0, context.clock.latest)
    node.encodeWhole(batch)
    if (batch.body.length < bytesMin && kind.engines.length === 0) return undefined
    return new PackedObject(kind, node, batch)
  }

  /** All objects are folded: an epoch was entered, or settled. */
  fold({ settles }: Fold, epoch: number): void {
    if (settles) this.hasSettled = true
    else if (this.agedIn === 0) this.agedIn = epoch
  }

  trim(epoch: number): void {
    this.trimmed = epoch
  }

  /** The node that was packed. */
  unpack(context: ReplicaContext, parent: Parent): Node {
    const { kind, ids, bytes, baseStamp } = this
    const node = kind.createNode(context, parent, '')
    const indexes = ids.map((id) => context.intern(id))
    const seenByRow = indexes.map((index) => context.seen[index] ?? 0)
    const frame = { rows: ids.length, first: 0, last: 0, baseStamp, seenByRow }
    const batch = new BatchReader(new Reader(bytes), frame)
    const removable = { indexes, seen: NONE, folds: foldsOf(this.settled) }
    const incoming = { indexes, seen: NONE, folds: foldsOf(this.epoch), removable }
    // As where a state is restored; and nobody is told of what was here before.
    const { restoring, watchers, epoch } = context
    Object.assign(context, { restoring: true, watchers: 0 })
    try {
      context.unseen(() => {
        for (const _ of loadPlace(kind, node, batch, incoming));
      })
      batch.body.end()
      this.makeUp(context, node)
    } finally {
      Object.assign(context, { restoring, watchers, epoch })
    }
    return node
  }

  private makeUp(context: ReplicaContext, node: Node): void {
    const isOver = (index: number): boolean => context.seen[index] === ALL
    const isSettled = (index: number): boolean => isOver(index) && context.sealedIn[index] === 0
    if (this.agedIn > 0) {
      // What was deleted before is older than all that this epoch brought.
      context.epoch = this.agedIn
      node.fold({ settles: false, removable: false, isOver })
    }
    if (this.hasSettled) node.fold({ settles: true, removable: false, isOver: isSettled })
    if (this.trimmed > 0) node.trim(this.trimmed)
  }
}

/** How far it was folded, to a place in which nothing is. */
function foldsOf(theirs: number): FoldComparison {
  return { ...NO_FOLDS, theirs }
}

/** The content of an object is kept as bytes: handles that have kept nodes of it are to look again, and to keep nothing else. */
export function letGo(node: Node): void {
  if (node instanceof BranchNode) for (const child of node.allChildren()) letGo(child)
  else if (node instanceof KeyedNode) node.cells = new SmallMap()
  else if (node instanceof CellNode) node.head = undefined
  else (node as Node & Partial<Restful>).letGo?.()
  node.detach()
}

/** Roughly of how many parts a place is; Infinity while it cannot be kept as bytes. */
export function partsOf(node: Node): number {
  if (node.dirty) return Infinity
  if (node instanceof CellNode || node instanceof CounterNode) return 1
  if (node instanceof KeyedNode) return 1 + node.cells.size
  if (!(node instanceof BranchNode))
    return (node as Node & Partial<Restful>).restingParts ?? Infinity
  let parts = 1
  for (const child of node.allChildren()) {
    parts += partsOf(child)
    if (parts > PARTS_MAX) break
  }
  return parts
}
