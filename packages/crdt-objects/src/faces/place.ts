import type { Change } from '../change.ts'
import type { Node } from '../state/node.ts'
import type { ReplicaContext } from '../state/context.ts'

/** What a place needs of its object. */
export interface PlacedObject {
  readonly name: string
  readonly context: ReplicaContext
  readonly root: Node
  watch(
    path: readonly string[],
    listener: (change: Change) => void,
    signal: AbortSignal | undefined,
  ): Disposable
}

/** Where a local handle points: a path below an object, whose node may or may not be there. */
export interface Place {
  readonly object: PlacedObject
  readonly context: ReplicaContext
  readonly path: readonly string[]
  /** The node, if anything is kept there. */
  find(): Node | undefined
  /** The node, made if need be: only a write does this. */
  make(): Node
}

/** The place of a whole object. */
export class RootPlace implements Place {
  object: PlacedObject
  readonly path: readonly string[] = []

  constructor(object: PlacedObject) {
    this.object = object
  }

  get context(): ReplicaContext {
    return this.object.context
  }

  /** The object has another state from now on: places below look anew, once their nodes are let go of. */
  moveTo(object: PlacedObject): void {
    this.object = object
  }

  find(): Node {
    return this.object.root
  }

  make(): Node {
    return this.object.root
  }
}

/** A node whose entries are nodes. */
export interface Branch {
  child(key: string): Node | undefined
  makeChild(key: string): Node
}

/** The place of an entry or field, below another place. */
export class ChildPlace implements Place {
  private readonly parent: Place
  private readonly key: string
  private readonly step: string
  private node: Node | undefined

  /** `key` is what the node above knows the child by, `step` what paths call it. */
  constructor(parent: Place, key: string, step = key) {
    this.parent = parent
    this.key = key
    this.step = step
  }

  get object(): PlacedObject {
    return this.parent.object
  }

  get context(): ReplicaContext {
    return this.parent.context
  }

  get path(): readonly string[] {
    return [...this.parent.path, this.step]
  }

  find(): Node | undefined {
    if (this.node?.attached === true) return this.node
    const above = this.parent.find() as (Node & Branch) | undefined
    this.node = above?.child(this.key)
    return this.node
  }

  make(): Node {
    if (this.node?.attached === true) return this.node
    // A closed space must not be touched: checked before a node is made for a write that is then refused.
    this.context.gate.checkOpen()
    const above = this.parent.make() as Node & Branch
    this.node = above.makeChild(this.key)
    return this.node
  }
}
