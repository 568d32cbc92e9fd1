import { Reader } from '../codec/reader.ts'
import { VALUE_BYTES_MAX } from '../codec/snapshot.ts'
import { checkText, decodeValue, encodeValue, valueBytes } from '../codec/value.ts'
import { JoineryError } from '../errors.ts'
import { LocalHandle, toJson } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { SetHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { PRESENCE } from '../state/dots.ts'
import type { KeyCodec } from '../state/keyed-node.ts'
import { KeyedNode, decodeKeyedDelta, decodeKeyedWhole } from '../state/keyed-node.ts'
import { defineKind, schemaOf } from './define.ts'
import type { Shareable } from './shareable.ts'

type Primitive = string | number | boolean | bigint | null | undefined

/** Marks the keys of values that are no primitives: behind it, their canonical bytes, one to a UTF-16 unit. */
const COMPOSITE = '\u0000o'
/** Marks strings that begin like a mark. */
const ESCAPED = '\u0000s'

/** What an element is known by: itself where the language compares it by value, its canonical bytes elsewhere. */
function elementKey(value: unknown): Primitive {
  if (typeof value === 'string') {
    if (value.length > VALUE_BYTES_MAX / 3) checkSize(valueBytes(value).length)
    checkText(value)
    return value.startsWith('\u0000') ? ESCAPED + value : value
  }
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value
  if (typeof value === 'boolean' || typeof value === 'bigint') return value
  if (value === null || value === undefined) return value
  // Encoded as it is first: that refuses cycles and what is too large, which sorting keys would follow.
  checkSize(valueBytes(value).length)
  const bytes = valueBytes(canonical(value))
  let key = COMPOSITE
  for (const byte of bytes) key += String.fromCharCode(byte)
  return key
}

function checkSize(bytes: number): void {
  if (bytes <= VALUE_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `an element takes at most ${VALUE_BYTES_MAX} bytes, this one takes ${bytes}`,
    { bytes, bytesMax: VALUE_BYTES_MAX },
  )
}

/** Plain objects with their keys in order, so that equal ones encode equally. */
function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Array.from(value as unknown[], canonical)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item)]))
}

function compositeBytes(key: string): Uint8Array {
  const bytes = new Uint8Array(key.length - COMPOSITE.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = key.charCodeAt(i + COMPOSITE.length)
  return bytes
}

function element(key: Primitive): unknown {
  if (typeof key !== 'string' || !key.startsWith('\u0000')) return key
  return key.startsWith(ESCAPED)
    ? key.slice(ESCAPED.length)
    : decodeValue(new Reader(compositeBytes(key)))
}

const ELEMENT_KEY: KeyCodec<Primitive> = {
  encode: (batch, key) => {
    if (typeof key === 'string' && key.startsWith(COMPOSITE)) batch.body.raw(compositeBytes(key))
    else encodeValue(batch.body, element(key))
  },
  decode: (batch) => {
    const before = batch.body.remaining
    const value = decodeValue(batch.body)
    // More than a writer may add: refused as an encoding, before it would be refused as a value.
    if (before - batch.body.remaining > VALUE_BYTES_MAX) batch.body.fail('element too large')
    return elementKey(value)
  },
  bytes: (key) => (typeof key === 'string' ? key.length + 2 : 9),
  step: (key) => {
    const value = element(key)
    return typeof value === 'string' ? value : describe(value)
  },
}

function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(toJson(value)) : String(value)
}

class SetNode extends KeyedNode<Primitive> {
  read(): Set<unknown> {
    return new Set(this.values())
  }

  *values(): Generator {
    for (const key of this.cells.keys()) yield element(key)
  }

  add(key: Primitive): void {
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
