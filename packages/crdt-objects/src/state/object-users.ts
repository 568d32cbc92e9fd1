import type { Change, ChangedPlace } from '../change.ts'
import { RootPlace, type PlacedObject } from '../faces/place.ts'
import type { Kind } from '../kind.ts'

interface Watcher {
  readonly path: readonly string[]
  readonly listener: (change: Change) => void
}

/** What those who hold an object need of it. */
export interface HeldObject extends PlacedObject {
  /** The kind that sees all of it. */
  readonly kind: Kind
  /** What is known by the fingerprint of a schema. */
  known(fingerprint: string): { readonly kind: Kind } | undefined
}

/**
 * What users hold of one object: its handles by schema, and their listeners. It outlives the state of the object: it moves
 * as a whole to the replica that takes over, and nobody notices.
 */
export class ObjectUsers {
  private object: HeldObject
  /** Where all handles point. Invariant: of `object`. */
  private readonly place: RootPlace
  private readonly watchers = new Set<Watcher>()
  /** By fingerprint: handles of schemas that neither rename nor refuse anything. One serves all of them. */
  private readonly plainFaces = new Map<string, object>()
  private readonly faces = new WeakMap<Kind, object>()
  /** By descriptor: kinds of this process that refuse some values. */
  private readonly guards = new Map<string, Kind>()

  constructor(object: HeldObject) {
    this.object = object
    this.place = new RootPlace(object)
  }

  /** Takes note of a kind of this process that refuses some values. */
  guard(kind: Kind): void {
    if (kind.validates) this.guards.set(kind.descriptor, kind)
  }

  /** The local handle of the whole object, as a schema sees it. */
  face(kind: Kind): object {
    const isPlain = kind.view === undefined && !kind.validates
    const plain = isPlain ? this.object.known(kind.fingerprint)?.kind : undefined
    if (plain === undefined) {
      const known = this.faces.get(kind)
      if (known !== undefined) return known
      const face = kind.local(this.place)
      this.faces.set(kind, face)
      return face
    }
    let face = this.plainFaces.get(kind.fingerprint)
    if (face === undefined) {
      face = plain.local(this.place)
      this.plainFaces.set(kind.fingerprint, face)
    }
    return face
  }

  /** The handle for callers whose schema came as a descriptor: what this process refuses, they are refused. */
  guardedFace(kind: Kind = this.object.kind): object {
    return this.face(this.guards.get(kind.descriptor) ?? kind)
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
      this.object.context.watchers--
      signal?.removeEventListener('abort', dispose)
    }
    if (signal?.aborted !== true) {
      this.watchers.add(watcher)
      this.object.context.watchers++
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
        listener({ origin: change.origin, by: change.by, detail })
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  /** All of it is of another state of the object from now on. */
  moveTo(object: HeldObject): void {
    this.object.context.watchers -= this.watchers.size
    this.object = object
    this.place.moveTo(object)
    object.context.watchers += this.watchers.size
  }
}

/** The place as seen from `base`: none if it lies elsewhere, `[]` if it is at or above. */
function relative(base: readonly string[], place: ChangedPlace): ChangedPlace[] {
  const shared = Math.min(base.length, place.path.length)
  for (let i = 0; i < shared; i++) if (base[i] !== place.path[i]) return []
  const path = place.path.slice(base.length)
  return [place.delta === undefined ? { path } : { path, delta: place.delta }]
}
