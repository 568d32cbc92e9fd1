import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { SetHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { PRESENCE } from '../state/dots.ts'
import { KeyedNode, decodeKeyedDelta, decodeKeyedWhole } from '../state/keyed-node.ts'
import { defineKind, schemaOf } from './define.ts'
import type { ElementKey } from './element-key.ts'
import { ELEMENT_KEY, element, elementKey } from './element-key.ts'
import type { Shareable } from './shareable.ts'

class SetNode extends KeyedNode<ElementKey> {
  read(): Set<unknown> {
    return new Set(this.values())
  }

  *values(): Generator {
    for (const key of this.keysInOrder()) if (this.cells.has(key)) yield element(key)
  }

  add(key: ElementKey): void {
    this.assign(key, undefined, ELEMENT_KEY.bytes(key))
  }

  delete(value: unknown): void {
    this.remove(elementKey(value))
  }

  clear(): void {
    this.removeAll()
  }

  has(value: unknown): boolean {
    return this.cells.has(elementKey(value))
  }
}

class LocalSet extends LocalHandle<SetNode, ReadonlySet<unknown>> {
  add(value: unknown): void {
    const key = elementKey(value)
    this.make().add(key)
  }

  delete(value: unknown): void {
    this.find()?.delete(value)
  }

  clear(): void {
    this.find()?.clear()
  }

  has(value: unknown): boolean {
    return this.find()?.has(value) ?? false
  }

  count(): number {
    return this.find()?.cells.size ?? 0
  }

  get size(): number {
    return this.count()
  }

  values(): Iterable<unknown> {
    return this.find()?.values() ?? []
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.values()[Symbol.iterator]()
  }
}

const SHAPE = { payload: PRESENCE, keys: ELEMENT_KEY }

const SET: Kind = defineKind({
  name: 'set',
  args: [],
  verbs: {
    add: 'write',
    delete: 'write',
    clear: 'write',
    has: 'read',
    count: 'read',
    values: 'stream',
  },
  zero: () => new Set(),
  read: (node) => (node as SetNode).read(),
  emptyWhole: () => new Map(),
  createNode: (context, parent, key) => new SetNode(context, parent, key, SHAPE),
  decodeDelta: (batch) => decodeKeyedDelta(batch, ELEMENT_KEY, PRESENCE),
  decodeWhole: (batch) => decodeKeyedWhole(batch, ELEMENT_KEY, PRESENCE),
  local: (place) => new LocalSet(SET, place),
  remote: (place) => new RemoteSet(SET, place),
})
const RemoteSet = remoteClass(SET.verbs)

/** The schema of a set of `T`. */
export type SetSchema<T> = Schema<{
  readonly value: ReadonlySet<T>
  readonly local: SetHandle<'local', T>
  readonly remote: SetHandle<'remote', T>
}>

/** A set of values, equal by structure: of a concurrent `add` and `delete` of one value, `add` wins. */
export function set<T = string>(): SetSchema<Shareable<T>> {
  return schemaOf(SET)
}
