import type { Change } from '../handles.ts'
import type { ChangedPlace, ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import type { ObjectState } from './object-state.ts'

/** Takes the changed places of a merge, and tells them once all of it is visible. Local changes are told at once. */
export class ChangeLedger {
  private readonly context: ReplicaContext
  private merging: { readonly by: readonly string[]; readonly placesByObject: PlacesByObject } | undefined

  constructor(context: ReplicaContext) {
    this.context = context
    context.onChange = (place) => {
      this.note(place)
    }
  }

  begin(indexes: readonly number[]): void {
    this.merging = { by: indexes.map((index) => this.name(index)), placesByObject: new Map() }
  }

  finish(): void {
    const merged = this.merging
    this.merging = undefined
    if (merged === undefined) return
    for (const [object, detail] of merged.placesByObject) {
      object.tell({ origin: 'remote', by: merged.by, detail })
    }
  }

  private note(place: ChangedPlace): void {
    const object = place.object as ObjectState
    if (!object.watched) return
    if (this.merging === undefined) {
      const change: Change = { origin: 'local', by: [this.name(SELF)], detail: [place.path] }
      object.tell(change)
      return
    }
    const places = this.merging.placesByObject.get(object)
    if (places === undefined) this.merging.placesByObject.set(object, [place.path])
    else places.push(place.path)
  }

  private name(index: number): string {
    return this.context.id(index).toString(16).padStart(16, '0')
  }
}

type PlacesByObject = Map<ObjectState, (readonly string[])[]>
