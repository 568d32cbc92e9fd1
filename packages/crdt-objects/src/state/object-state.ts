import type { Change } from '../change.ts'
import { Writer } from '../codec/writer.ts'
import type { Kind } from '../kind.ts'
import { RootPlace } from '../faces/place.ts'
import type { ReplicaContext } from './context.ts'
import type { Node, Parent } from './node.ts'

interface Watcher {
  readonly path: readonly string[]
  readonly listener: (change: Change) => void
}

/** One object of a space, as this replica holds it. */
export class ObjectState implements Parent {
  readonly name: string
  readonly kind: Kind
  readonly context: ReplicaContext
  readonly root: Node
  /** Whether our own batches have carried the descriptor: those who follow them know it from then on. */
  declared = false
  /** Whether others may know it: someone's batches may go on without its descriptor. */
  shared = false
  private readonly watchers = new Set<Watcher>()
  private readonly onDirty: (object: ObjectState) => void
  private face: object | undefined
  private identityBytes: Uint8Array | undefined

  constructor(
    context: ReplicaContext,
    identity: { readonly name: string; readonly kind: Kind },
    onDirty: (object: ObjectState) => void,
  ) {
    this.context = context
    this.name = identity.name
    this.kind = identity.kind
    this.onDirty = onDirty
    this.root = identity.kind.createNode(context, this, '')
  }

  get descriptor(): string {
    return this.kind.descriptor
  }

  get fingerprint(): string {
    return this.kind.fingerprint
  }

  /** Name and fingerprint, as batches carry them. */
  get identity(): Uint8Array {
    if (this.identityBytes === undefined) {
      const writer = new Writer(this.name.length + 9)
      writer.text(this.name)
      writer.u64(BigInt(`0x${this.fingerprint}`))
      this.identityBytes = writer.finish()
    }
    return this.identityBytes
  }

  /** Whether anything is there to a reader. */
  get present(): boolean {
    return this.root.present
  }

  /** The local handle of the whole object: one for all who ask. */
  handle(): object {
    this.face ??= this.kind.local(new RootPlace(this))
    return this.face
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
function relative(base: readonly string[], place: readonly string[]): (readonly string[])[] {
  const shared = Math.min(base.length, place.length)
  for (let i = 0; i < shared; i++) if (base[i] !== place[i]) return []
  return [place.slice(base.length)]
}
