import type { Change } from '../change.ts'
import type { ChangedPlace, ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { ObjectState } from './object-state.ts'

/** Takes the changed places of a merge, and tells them once all of it is visible. Local changes are told at once. */
export class ChangeLedger {
  private readonly context: ReplicaContext
  /** Who wrote what is being merged. Names and places cost nothing until somebody listens. */
  private authors: readonly number[] | undefined
  private placesByObject = new Map<ObjectState, (readonly string[])[]>()

  constructor(context: ReplicaContext) {
    this.context = context
    context.onChange = (place) => {
      this.note(place)
    }
  }

  begin(indexes: readonly number[]): void {
    this.authors = indexes
  }

  finish(): void {
    const { authors, placesByObject } = this
    this.authors = undefined
    if (authors === undefined || placesByObject.size === 0) return
    // Listeners may write: what they change is none of this.
    this.placesByObject = new Map()
    const by = authors.map((index) => this.name(index))
    for (const [object, detail] of placesByObject) object.tell({ origin: 'remote', by, detail })
  }

  private note(place: ChangedPlace): void {
    const object = place.object as ObjectState
    if (!object.watched) return
    if (this.authors === undefined) {
      const change: Change = { origin: 'local', by: [this.name(SELF)], detail: [place.path] }
      object.tell(change)
      return
    }
    const places = this.placesByObject.get(object)
    if (places === undefined) this.placesByObject.set(object, [place.path])
    else places.push(place.path)
  }

  private name(index: number): string {
    return this.context.id(index).toString(16).padStart(16, '0')
  }
}
