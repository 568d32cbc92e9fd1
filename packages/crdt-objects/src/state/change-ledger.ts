import type { Change, ChangedPlace } from '../change.ts'
import type { ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { ObjectState } from './object-state.ts'

/**
 * Takes the changed places of a merge or transaction, and tells them once all of it is visible. Other local changes are
 * told at once.
 */
export class ChangeLedger {
  private readonly context: ReplicaContext
  /** Who wrote what is being merged: we alone, in a transaction. Names and places cost nothing until somebody listens. */
  private authors: readonly number[] | undefined
  /** How many of them, from the first on, wrote any of it. */
  private authorCount = 0
  private placesByObject = new Map<ObjectState, ChangedPlace[]>()

  // A field: a function that is made where it is assigned to another object is kept by V8 until a major collection, and
  // with it all that it holds, which is the whole replica.
  private readonly hear = (object: object, ...places: readonly ChangedPlace[]): void => {
    this.note(object as ObjectState, places)
  }

  constructor(context: ReplicaContext) {
    this.context = context
    context.onChange = this.hear
  }

  begin(indexes: readonly number[], count = indexes.length): void {
    this.authors = indexes
    this.authorCount = count
  }

  finish(): void {
    const { authors, placesByObject } = this
    this.authors = undefined
    if (authors === undefined || placesByObject.size === 0) return
    // Listeners may write: what they change is none of this.
    this.placesByObject = new Map()
    const by = authors.slice(0, this.authorCount).map((index) => this.name(index))
    const origin = authors[0] === SELF ? 'local' : 'remote'
    for (const [object, detail] of placesByObject) object.tell({ origin, by, detail })
  }

  /** Tells of what differs from what another replica had: to its listeners somebody else has changed it. */
  tellAdopted(
    pathsByObject: ReadonlyMap<ObjectState, readonly (readonly string[])[]>,
    news: readonly number[],
  ): void {
    const by = news.map((index) => this.name(index))
    for (const [object, paths] of pathsByObject) {
      if (paths.length === 0) continue
      object.tell({ origin: 'remote', by, detail: paths.map((path) => ({ path })) })
    }
  }

  /** Nothing of it came to be. */
  discard(): void {
    this.authors = undefined
    this.placesByObject.clear()
  }

  private note(object: ObjectState, detail: readonly ChangedPlace[]): void {
    if (!object.watched) return
    if (this.authors === undefined) {
      object.tell({ origin: 'local', by: [this.name(SELF)], detail } satisfies Change)
      return
    }
    const places = this.placesByObject.get(object)
    if (places === undefined) this.placesByObject.set(object, [...detail])
    else places.push(...detail)
  }

  private name(index: number): string {
    return this.context.name(index)
  }
}
