import { Tracked, rawOf } from './tracked.ts'
import type { Tracker } from './tracked.ts'
import { checkKey, checkPrimitive, isPrimitive } from './plain-value.ts'

/** A map of the state, as methods get it. The base class's own map is empty: all is in `raw`. */
export class TrackedMap extends Map<unknown, unknown> {
  readonly #raw: Map<unknown, unknown>
  readonly #tracked: Tracked

  constructor(tracker: Tracker, raw: Map<unknown, unknown>, field: number, depth: number) {
    super()
    this.#raw = raw
    this.#tracked = new Tracked(tracker, raw, this, field, depth)
  }

  get tracked(): Tracked {
    return this.#tracked
  }

  override get size(): number {
    this.#readAll()
    return this.#raw.size - this.#tracked.gone.size
  }

  override has(key: unknown): boolean {
    this.#readKey(key)
    return this.#holds(key)
  }

  override get(key: unknown): unknown {
    this.#readKey(key)
    return this.#holds(key) ? this.#tracked.wrap(this.#raw.get(key)) : undefined
  }

  override set(key: unknown, value: unknown): this {
    const tracked = this.#tracked
    const item = rawOf(value)
    const isNew = !this.#holds(key)
    if (!isNew && Object.is(this.#raw.get(key), item)) return this
    tracked.tracker.beforeWrite()
    if (!tracked.isOwned) {
      this.#raw.set(key, item)
      return this
    }
    checkKey(key)
    if (isPrimitive(item)) checkPrimitive(item)
    else this.#notePlace(key)
    if (isNew && tracked.gone.has(key)) this.#exhume(key)
    const raw = this.#raw
    const old = raw.get(key)
    this.#noteWrite(key, isNew ? () => raw.delete(key) : () => raw.set(key, old))
    raw.set(key, item)
    return this
  }

  override delete(key: unknown): boolean {
    if (!this.#holds(key)) return false
    const { tracker, isOwned, gone } = this.#tracked
    tracker.beforeWrite()
    if (!isOwned) return this.#raw.delete(key)
    if (gone.size === 0) tracker.noteGone(this.#tracked)
    gone.add(key)
    this.#noteWrite(key, nothing)
    return true
  }

  override clear(): void {
    for (const key of [...this.#raw.keys()]) this.delete(key)
  }

  override *entries(): MapIterator<[unknown, unknown]> {
    this.#readAll()
    for (const [key, item] of this.#raw) {
      if (!this.#tracked.gone.has(key)) yield [key, this.#tracked.wrap(item)]
    }
  }

  override *keys(): MapIterator<unknown> {
    this.#readAll()
    for (const key of this.#raw.keys()) if (!this.#tracked.gone.has(key)) yield key
  }

  override *values(): MapIterator<unknown> {
    for (const [, item] of this.entries()) yield item
  }

  override [Symbol.iterator](): MapIterator<[unknown, unknown]> {
    return this.entries()
  }

  override forEach(
    visit: (value: unknown, key: unknown, map: Map<unknown, unknown>) => void,
    self?: unknown,
  ): void {
    for (const [key, item] of this.entries()) visit.call(self, item, key, this)
  }

  #holds(key: unknown): boolean {
    const { gone } = this.#tracked
    return this.#raw.has(key) && (gone.size === 0 || !gone.has(key))
  }

  /** A deleted key comes back, behind all others: its former place is kept by a copy of the whole order. */
  #exhume(key: unknown): void {
    const { field, gone, tracker } = this.#tracked
    const raw = this.#raw
    const entries = [...raw]
    tracker.noteContentWrite(field, () => {
      raw.clear()
      for (const [known, item] of entries) raw.set(known, item)
    })
    gone.delete(key)
    raw.delete(key)
  }

  #notePlace(key: unknown): void {
    const raw = this.#raw
    const tracked = this.#tracked
    tracked.tracker.notePlace(() => {
      if (raw.has(key)) raw.set(key, tracked.adopt(raw.get(key)))
    })
  }

  #readAll(): void {
    this.#tracked.tracker.noteContentRead(this.#tracked.field)
  }

  #readKey(key: unknown): void {
    const { tracker, field, depth } = this.#tracked
    if (depth === 0) tracker.noteKeyRead(field, key)
    else tracker.noteContentRead(field)
  }

  #noteWrite(key: unknown, undo: () => void): void {
    const { tracker, field, depth } = this.#tracked
    tracker.noteContentWrite(field, undo)
    if (depth === 0) tracker.noteKeyWrite(field, key)
  }
}

function nothing(): void {}
