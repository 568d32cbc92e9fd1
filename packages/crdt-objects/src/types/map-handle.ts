import { LocalHandle } from '../faces/local.ts'
import type { VerbMode } from '../kind-identity.ts'
import type { Node } from '../state/node.ts'

/** The verbs that both kinds of map have. */
export const MAP_VERBS = {
  delete: 'write',
  clear: 'write',
  get: 'read',
  has: 'read',
  count: 'read',
  keys: 'stream',
  values: 'stream',
  entries: 'stream',
} as const satisfies Record<string, VerbMode>

/** What a local map handle needs of its node. */
interface MapNodeLike {
  has(key: string): boolean
  count(): number
  delete(key: string): void
  clear(): void
}

/** A local map: a `ReadonlyMap` to code that knows nothing of us. It lists its keys in their own order. */
export abstract class LocalMapHandle<N extends Node & MapNodeLike> extends LocalHandle<
  N,
  ReadonlyMap<string, unknown>
> {
  /** In their order: all keys under which something may be. */
  protected abstract keysOf(node: N): Iterable<string>
  protected abstract entryOf(node: N, key: string): unknown

  delete(key: string): void {
    this.find()?.delete(key)
  }

  clear(): void {
    this.find()?.clear()
  }

  get(key: string): unknown {
    const node = this.find()
    return node === undefined ? undefined : this.entryOf(node, key)
  }

  has(key: string): boolean {
    return this.find()?.has(key) ?? false
  }

  count(): number {
    return this.find()?.count() ?? 0
  }

  get size(): number {
    return this.count()
  }

  *entries(): Generator<[string, unknown], undefined> {
    let node = this.find()
    for (const key of node === undefined ? [] : this.keysOf(node)) {
      node = this.current(node)
      if (node?.has(key) === true) yield [key, this.entryOf(node, key)]
    }
  }

  *keys(): Generator<string, undefined> {
    let node = this.find()
    for (const key of node === undefined ? [] : this.keysOf(node)) {
      node = this.current(node)
      if (node?.has(key) === true) yield key
    }
  }

  *values(): Generator<unknown, undefined> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): Generator<[string, unknown], undefined> {
    return this.entries()
  }

  forEach(callback: (value: unknown, key: string, map: this) => void, thisArg?: unknown): void {
    for (const [key, value] of this.entries()) callback.call(thisArg, value, key, this)
  }
}
