import type { WaitOptions } from '../wait-options.ts'

/** An object behind a gateway, as its handle needs it: the client implements this. */
export interface RemoteObject {
  readonly name: string
  call(
    path: readonly string[],
    verb: string,
    args: readonly unknown[],
    options: WaitOptions,
  ): Promise<unknown>
  stream(
    path: readonly string[],
    verb: string,
    args: readonly unknown[],
    options: WaitOptions,
  ): AsyncIterable<unknown>
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
