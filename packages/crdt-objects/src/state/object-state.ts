import type { Change } from '../change.ts'
import { Writer } from '../codec/writer.ts'
import type { Kind } from '../kind.ts'
import type { ReplicaContext } from './context.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Fold, Node, Parent } from './node.ts'
import { ObjectUsers, type HeldObject } from './object-users.ts'
import { letGo, PackedObject, PARTS_MAX, partsOf } from './packed-object.ts'
import { SmallMap } from './small-map.ts'

/** A schema of an object. */
export class KnownKind {
  readonly object: ObjectState
  readonly kind: Kind
  private encoded: Uint8Array | undefined

  constructor(object: ObjectState, kind: Kind) {
    this.object = object
    this.kind = kind
  }

  /** The bytes that batches name it by. Most objects of a large space are in no batch. */
  get identity(): Uint8Array {
    return (this.encoded ??= encodeIdentity(this.object.name, this.kind.fingerprint))
  }
}

/** One object of a space, as this replica holds it. */
export class ObjectState implements Parent, HeldObject {
  readonly name: string
  readonly context: ReplicaContext
  /** Invariant: there, or the content is packed. */
  private node: Node | undefined
  private packed: PackedObject | undefined
  /** Whether it was used since it was looked at last; until it is, what is not worth packing stays so. */
  private rest: 'used' | 'idle' | 'small' = 'used'
  /** Fingerprint of the descriptor that our own batches have carried: those who follow them know it from then on. */
  declared = ''
  /** Whether others may know it: someone's batches may go on without its descriptor. */
  shared = false
  /** Made when somebody holds it: as a rule most objects of a space are just there. */
  private users: ObjectUsers | undefined
  private readonly onDirty: (object: ObjectState) => void
  /** The union of all schemas it was opened with or arrived with. */
  private union: Kind
  /** By fingerprint: every schema it was opened with or arrived with, as others may name it. */
  private readonly kinds = new SmallMap<string, KnownKind>()

  constructor(
    context: ReplicaContext,
    identity: { readonly name: string; readonly kind: Kind },
    onDirty: (object: ObjectState) => void,
  ) {
    this.context = context
    this.name = identity.name
    this.union = identity.kind
    this.onDirty = onDirty
    this.node = identity.kind.createNode(context, this, '')
    this.learn(identity.kind)
  }

  /** Its content, for whatever use. */
  get root(): Node {
    this.rest = 'used'
    return (this.node ??= this.unpack())
  }

  private unpack(): Node {
    const { packed } = this
    if (packed === undefined) throw new Error('an object without content')
    // Not lost, if that throws.
    const node = packed.unpack(this.context, this)
    this.packed = undefined
    return node
  }

  get isPacked(): boolean {
    return this.node === undefined
  }

  /** Packs it, if nobody has used it since this was called before. Gives of how many parts it is, or 0. */
  packIfIdle(bytesMin: number): number {
    const { rest, node } = this
    if (rest === 'used') this.rest = 'idle'
    if (rest !== 'idle' || node === undefined) return 0
    const parts = partsOf(node)
    if (parts > PARTS_MAX) return 0
    this.packed = PackedObject.of(this.union, node, bytesMin)
    if (this.packed === undefined) this.rest = 'small'
    else this.putAway(node)
    return parts
  }

  private putAway(node: Node): void {
    this.node = undefined
    letGo(node)
  }

  /** To be sent to somebody is no use. */
  encodeWhole(batch: BatchWriter): void {
    const { packed, rest, root } = this
    root.encodeWhole(batch)
    this.rest = rest
    if (packed === undefined) return
    this.packed = packed
    this.putAway(root)
  }

  fold(fold: Fold): void {
    if (this.node !== undefined) this.node.fold(fold)
    else this.packed?.fold(fold, this.context.epoch)
  }

  trim(epoch: number): void {
    if (this.node !== undefined) this.node.trim(epoch)
    else this.packed?.trim(epoch)
  }

