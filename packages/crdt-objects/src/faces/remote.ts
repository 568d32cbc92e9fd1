import type { Change } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { WaitOptions } from '../space.ts'
import { untilPasses } from './wait.ts'

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

/** The part of a remote handle that all kinds share. */
export class RemoteHandle<V> {
  protected readonly kind: Kind
  protected readonly place: RemotePlace

  constructor(kind: Kind, place: RemotePlace) {
    this.kind = kind
    this.place = place
  }

  get name(): string {
    return [this.place.object.name, ...this.place.path].join('/')
  }

  protected call(verb: string, args: readonly unknown[]): Promise<unknown> {
    return this.place.object.call(this.place.path, verb, args, this.place.options)
  }

  protected stream(verb: string, args: readonly unknown[]): AsyncIterable<unknown> {
    return this.place.object.stream(this.place.path, verb, args, this.place.options)
  }

  read(): Promise<V> {
    return this.call('read', []) as Promise<V>
  }

  changes(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<Change> {
    const { object, path } = this.place
    return object.stream(path, 'changes', [], options) as AsyncIterable<Change>
  }

  until(test: (value: V) => boolean, options: WaitOptions = {}): Promise<V> {
    return untilPasses(this, test, { ...this.place.options, ...options })
  }

  with(options: WaitOptions): object {
    return this.kind.remote({ ...this.place, options: { ...this.place.options, ...options } })
  }
}

type RemoteClass = new (kind: Kind, place: RemotePlace) => RemoteHandle<unknown>

/** A class of remote handles with a method for each verb: each sends, and nothing else. */
export function remoteClass(verbs: Kind['verbs'], base: RemoteClass = RemoteHandle): RemoteClass {
  class Face extends base {}
  for (const [verb, mode] of verbs) {
    if (verb in Face.prototype) continue
    Object.defineProperty(Face.prototype, verb, {
      value: function (this: Sender, ...args: unknown[]) {
        return mode === 'stream' ? this.stream(verb, args) : this.call(verb, args)
      },
    })
  }
  return Face
}

interface Sender {
  call(verb: string, args: readonly unknown[]): Promise<unknown>
  stream(verb: string, args: readonly unknown[]): AsyncIterable<unknown>
}
