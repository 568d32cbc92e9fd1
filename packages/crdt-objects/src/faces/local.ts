import type { Change } from '../change.ts'
import { invalidValue } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { checkOptions, checkSignal } from '../options.ts'
import type { WaitOptions } from '../wait-options.ts'
import type { Node } from '../state/node.ts'
import { INSPECT, inspected } from './inspect.ts'
import { ChangeFeed } from './change-feed.ts'
import { KIND, PLACE } from './members.ts'
import type { Place } from './place.ts'
import { viewChange } from './remote.ts'
import { untilPasses } from './wait.ts'

/** The part of a local handle that all kinds share. */
export abstract class LocalHandle<N extends Node, V> {
  readonly [KIND]: Kind
  readonly [PLACE]: Place

  constructor(kind: Kind, place: Place) {
    this[KIND] = kind
    this[PLACE] = place
  }

  protected find(): N | undefined {
    return this[PLACE].find() as N | undefined
  }

  /** The node at a later step of an iteration: by then another one may be there, or another replica have taken over. */
  protected current(node: N | undefined): N | undefined {
    return node?.attached === true ? node : this.find()
  }

  protected make(): N {
    return this[PLACE].make() as N
  }

  get name(): string {
    const place = this[PLACE]
    return [place.object.name, ...place.path].join('/')
  }

  read(): V {
    const node = this.find()
    return (node === undefined ? this[KIND].zero() : this[KIND].read(node)) as V
  }

  get value(): V {
    return this.read()
  }

  /** What consoles show. */
  [INSPECT](): string {
    return inspected(this[KIND], 'local', this.name)
  }

  toJSON(): unknown {
    return toJson(this.read())
  }

  subscribe(
    listener: (change: Change) => void,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Disposable {
    if (typeof (listener as unknown) !== 'function') {
      throw invalidValue('subscribe takes a listener: a function', listener)
    }
    checkOptions('subscribe', options, ['signal'])
    checkSignal(options.signal)
    const place = this[PLACE]
    const { view } = this[KIND]
    const heard =
      view === undefined
        ? listener
        : (change: Change): void => {
            listener(viewChange(change, view))
          }
    return place.object.watch(place.path, heard, options.signal)
  }

  changes(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<Change> {
    checkOptions('changes', options, ['signal'])
    const { signal } = options
    checkSignal(signal)
    const begin = (): ChangeFeed => {
      const feed = new ChangeFeed(() => {
        subscription[Symbol.dispose]()
        signal?.removeEventListener('abort', abort)
      })
      const abort = (): void => {
        feed.fail(signal?.reason)
      }
      const subscription = this.subscribe(feed.push)
      if (signal?.aborted === true) abort()
      else signal?.addEventListener('abort', abort, { once: true })
      return feed
    }
    return { [Symbol.asyncIterator]: begin }
  }

  until(test: (value: V) => boolean, options: WaitOptions = {}): Promise<V> {
    return untilPasses(this, test, options)
  }
}

/** Whether `handle` is one of an object in this process. */
export function isLocalHandle(handle: unknown): handle is { readonly name: string } {
  return handle instanceof LocalHandle
}

/** The value as JSON can say it. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array || value instanceof Float64Array) return [...value]
  if (value instanceof Set) return [...(value as Set<unknown>)].map(toJson)
  if (Array.isArray(value)) return (value as unknown[]).map(toJson)
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value)
  // Not by assignment: a key __proto__ of a Map would set the prototype.
  return Object.fromEntries([...entries].map(([key, item]) => [String(key), toJson(item)]))
}
