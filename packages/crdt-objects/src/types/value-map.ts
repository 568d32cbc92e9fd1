import { isEqual } from '../codec/canonical.ts'
import type { Owned } from '../codec/snapshot.ts'
import { own, snapshot } from '../codec/snapshot.ts'
import type { Place } from '../faces/place.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { ValueMapHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import type { Dot } from '../state/dots.ts'
import { STAMPED_VALUE, winner } from '../state/dots.ts'
import { KeyedNode, decodeKeyedDelta, decodeKeyedWhole } from '../state/keyed-node.ts'
import type { Check } from '../validator.ts'
import { defineKind } from './define.ts'
import { LocalMapHandle, MAP_VERBS } from './map-handle.ts'
import type { Shareable } from './shareable.ts'
import { TEXT_KEY, checkKey } from './text-key.ts'

class ValueMapNode extends KeyedNode<string> {
  read(): Map<string, unknown> {
    return new Map(this.entries())
  }

  *entries(): Generator<[string, unknown]> {
    for (const key of this.keysInOrder()) {
      const head = this.cells.get(key)
      if (head !== undefined) yield [key, this.valueIn(head)]
    }
  }

  keys(): Iterable<string> {
    return this.keysInOrder()
  }

  private valueIn(head: Dot): unknown {
    return snapshot(head.next === undefined ? head.value : winner(this.context, head).value)
  }

  get(key: string): unknown {
    const head = this.cells.get(key)
    return head === undefined ? undefined : this.valueIn(head)
  }

  has(key: string): boolean {
    return this.cells.has(key)
  }

  count(): number {
    return this.cells.size
  }

  set(key: string, owned: Owned): void {
    this.assign(key, owned.value, key.length + owned.bytes)
  }

  delete(key: string): void {
    this.remove(key)
  }

  clear(): void {
    this.removeAll()
  }
}

class LocalValueMap extends LocalMapHandle<ValueMapNode> {
  private readonly check: Check | undefined

  constructor(kind: Kind, place: Place, check: Check | undefined) {
    super(kind, place)
    this.check = check
  }

  protected keysOf(node: ValueMapNode): Iterable<string> {
    return node.keys()
  }

  protected entryOf(node: ValueMapNode, key: string): unknown {
    return node.get(key)
  }

  set(key: string, value: unknown): void {
    // All is checked before a node is made: a refused write leaves nothing behind.
    checkKey(key)
    const owned = own(value)
    this.check?.(snapshot(owned.value))
    this.make().set(key, owned)
  }
}

const CONDITIONAL = {
  putIfAbsent: (map: LocalValueMap, [key, value]: readonly unknown[]): boolean => {
    const isAbsent = !map.has(key as string)
    if (isAbsent) map.set(key as string, value)
    return isAbsent
  },
  compareAndSet: (map: LocalValueMap, [key, expected, value]: readonly unknown[]): boolean => {
    const is = isEqual(map.get(key as string), expected)
    if (is) map.set(key as string, value)
    return is
  },
  take: (map: LocalValueMap, [key]: readonly unknown[]): unknown => {
    const value = map.get(key as string)
    map.delete(key as string)
    return value
  },
}

const SHAPE = { payload: STAMPED_VALUE, keys: TEXT_KEY }

/** The kind of a map of plain values. A check leaves no trace in it. */
export function valueMapKind(check?: Check): Kind {
  const kind: Kind = defineKind<ValueMapNode>({
    name: 'map',
    args: [],
    validates: check !== undefined,
    verbs: { ...MAP_VERBS, set: 'write' },
    conditional: CONDITIONAL,
    zero: () => new Map(),
    read: (node) => node.read(),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new ValueMapNode(context, parent, key, SHAPE),
    decodeDelta: (batch) => decodeKeyedDelta(batch, TEXT_KEY, STAMPED_VALUE),
    decodeWhole: (batch) => decodeKeyedWhole(batch, TEXT_KEY, STAMPED_VALUE),
    load: (batch, node, incoming) => node.load(batch, incoming),
    local: (place) => new LocalValueMap(kind, place, check),
    remote: (place) => remoteFace(place),
  })
  const indexByVerb = { set: 1, putIfAbsent: 1, compareAndSet: 2 }
  const remoteFace = remoteFaces(kind, { check, indexByVerb })
  return kind
}

/** The kind of a map of any plain values. */
export const VALUE_MAP = valueMapKind()

/** The schema of a map of plain values. */
export type ValueMapSchema<V> = Schema<{
  readonly value: ReadonlyMap<string, Shareable<V>>
  readonly local: ValueMapHandle<'local', Shareable<V>>
  readonly remote: ValueMapHandle<'remote', Shareable<V>>
  readonly strong: ValueMapHandle<'strong', Shareable<V>>
}>
