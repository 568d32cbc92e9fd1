import type { KindIdentity, VerbMode } from '../kind-identity.ts'
import type { WaitOptions } from '../wait-options.ts'

/** One call of a verb at a place below an object. */
export interface RemoteCall {
  readonly path: readonly string[]
  readonly verb: string
  readonly mode: VerbMode
  readonly args: readonly unknown[]
  readonly options: WaitOptions
}

/** An object that is elsewhere, as its handle needs it: the client implements this for those behind a gateway. */
export interface RemoteObject {
  readonly name: string
  /** Whether its calls take their places in one order: then its handles have the conditional verbs, too. */
  readonly ordered?: boolean
  /** The space it is in, by identity: objects of one space share it. */
  readonly home?: object | undefined
  call(call: RemoteCall): Promise<unknown>
  stream(call: RemoteCall): AsyncIterable<unknown>
  /** Opens another object of the same space, as a reference to it does: gives its remote handle. */
  open(name: string, kind: KindIdentity, options: WaitOptions): Promise<object>
}

/** Where a remote handle points, and the options of its calls. */
export interface RemotePlace {
  readonly object: RemoteObject
  readonly path: readonly string[]
  readonly options: WaitOptions
}

/** The place of an entry or field below `place`. */
export function remoteChild(place: RemotePlace, key: string): RemotePlace {
  return { object: place.object, path: [...place.path, key], options: place.options }
}
