import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Kind } from '../kind.ts'
import type { KindIdentity } from '../kind-identity.ts'
import { BranchNode, type Children } from './branch-node.ts'
import type { ReplicaContext } from './context.ts'
import { checkOperation } from './keyed-node.ts'
import type { Fold, Incoming, Node, Parent } from './node.ts'

/** A kind whose entries are places of another kind. */
export interface MapKind extends Kind {
  readonly entryKind: Kind
}

/** A map of objects: a node for each key that anything was ever written under. */
export class MapNode extends BranchNode {
  private entryKind: Kind
  /** The keys in order, made when asked for. Invariant: undefined, or exactly the keys of `children`. */
  private order: readonly string[] | undefined

  constructor(context: ReplicaContext, parent: Parent, key: string, entryKind: Kind) {
    super(context, parent, key)
    this.entryKind = entryKind
  }

  protected createChild(key: string): Node {
    this.order = undefined
    return this.entryKind.createNode(this.context, this, key)
  }

  override release(child: Node): void {
    super.release(child)
    if (!child.attached) this.order = undefined
  }

  override widen(kind: KindIdentity): void {
    this.entryKind = (kind as MapKind).entryKind
    for (const child of this.allChildren()) child.widen(this.entryKind)
  }

  protected encodeKey(batch: BatchWriter, key: string): void {
    batch.body.text(key)
  }

  protected keyBytes(key: string): number {
    return key.length
  }

  protected emptyWhole(): unknown {
    return this.entryKind.emptyWhole()
  }

  override join(whole: Children, incoming: Incoming): void {
    super.join(whole, incoming.removable ?? incoming)
  }

  override fold(fold: Fold): void {
    super.fold(fold.removable ? fold : { ...fold, removable: true })
  }

  /** Keys of all nodes, in an order that is the same at every replica. */
  keysInOrder(): readonly string[] {
    return (this.order ??= Array.from(this.allChildren(), ({ key }) => key).sort())
  }

  /** Keys under which something is there, in that order. */
  *presentKeys(): Generator<string, undefined> {
    for (const key of this.keysInOrder()) if (this.has(key)) yield key
  }

  /** The node under `key`, if something is there. */
  presentChild(key: string): Node | undefined {
    const child = this.child(key)
    return child?.present === true ? child : undefined
  }

  has(key: string): boolean {
    return this.child(key)?.present === true
  }

  count(): number {
    return this.presentCount
  }

  delete(key: string): void {
    const child = this.presentChild(key)
    if (child === undefined) return
    checkOperation(child.resetBytes())
    this.context.nextOfRemoval()
    child.reset()
    this.notify(key)
    this.context.operationDone()
  }

  clear(): void {
    if (this.presentCount === 0) return
    checkOperation(this.resetBytes())
    this.context.nextOfRemoval()
    this.reset()
    this.notify()
    this.context.operationDone()
  }
}
