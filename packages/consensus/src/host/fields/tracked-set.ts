import { checkKey } from './plain-value.ts'
import { Tracked } from './tracked.ts'
import type { Tracker } from './tracked.ts'

/** A set of the state, as methods get it. The base class's own set is empty: all is in `raw`. */
export class TrackedSet extends Set<unknown> {
  readonly #raw: Set<unknown>
  readonly #tracked: Tracked

  constructor(tracker: Tracker, raw: Set<unknown>, field: number, depth: number) {
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

  override has(member: unknown): boolean {
    const { tracker, field, depth } = this.#tracked
    if (depth === 0) tracker.noteKeyRead(field, member)
    else tracker.noteContentRead(field)
    return this.#holds(member)
  }

  override add(member: unknown): this {
    if (this.#holds(member)) return this
    const { tracker, isOwned, gone } = this.#tracked
    tracker.beforeWrite()
    const raw = this.#raw
    if (isOwned) {
      checkKey(member)
      if (gone.has(member)) this.#exhume(member)
      this.#noteWrite(member, () => raw.delete(member))
    }
    raw.add(member)
    return this
  }

  override delete(member: unknown): boolean {
    if (!this.#holds(member)) return false
    const { tracker, isOwned, gone } = this.#tracked
    tracker.beforeWrite()
    if (!isOwned) return this.#raw.delete(member)
    if (gone.size === 0) tracker.noteGone(this.#tracked)
    gone.add(member)
    this.#noteWrite(member, nothing)
    return true
  }

  override clear(): void {
    for (const member of [...this.#raw]) this.delete(member)
  }

  override *values(): SetIterator<unknown> {
    this.#readAll()
    for (const member of this.#raw) if (!this.#tracked.gone.has(member)) yield member
  }

  override keys(): SetIterator<unknown> {
    return this.values()
  }

  override *entries(): SetIterator<[unknown, unknown]> {
    for (const member of this.values()) yield [member, member]
  }

  override [Symbol.iterator](): SetIterator<unknown> {
    return this.values()
  }

  override forEach(
    visit: (value: unknown, member: unknown, set: Set<unknown>) => void,
    self?: unknown,
  ): void {
    for (const member of this.values()) visit.call(self, member, member, this)
  }

  #holds(member: unknown): boolean {
    const { gone } = this.#tracked
    return this.#raw.has(member) && (gone.size === 0 || !gone.has(member))
  }

  /** A deleted member comes back, behind all others: its former place is kept by a copy of the whole order. */
  #exhume(member: unknown): void {
    const { field, gone, tracker } = this.#tracked
    const raw = this.#raw
    const members = [...raw]
    tracker.noteContentWrite(field, () => {
      raw.clear()
      for (const known of members) raw.add(known)
    })
    gone.delete(member)
    raw.delete(member)
  }

  #readAll(): void {
    this.#tracked.tracker.noteContentRead(this.#tracked.field)
  }

  #noteWrite(member: unknown, undo: () => void): void {
    const { tracker, field, depth } = this.#tracked
    tracker.noteContentWrite(field, undo)
    if (depth === 0) tracker.noteKeyWrite(field, member)
  }
}

function nothing(): void {}

/*
 * Methods of sets that newer engines have, `union` and its like: inherited, they would work on the base class's own set,
 * which is empty. None of them changes the set.
 */
for (const name of Object.getOwnPropertyNames(Set.prototype)) {
  if (Object.hasOwn(TrackedSet.prototype, name)) continue
  const method: unknown = Reflect.get(Set.prototype, name, new Set())
  if (typeof method !== 'function') continue
  Object.defineProperty(TrackedSet.prototype, name, {
    configurable: true,
    value: function (this: TrackedSet, ...args: readonly unknown[]): unknown {
      return Reflect.apply(method, new Set(this), args)
    },
  })
}