  /** Numbers those again that only bytes name: they may have been forgotten. */
  internReplicas(): void {
    this.packed?.ids.forEach((id) => this.context.intern(id))
  }

  visitReplicas(visit: (index: number) => void): void {
    this.node?.visitReplicas(visit)
  }

  /** The kind that sees all of it. */
  get kind(): Kind {
    return this.union
  }

  get descriptor(): string {
    return this.union.descriptor
  }

  get fingerprint(): string {
    return this.union.fingerprint
  }

  /** Name and fingerprint, as batches carry them. */
  get identity(): Uint8Array {
    return this.learn(this.union).identity
  }

  /** What is known by a fingerprint that others use for it. */
  known(fingerprint: string): KnownKind | undefined {
    return this.kinds.get(fingerprint)
  }

  /** All schemas that it was opened with or arrived with, and their union. */
  get kindsKnown(): readonly Kind[] {
    return Array.from(this.kinds.values(), ({ kind }) => kind)
  }

  /** All descriptors that others may use for it but the union's own. */
  get olderDescriptors(): readonly string[] {
    const { fingerprint } = this
    return [...this.kinds].flatMap(([key, { kind }]) =>
      key === fingerprint ? [] : [kind.descriptor],
    )
  }

  /** Takes note of a schema of the same family: from now on the object has all that it has. */
  learn(kind: Kind): KnownKind {
    let known = this.kinds.get(kind.fingerprint)
    if (known === undefined) {
      known = new KnownKind(this, kind)
      this.kinds.set(kind.fingerprint, known)
      const union = this.union.union(kind)
      if (union.fingerprint !== this.union.fingerprint) {
        const { root } = this
        this.union = union
        root.widen(union)
        this.learn(union)
      }
    }
    return known
  }

  /** Whether anything is there to a reader. */
  get present(): boolean {
    return (this.node ?? this.packed)?.present === true
  }

  private get held(): ObjectUsers {
    return (this.users ??= new ObjectUsers(this))
  }

  /** Whether a program of this process has opened it, or asked for a handle of it. */
  get isHeld(): boolean {
    return this.users !== undefined
  }

  /** A program of this process opens it, with a kind that may refuse some values. */
  hold(kind: Kind): void {
    this.held.guard(kind)
  }

  /** The local handle of the whole object, as a schema sees it. */
  handle(kind: Kind = this.kind): object {
    return this.held.face(kind)
  }

  /** The handle for callers whose schema came as a descriptor: what this process refuses, they are refused. */
  guardedHandle(kind?: Kind): object {
    return this.held.guardedFace(kind)
  }

  /** Gives that handle whenever it is asked, also when another replica has taken over. */
  guardedHandles(kind: Kind): () => object {
    const { held } = this
    return () => held.guardedFace(kind)
  }

  childDirty(): void {
    this.rest = 'used'
    this.onDirty(this)
  }

  childPresence(): void {
    // An object is there from its opening on: nothing is counted.
  }

  locate(): { readonly object: object; readonly path: string[] } {
    return { object: this, path: [] }
  }

  step(): undefined {
    return undefined
  }

  get watched(): boolean {
    return this.users?.watched === true
  }

  watch(
    path: readonly string[],
    listener: (change: Change) => void,
    signal: AbortSignal | undefined,
  ): Disposable {
    return this.held.watch(path, listener, signal)
  }

  /** Tells each listener what changed below its place. */
  tell(change: Change): void {
    this.users?.tell(change)
  }

  /** Takes over what users hold of this object as another replica had it, which is over. */
  adopt(former: ObjectState): void {
    if (this.isHeld) throw new Error('an object that is held already')
    this.users = former.users
    former.users = undefined
    this.users?.moveTo(this)
    // Handles of places below have kept their nodes: they are to look again.
    former.node?.detach()
  }
}

function encodeIdentity(name: string, fingerprint: string): Uint8Array {
  const writer = new Writer(name.length + 9)
  writer.text(name)
  writer.u64(BigInt(`0x${fingerprint}`))
  return writer.finish()
}
