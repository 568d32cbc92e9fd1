import { checkObjectKey, checkPrimitive, isPrimitive, notShareable } from './plain-value.ts'
import { Tracked, rawOf } from './tracked.ts'
import type { Tracker } from './tracked.ts'

type Plain = Record<string, unknown>

/** A plain object of the state, as methods get it. */
export function trackObject(tracker: Tracker, raw: Plain, field: number, depth: number): Tracked {
  const traps = new ObjectTraps()
  const tracked = new Tracked(tracker, raw, new Proxy(raw, traps), field, depth)
  traps.tracked = tracked
  return tracked
}

/** What objects and arrays have in common: reading wraps, and nothing but values changes. */
export abstract class ItemTraps<R extends object> implements ProxyHandler<R> {
  tracked!: Tracked

  noteRead(): void {
    this.tracked.tracker.noteContentRead(this.tracked.field)
  }

  get(raw: R, key: string | symbol): unknown {
    this.noteRead()
    const value: unknown = Reflect.get(raw, key)
    return typeof value === 'object' ? this.tracked.wrap(value) : value
  }

  has(raw: R, key: string | symbol): boolean {
    this.noteRead()
    return Reflect.has(raw, key)
  }

  ownKeys(raw: R): (string | symbol)[] {
    this.noteRead()
    return Reflect.ownKeys(raw)
  }

  getOwnPropertyDescriptor(raw: R, key: string | symbol): PropertyDescriptor | undefined {
    this.noteRead()
    const descriptor = Reflect.getOwnPropertyDescriptor(raw, key)
    if (descriptor?.configurable !== true) return descriptor
    return { ...descriptor, value: this.tracked.wrap(descriptor.value) }
  }

  defineProperty(): boolean {
    return false
  }

  setPrototypeOf(): boolean {
    return false
  }

  preventExtensions(): boolean {
    return false
  }

  abstract set(raw: R, key: string | symbol, value: unknown): boolean
  abstract deleteProperty(raw: R, key: string | symbol): boolean
}

class ObjectTraps extends ItemTraps<Plain> {
  override set(raw: Plain, key: string | symbol, value: unknown): boolean {
    if (typeof key === 'symbol') throw notShareable('keys must be no symbols')
    const item = rawOf(value)
    const isNew = !Object.hasOwn(raw, key)
    if (!isNew && Object.is(raw[key], item)) return true
    const { tracker, isOwned, field } = this.tracked
    tracker.beforeWrite()
    if (isOwned) {
      checkObjectKey(key)
      if (isPrimitive(item)) checkPrimitive(item)
      else this.notePlace(raw, key)
      const old = raw[key]
      tracker.noteContentWrite(field, () => {
        if (isNew) Reflect.deleteProperty(raw, key)
        else raw[key] = old
      })
    }
    raw[key] = item
    return true
  }

  override deleteProperty(raw: Plain, key: string | symbol): boolean {
    if (!Object.hasOwn(raw, key)) return true
    const { tracker, isOwned, field } = this.tracked
    tracker.beforeWrite()
    if (isOwned) {
      // All of it: a key alone would come back behind the others.
      const entries = Object.entries(raw)
      tracker.noteContentWrite(field, () => {
        for (const known of Object.keys(raw)) Reflect.deleteProperty(raw, known)
        for (const [known, item] of entries) raw[known] = item
      })
    }
    return Reflect.deleteProperty(raw, key)
  }

  private notePlace(raw: Plain, key: string): void {
    const { tracked } = this
    tracked.tracker.notePlace(() => {
      if (Object.hasOwn(raw, key)) raw[key] = tracked.adopt(raw[key])
    })
  }
}
