import type { Change } from '../change.ts'
import { invalidValue } from '../errors.ts'
import type { Kind, KindView } from '../kind.ts'
import { checkOptions, checkSignal } from '../options.ts'
import type { WaitOptions } from '../wait-options.ts'
import type { VerbMode } from '../kind-identity.ts'
import { DraftObject } from './draft.ts'
import { INSPECT, inspected } from './inspect.ts'
import { KIND, PLACE } from './members.ts'
import { OrderedObject } from './ordered.ts'
import type { RemoteCall, RemotePlace } from './remote-place.ts'
import type { Check } from '../validator.ts'
import { untilPasses } from './wait.ts'

/** The part of a remote handle that all kinds share. */
export class RemoteHandle<V> {
  readonly [KIND]: Kind
  readonly [PLACE]: RemotePlace

  constructor(kind: Kind, place: RemotePlace) {
    this[KIND] = kind
    this[PLACE] = place
  }

  get name(): string {
    return [this[PLACE].object.name, ...this[PLACE].path].join('/')
  }

  /** What consoles show. */
  [INSPECT](): string {
    const { object } = this[PLACE]
    const face = object.ordered === true ? 'strong' : 'remote'
    return inspected(this[KIND], object instanceof DraftObject ? 'draft' : face, this.name)
  }

  /** Not in its type: it is there to say why there is none. */
  toJSON(): never {
    throw invalidValue('the value of this handle is elsewhere: await its read()', this.name)
  }

  protected call(verb: string, args: readonly unknown[]): Promise<unknown> {
    return this[PLACE].object.call(this.callOf(verb, args, this[PLACE].options))
  }

  /** Sends what `prepare` gives. What it throws is thrown by a draft, which answers nothing, and rejects elsewhere. */
  protected send(verb: string, prepare: () => readonly unknown[]): Promise<unknown> {
    const { object } = this[PLACE]
    if (object instanceof DraftObject) return this.call(verb, object.attempt(verb, prepare))
    try {
      return this.call(verb, prepare())
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  protected stream(verb: string, args: readonly unknown[]): AsyncIterable<unknown> {
    return this[PLACE].object.stream(this.callOf(verb, args, this[PLACE].options))
  }

  private callOf(verb: string, args: readonly unknown[], options: WaitOptions): RemoteCall {
    // What is unknown is taken for a write, which is never sent twice.
    const mode = this[KIND].verbs.get(verb) ?? 'write'
    return { path: this[PLACE].path, verb, mode, args, options }
  }

  read(): Promise<V> {
    const answer = this.call('read', [])
    const { view } = this[KIND]
    return (view === undefined ? answer : answer.then((value) => view.value(value))) as Promise<V>
  }

  changes(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<Change> {
    checkOptions('changes', options, ['signal'])
    checkSignal(options.signal)
    const { object } = this[PLACE]
    const changes = object.stream(this.callOf('changes', [], options)) as AsyncIterable<Change>
    return this[KIND].view === undefined ? changes : viewChanges(changes, this[KIND].view)
  }

  until(test: (value: V) => boolean, options: WaitOptions = {}): Promise<V> {
    const { object, path, options: own } = this[PLACE]
    // A draft throws, and answers no promise whose rejection nobody would look at.
    if (object instanceof DraftObject) return object.refuse('until')
    // Checked below: what is no object has no options to merge.
    const merged = Object(options) === options ? { ...own, ...options } : options
    const source =
      object instanceof OrderedObject ? object.watchable<V>(path, this[KIND].view) : this
    return untilPasses(source, test, merged)
  }

  with(options: WaitOptions): object {
    checkOptions('with', options, ['timeoutMs', 'signal'])
    checkSignal(options.signal)
    return this[KIND].remote({ ...this[PLACE], options: { ...this[PLACE].options, ...options } })
  }
}

/** The change, with the names that this process gave to fields. */
export function viewChange(change: Change, view: KindView): Change {
  const detail = change.detail.map((place) => ({ ...place, path: view.path(place.path) }))
  return { ...change, detail }
}

async function* viewChanges(
  changes: AsyncIterable<Change>,
  view: KindView,
): AsyncGenerator<Change> {
  for await (const change of changes) yield viewChange(change, view)
}

type RemoteClass = new (kind: Kind, place: RemotePlace) => RemoteHandle<unknown>

/** Which argument of a verb is a value that a schema may refuse: it is checked before it is sent. */
export interface CheckedArguments {
  readonly check: Check | undefined
  readonly indexByVerb: Readonly<Record<string, number>>
}

const UNCHECKED: CheckedArguments = { check: undefined, indexByVerb: {} }

/** A class of remote handles with a method for each verb: each sends, and nothing else. */
export function remoteClass(
  verbs: Iterable<readonly [verb: string, mode: VerbMode]>,
  base: RemoteClass = RemoteHandle,
  { check, indexByVerb }: CheckedArguments = UNCHECKED,
): RemoteClass {
  class Face extends base {}
  for (const [verb, mode] of verbs) {
    if (verb in Face.prototype) continue
    const index = check === undefined ? undefined : indexByVerb[verb]
    Object.defineProperty(Face.prototype, verb, {
      value: function (this: Sender, ...args: unknown[]) {
        if (mode === 'stream') return this.stream(verb, args)
        if (index === undefined) return this.call(verb, args)
        return this.send(verb, () => {
          check?.(args[index])
          return args
        })
      },
    })
  }
  return Face
}

/** Makes the remote handles of a kind that has conditional verbs: with them where calls are ordered. */
export function remoteFaces(
  kind: Kind,
  checked?: CheckedArguments,
): (place: RemotePlace) => object {
  const Unordered = remoteClass(kind.verbs, RemoteHandle, checked)
  const modes = Array.from(kind.conditional.keys(), (verb) => [verb, 'write'] as const)
  const Ordered = remoteClass(modes, Unordered, checked)
  return (place) => new (place.object.ordered === true ? Ordered : Unordered)(kind, place)
}

interface Sender {
  send(verb: string, prepare: () => readonly unknown[]): Promise<unknown>
  call(verb: string, args: readonly unknown[]): Promise<unknown>
  stream(verb: string, args: readonly unknown[]): AsyncIterable<unknown>
}
