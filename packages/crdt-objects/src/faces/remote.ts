import type { Change } from '../change.ts'
import type { Kind } from '../kind.ts'
import type { WaitOptions } from '../wait-options.ts'
import type { RemotePlace } from './remote-place.ts'
import { untilPasses } from './wait.ts'

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
