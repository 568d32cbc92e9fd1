import type { Change, ChangedPlace } from '../change.ts'
import { Writer } from '../codec/writer.ts'
import type { Kind } from '../kind.ts'
import { RootPlace } from '../faces/place.ts'
import type { ReplicaContext } from './context.ts'
import type { Node, Parent } from './node.ts'

interface Watcher {
  readonly path: readonly string[]
  readonly listener: (change: Change) => void
}

/** A schema of an object, and the bytes that batches name it by. */
export interface KnownKind {
  readonly object: ObjectState
  readonly kind: Kind
  readonly identity: Uint8Array
}

/** One object of a space, as this replica holds it. */
export class ObjectState implements Parent {
  readonly name: string
  readonly context: ReplicaContext
  readonly root: Node
  /** Fingerprint of the descriptor that our own batches have carried: those who follow them know it from then on. */
  declared = ''
  /** Whether others may know it: someone's batches may go on without its descriptor. */
  shared = false
  private readonly watchers = new Set<Watcher>()
  private readonly onDirty: (object: ObjectState) => void
  /** The union of all schemas it was opened with or arrived with. */
  private union: Kind
  /** By fingerprint: every schema it was opened with or arrived with, as others may name it. */
  private readonly kinds = new Map<string, KnownKind>()
  /** By descriptor: kinds of this process that refuse some values. */
  private readonly guards = new Map<string, Kind>()
  private readonly faces = new WeakMap<Kind, object>()

  constructor(
    context: ReplicaContext,
    identity: { readonly name: string; readonly kind: Kind },
    onDirty: (object: ObjectState) => void,
  ) {
    this.context = context
    this.name = identity.name
    this.union = identity.kind
    this.onDirty = onDirty
    this.root = identity.kind.createNode(context, this, '')
    this.learn(identity.kind)
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
      known = { object: this, kind, identity: encodeIdentity(this.name, kind.fingerprint) }
      this.kinds.set(kind.fingerprint, known)
      const union = this.union.union(kind)
      if (union.fingerprint !== this.union.fingerprint) {
        this.union = union
        this.root.widen(union)
        this.learn(union)
      }
    }
    return known
  }

  /** Whether anything is there to a reader. */
  get present(): boolean {
    return this.root.present
  }

  /** Takes note of a kind of this process that refuses some values. */
  guard(kind: Kind): void {
    if (kind.validates) this.guards.set(kind.descriptor, kind)
  }

  /** The local handle of the whole object, as a schema sees it. */
  handle(kind: Kind = this.kind): object {
    // A schema that neither renames nor refuses anything is whatever its descriptor says: one face serves all of them.
    const isPlain = kind.view === undefined && !kind.validates
    const shown = (isPlain ? this.kinds.get(kind.fingerprint)?.kind : undefined) ?? kind
    let face = this.faces.get(shown)
    if (face === undefined) {
      face = shown.local(new RootPlace(this))
      this.faces.set(shown, face)
    }
    return face
  }

  /** The handle for callers whose schema came as a descriptor: what this process refuses, they are refused. */
  guardedHandle(kind: Kind = this.kind): object {
    return this.handle(this.guards.get(kind.descriptor) ?? kind)
  }

  childDirty(): void {
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
    return this.watchers.size > 0
  }

  watch(
    path: readonly string[],
    listener: (change: Change) => void,
    signal: AbortSignal | undefined,
  ): Disposable {
    const watcher = { path, listener }
    const dispose = (): void => {
      if (!this.watchers.delete(watcher)) return
      this.context.watchers--
      signal?.removeEventListener('abort', dispose)
    }
    if (signal?.aborted !== true) {
      this.watchers.add(watcher)
      this.context.watchers++
      signal?.addEventListener('abort', dispose, { once: true })
    }
    return { [Symbol.dispose]: dispose }
  }

  /** Tells each listener what changed below its place. A listener that throws stops no other one, and no merge. */
  tell(change: Change): void {
    for (const watcher of [...this.watchers]) {
      // One that an earlier listener has disposed of hears nothing more.
      if (!this.watchers.has(watcher)) continue
      const { path, listener } = watcher
      const detail = change.detail.flatMap((place) => relative(path, place))
      if (detail.length === 0) continue
      try {
        listener({ ...change, detail })
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}

/** The place as seen from `base`: none if it lies elsewhere, `[]` if it is at or above. */
function relative(base: readonly string[], place: ChangedPlace): ChangedPlace[] {
  const shared = Math.min(base.length, place.path.length)
  for (let i = 0; i < shared; i++) if (base[i] !== place.path[i]) return []
  const path = place.path.slice(base.length)
  return [place.delta === undefined ? { path } : { path, delta: place.delta }]
}

function encodeIdentity(name: string, fingerprint: string): Uint8Array {
  const writer = new Writer(name.length + 9)
  writer.text(name)
  writer.u64(BigInt(`0x${fingerprint}`))
  return writer.finish()
}
