import { LocalHandle } from '../faces/local.ts'
import type { VerbMode } from '../kind.ts'
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
export interface MapNodeLike {
  entries(): Iterable<[string, unknown]>
  keys(): Iterable<string>
  get(key: string): unknown
  has(key: string): boolean
  count(): number
  delete(key: string): void
  clear(): void
}

/** A local map: a `ReadonlyMap` to code that knows nothing of us. */
export abstract class LocalMapHandle<N extends Node & MapNodeLike> extends LocalHandle<
  N,
  ReadonlyMap<string, unknown>
> {
  delete(key: string): void {
    this.find()?.delete(key)
  }

  clear(): void {
    this.find()?.clear()
  }

  get(key: string): unknown {
    return this.find()?.get(key)
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
    yield* this.find()?.entries() ?? []
  }

  *keys(): Generator<string, undefined> {
    yield* this.find()?.keys() ?? []
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
