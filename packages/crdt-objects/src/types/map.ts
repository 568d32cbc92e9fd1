import type { BatchWriter } from '../codec/batch-writer.ts'
import { ChildPlace } from '../faces/place.ts'
import { PLACE } from '../faces/local.ts'
import type { RemotePlace } from '../faces/remote-place.ts'
import { remoteChild } from '../faces/remote-place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { MapHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema, ValueOf } from '../schema.ts'
import { BranchNode } from '../state/branch-node.ts'
import type { ReplicaContext } from '../state/context.ts'
import { checkOperation, decodeEntries } from '../state/keyed-node.ts'
import type { Node, Parent } from '../state/node.ts'
import { placeKey } from '../state/node.ts'
import { defineKind, descriptorJson, schemaOf } from './define.ts'
import { LocalMapHandle, MAP_VERBS } from './map-handle.ts'
import type { MapNodeLike } from './map-handle.ts'
import { TEXT_KEY, checkKey } from './text-key.ts'
import type { ValueMapSchema } from './value-map.ts'
import { VALUE_MAP } from './value-map.ts'

class MapNode extends BranchNode implements MapNodeLike {
  private readonly entryKind: Kind

  constructor(context: ReplicaContext, parent: Parent, key: string, entryKind: Kind) {
    super(context, parent, key)
    this.entryKind = entryKind
  }

  protected createChild(key: string): Node {
    return this.entryKind.createNode(this.context, this, placeKey(key))
  }

  protected encodeKey(batch: BatchWriter, key: string): void {
    batch.body.text(key)
  }

  protected keyBytes(key: string): number {
    return key.length
  }

  protected emptyWhole(): unknown {
    return this.entryKind.emptyWhole()
  }

  read(): Map<string, unknown> {
    return new Map(this.entries())
  }

  *entries(): Generator<[string, unknown]> {
    for (const [key, child] of this.children) if (child.present) yield [key, child.read()]
  }

  *keys(): Generator<string> {
    for (const [key, child] of this.children) if (child.present) yield key
  }

  get(key: string): unknown {
    const child = this.children.get(key)
    return child?.present === true ? child.read() : undefined
  }

  has(key: string): boolean {
    return this.children.get(key)?.present === true
  }

  count(): number {
    return this.presentCount
  }

  delete(key: string): void {
    const child = this.children.get(key)
    if (child?.present !== true) return
    checkOperation(child.resetBytes())
    this.context.next()
    child.reset()
    this.notify(key)
    this.context.operationDone()
  }

  clear(): void {
    if (this.presentCount === 0) return
    checkOperation(this.resetBytes())
    this.context.next()
    this.reset()
    this.notify()
    this.context.operationDone()
  }
}

class LocalMap extends LocalMapHandle<MapNode> {
  private readonly entryKind: Kind

  constructor(kind: Kind, place: LocalMap[typeof PLACE], entryKind: Kind) {
    super(kind, place)
    this.entryKind = entryKind
  }

  at(key: string): object {
    checkKey(key)
    return this.entryKind.local(new ChildPlace(this[PLACE], key))
  }
}

/** The kind of a map whose entries are objects of another kind. */
export function mapKind(entryKind: Kind): Kind {
  class RemoteMap extends RemoteHandle<ReadonlyMap<string, unknown>> {
    at(key: string): object {
      checkKey(key)
      return entryKind.remote(remoteChild(this.place, key))
    }
  }
  const kind: Kind = defineKind({
    name: 'map',
    args: [descriptorJson(entryKind)],
    verbs: MAP_VERBS,
    zero: () => new Map(),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new MapNode(context, parent, key, entryKind),
    decodeDelta: (batch) => decodeEntries(batch, TEXT_KEY, () => entryKind.decodeDelta(batch)),
    decodeWhole: (batch) => decodeEntries(batch, TEXT_KEY, () => entryKind.decodeWhole(batch)),
    local: (place) => new LocalMap(kind, place, entryKind),
    remote: (place: RemotePlace) => new Face(kind, place),
  })
  const Face = remoteClass(kind.verbs, RemoteMap)
  return kind
}

/** The schema of a map of objects of schema `S`. */
export type MapSchema<S extends Schema> = Schema<{
  readonly value: ReadonlyMap<string, ValueOf<S>>
  readonly local: MapHandle<'local', S>
  readonly remote: MapHandle<'remote', S>
}>

/** A map of plain values, `map<V>()`: each key holds the last value written. */
export function map<V>(): ValueMapSchema<V>
/** A map of objects, `map(schema)`: an entry is there while something in it is. */
export function map<S extends Schema>(schema: S): MapSchema<S>
export function map(schema?: Schema): Schema {
  return schemaOf(schema === undefined ? VALUE_MAP : mapKind(schema.kind))
}
