import { own } from '../codec/snapshot.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { ListHandle } from '../handles/list.ts'
import type { Kind } from '../kind.ts'
import { decodeWhole } from '../leaves/yjs/decode-whole.ts'
import { yjsEngine } from '../leaves/yjs/engine.ts'
import { LIST_CODEC, ListNode, elementOf } from '../leaves/yjs/list-node.ts'
import { EDIT_BYTES, decodeSequenceDelta } from '../leaves/yjs/sequence-node.ts'
import { EMPTY_WHOLE } from '../leaves/yjs/whole.ts'
import { checkNoArguments } from '../options.ts'
import type { Schema } from '../schema.ts'
import { defineKind, schemaOf } from './define.ts'
import { checkEditBytes, checkIndex, checkRange } from './sequence-arguments.ts'
import type { Shareable } from './shareable.ts'

class LocalList extends LocalHandle<ListNode, readonly unknown[]> {
  push(...items: readonly unknown[]): void {
    this.insert(this.find()?.length ?? 0, ...items)
  }

  insert(index: number, ...items: readonly unknown[]): void {
    const elements: unknown[] = []
    let total = 0
    for (const item of items) {
      const { value, bytes } = own(item)
      elements.push(elementOf(value))
      total += bytes + 1
    }
    checkEditBytes(total)
    checkIndex(index, this.find()?.length ?? 0)
    if (elements.length > 0) this.make().insert(index, elements, total + EDIT_BYTES)
  }

  delete(index: number, count = 1): void {
    checkRange(index, count, this.find()?.length ?? 0)
    if (count > 0) this.make().delete(index, count, EDIT_BYTES)
  }

  get(index: number): unknown {
    return this.find()?.get(index)
  }

  slice(start?: number, end?: number): readonly unknown[] {
    return Object.freeze(this.read().slice(start, end))
  }

  count(): number {
    return this.find()?.length ?? 0
  }

  get length(): number {
    return this.count()
  }

  values(): Iterable<unknown> {
    return this.read().values()
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.read()[Symbol.iterator]()
  }
}

const LIST: Kind = defineKind<ListNode>({
  name: 'list',
  args: [],
  verbs: {
    push: 'write',
    insert: 'write',
    delete: 'write',
    get: 'read',
    slice: 'read',
    count: 'read',
    values: 'stream',
  },
  engines: [yjsEngine],
  zero: () => Object.freeze([]),
  read: (node) => node.read(),
  emptyWhole: () => EMPTY_WHOLE,
  createNode: (context, parent, key) => new ListNode(context, parent, key),
  decodeDelta: (batch) => decodeSequenceDelta(batch, LIST_CODEC),
  decodeWhole: (batch) => decodeWhole(batch, LIST_CODEC),
  local: (place) => new LocalList(LIST, place),
  remote: (place) => new RemoteList(LIST, place),
})
const RemoteList = remoteClass(LIST.verbs)

/** The schema of a list of `T`. */
export type ListSchema<T> = Schema<{
  readonly value: readonly T[]
  readonly local: ListHandle<'local', T>
  readonly remote: ListHandle<'remote', T>
  readonly strong: ListHandle<'strong', T>
}>

/** A list of values that many may edit at once. Yjs is its engine, loaded when one is opened. */
export function list<T = unknown>(): ListSchema<Shareable<T>>
export function list(...args: readonly unknown[]): Schema {
  checkNoArguments('a list', args)
  return schemaOf(LIST)
}
