import { PLACE } from '../faces/members.ts'
import { ChildPlace } from '../faces/place.ts'
import type { RemotePlace } from '../faces/remote-place.ts'
import { remoteChild } from '../faces/remote-place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { MapHandle } from '../handles.ts'
import type { Kind, KindView } from '../kind.ts'
import { checkOptions } from '../options.ts'
import type { Schema, ValueOf } from '../schema.ts'
import { decodeChanged, decodeEntries } from '../state/keyed-node.ts'
import type { MapKind } from '../state/map-node.ts'
import { MapNode } from '../state/map-node.ts'
import {
  defineKind,
  descriptorJson,
  differentKind,
  familyJson,
  kindOfSchema,
  schemaOf,
} from './define.ts'
import type { Validator } from '../validator.ts'
import { checkOf } from '../validator.ts'
import { LocalMapHandle, MAP_VERBS } from './map-handle.ts'
import { TEXT_KEY, checkKey } from './text-key.ts'
import type { ValueMapSchema } from './value-map.ts'
import { VALUE_MAP, valueMapKind } from './value-map.ts'

class LocalMap extends LocalMapHandle<MapNode> {
  private readonly entryKind: Kind

  constructor(kind: Kind, place: LocalMapHandle<MapNode>[typeof PLACE], entryKind: Kind) {
    super(kind, place)
    this.entryKind = entryKind
  }

  at(key: string): object {
    checkKey(key)
    return this.entryKind.local(new ChildPlace(this[PLACE], key))
  }

  protected keysOf(node: MapNode): Iterable<string> {
    return node.keysInOrder()
  }

  protected entryOf(node: MapNode, key: string): unknown {
    const child = node.presentChild(key)
    return child === undefined ? undefined : this.entryKind.read(child)
  }
}

function readEntries(node: MapNode, entryKind: Kind): Map<string, unknown> {
  const value = new Map<string, unknown>()
  for (const key of node.presentKeys()) {
    const child = node.presentChild(key)
    if (child !== undefined) value.set(key, entryKind.read(child))
  }
  return value
}

function viewOf({ view }: Kind): KindView | undefined {
  if (view === undefined) return undefined
  return {
    value: (value) =>
      new Map(
        [...(value as ReadonlyMap<string, unknown>)].map(([key, entry]) => [
          key,
          view.value(entry),
        ]),
      ),
    path: ([key, ...rest]) => (key === undefined ? [] : [key, ...view.path(rest)]),
  }
}

async function* mapped(
  items: AsyncIterable<unknown>,
  change: (item: unknown) => unknown,
): AsyncGenerator {
  for await (const item of items) yield change(item)
}

type RemoteMap = RemoteHandle<ReadonlyMap<string, unknown>>

/** The class of remote maps of objects, whose entries may have renamed fields. */
function remoteMapClass(entryKind: Kind): new (kind: Kind, place: RemotePlace) => RemoteMap {
  const see = (value: unknown): unknown =>
    value === undefined || entryKind.view === undefined ? value : entryKind.view.value(value)
  return class extends RemoteHandle<ReadonlyMap<string, unknown>> {
    at(key: string): object {
      checkKey(key)
      return entryKind.remote(remoteChild(this[PLACE], key))
    }

    // None of these is asynchronous itself: a draft throws at once, and what is rejected later nobody would look at.
    get(key: string): Promise<unknown> {
      return this.call('get', [key]).then(see)
    }

    values(): AsyncIterable<unknown> {
      return mapped(this.stream('values', []), see)
    }

    entries(): AsyncIterable<unknown> {
      return mapped(this.stream('entries', []), (entry) => {
        const [key, value] = entry as readonly [string, unknown]
        return [key, see(value)]
      })
    }
  }
}

/** The kind of a map whose entries are objects of another kind. */
export function mapKind(entryKind: Kind): MapKind {
  const kind: Kind = defineKind<MapNode>({
    name: 'map',
    args: [descriptorJson(entryKind)],
    familyArgs: [familyJson(entryKind)],
    text: `map(${entryKind.text})`,
    union: (other) => mapKind(entryKind.union((other as MapKind).entryKind)),
    compare: (other, path) => {
      const entry = (other as Partial<MapKind>).entryKind
      if (entry === undefined) return [differentKind(kind, other, path)]
      return entryKind.compare(entry, [...path, '*'])
    },
    verbs: MAP_VERBS,
    engines: entryKind.engines,
    validates: entryKind.validates,
    view: viewOf(entryKind),
    zero: () => new Map(),
    read: (node) => readEntries(node, entryKind),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new MapNode(context, parent, key, entryKind),
    decodeDelta: (batch) => decodeChanged(batch, TEXT_KEY, () => entryKind.decodeDelta(batch)),
    decodeWhole: (batch) => decodeEntries(batch, TEXT_KEY, () => entryKind.decodeWhole(batch)),
    branching: {
      removes: true,
      readKey: (batch) => TEXT_KEY.decode(batch),
      kindAt: () => entryKind,
      step: (key) => key,
    },
    local: (place) => new LocalMap(kind, place, entryKind),
    remote: (place: RemotePlace) => new Face(kind, place),
  })
  const Face = remoteClass(kind.verbs, remoteMapClass(entryKind))
  return Object.assign(kind, { entryKind })
}

/** The schema of a map of objects of schema `S`. */
export type MapSchema<S extends Schema> = Schema<{
  readonly value: ReadonlyMap<string, ValueOf<S>>
  readonly local: MapHandle<'local', S>
  readonly remote: MapHandle<'remote', S>
  readonly strong: MapHandle<'strong', S>
}>

/** What a map of plain values is made with. */
export interface MapOptions<V> {
  /** What it refuses is not set: see {@link Validator}. */
  readonly validate: Validator<V>
}

/** A map of plain values, `map<V>()`: each key holds the last value written. */
export function map<V>(): ValueMapSchema<V>
/** A map of plain values of which some are refused. */
export function map<V>(options: MapOptions<V>): ValueMapSchema<V>
/** A map of objects, `map(schema)`: an entry is there while something in it is. */
export function map<S extends Schema>(schema: S): MapSchema<S>
export function map(of?: Schema | MapOptions<unknown>): Schema {
  if (of === undefined) return schemaOf(VALUE_MAP)
  if (Object(of) === of && 'validate' in of) {
    checkOptions('a map of values', of, ['validate'])
    return schemaOf(valueMapKind(checkOf(of.validate)))
  }
  return schemaOf(mapKind(kindOfSchema(of, 'what the entries of a map are')))
}
