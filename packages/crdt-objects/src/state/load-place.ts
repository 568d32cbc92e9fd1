import type { BatchReader } from '../codec/batch-reader.ts'
import type { Kind } from '../kind.ts'
import type { BranchNode } from './branch-node.ts'
import { LOADED_AT_ONCE } from './keyed-node.ts'
import type { Incoming, Node } from './node.ts'

/** What the node of a kind with branches is. */
type Branch = Node & Pick<BranchNode, 'child' | 'makeChild' | 'release'>

const AT_ONCE: readonly never[] = []

/** Reads a state into a place where nothing is kept, and pauses where it yields. */
export function loadPlace(
  kind: Kind,
  node: Node,
  batch: BatchReader,
  incoming: Incoming,
): Iterable<undefined> {
  if (kind.branching !== undefined) return loadBranch(kind, node as Branch, batch, incoming)
  if (kind.load !== undefined) return kind.load(batch, node, incoming)
  node.join(kind.decodeWhole(batch), incoming)
  return AT_ONCE
}

function* loadBranch(
  { branching }: Kind,
  node: Branch,
  batch: BatchReader,
  incoming: Incoming,
): Generator<undefined> {
  if (branching === undefined) return
  const below = branching.removes ? (incoming.removable ?? incoming) : incoming
  for (let left = batch.body.count(2); left > 0; left--) {
    const key = branching.readKey(batch)
    if (node.child(key) !== undefined) batch.body.fail('key named twice')
    const child = node.makeChild(key)
    yield* loadPlace(branching.kindAt(key), child, batch, below)
    node.release(child)
    if (left % LOADED_AT_ONCE === 0) yield
  }
}
