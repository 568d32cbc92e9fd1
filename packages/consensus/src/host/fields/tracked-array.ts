import { checkPrimitive, isPrimitive, notShareable } from './plain-value.ts'
import { Tracked, rawOf } from './tracked.ts'
import type { Tracker } from './tracked.ts'
import { ItemTraps } from './tracked-object.ts'

/** An array of the state, as methods get it. */
export function trackArray(
  tracker: Tracker,
  raw: unknown[],
  field: number,
  depth: number,
): Tracked {
  const traps = new ArrayTraps()
  const tracked = new Tracked(tracker, raw, new Proxy(raw, traps), field, depth)
  traps.tracked = tracked
  return tracked
}

type Mutator = (items: ArrayItems, args: readonly unknown[]) => unknown

/** A tracked array from inside: the data, and what keeps account of it. */
class ArrayItems {
  readonly raw: unknown[]
  readonly tracked: Tracked
  constructor(raw: unknown[], tracked: Tracked) {
    this.raw = raw
    this.tracked = tracked
  }

  /** To be called before each change, with what takes it back. */
  noteWrite(undo: () => void): void {
    const { tracker, isOwned, field } = this.tracked
    tracker.beforeWrite()
    if (isOwned) tracker.noteContentWrite(field, undo)
  }

  /** The whole order is kept: for what changes more than one place. */
  noteRewrite(): void {
    const { raw } = this
    const items = [...raw]
    this.noteWrite(() => {
      raw.length = 0
      for (const item of items) raw.push(item)
    })
  }

  /** New items, as plain data. They are looked at when the run ends, wherever they are by then. */
  receive(values: readonly unknown[]): unknown[] {
    const items = values.map(rawOf)
    if (!this.tracked.isOwned) return items
    for (const item of items) {
      if (isPrimitive(item)) checkPrimitive(item)
      else this.notePlaceOf(item)
    }
    return items
  }

  private notePlaceOf(item: unknown): void {
    const { raw, tracked } = this
    tracked.tracker.notePlace(() => {
      // From behind: what was pushed is found at once.
      for (let i = raw.lastIndexOf(item); i >= 0; i = i === 0 ? -1 : raw.lastIndexOf(item, i - 1)) {
        raw[i] = tracked.adopt(item)
      }
    })
  }
}

/** What changes an array in one step, and would be a step for each of its items by way of the traps. */
const mutators: ReadonlyMap<string | symbol, Mutator> = new Map<string | symbol, Mutator>([
  [
    'push',
    (items, args) => {
      const { raw } = items
      const { length } = raw
      items.noteWrite(() => (raw.length = length))
      return raw.push(...items.receive(args))
    },
  ],
  [
    'pop',
    (items) => {
      const { raw, tracked } = items
      if (raw.length === 0) return undefined
      const last = raw[raw.length - 1]
      items.noteWrite(() => raw.push(last))
      raw.length -= 1
      return tracked.wrap(last)
    },
  ],
  [
    'shift',
    (items) => {
      const { raw, tracked } = items
      if (raw.length === 0) return undefined
      const [first] = raw
      items.noteWrite(() => raw.unshift(first))
      raw.shift()
      return tracked.wrap(first)
    },
  ],
  [
    'unshift',
    (items, args) => {
      items.noteWrite(() => items.raw.splice(0, args.length))
      return items.raw.unshift(...items.receive(args))
    },
  ],
  [
    'splice',
    (items, args) => {
      items.noteRewrite()
      const [start, count, ...added] = args as [number, number, ...unknown[]]
      const received = items.receive(added)
      const { raw } = items
      const removed =
        args.length < 2 ? raw.splice(...(args as [number])) : raw.splice(start, count, ...received)
      return removed.map((item) => items.tracked.wrap(item))
    },
  ],
  [
    'sort',
    (items, [compare]) => {
      items.noteRewrite()
      const { raw, tracked } = items
      if (compare === undefined) raw.sort()
      else {
        const order = compare as (a: unknown, b: unknown) => number
        raw.sort((a, b) => order(tracked.wrap(a), tracked.wrap(b)))
      }
      return tracked.wrapper
    },
  ],
  [
    'reverse',
    (items) => {
      items.noteRewrite()
      items.raw.reverse()
      return items.tracked.wrapper
    },
  ],
])

class ArrayTraps extends ItemTraps<unknown[]> {
  override get(raw: unknown[], key: string | symbol): unknown {
    const mutate = mutators.get(key)
    if (mutate === undefined) return super.get(raw, key)
    // What it gives is read, too.
    this.noteRead()
    return (...args: readonly unknown[]): unknown => mutate(new ArrayItems(raw, this.tracked), args)
  }

  override set(raw: unknown[], key: string | symbol, value: unknown): boolean {
    const items = new ArrayItems(raw, this.tracked)
    if (key === 'length') return setLength(items, value)
    const index = indexOf(key)
    if (index > raw.length) throw notShareable('arrays have no holes: push, or fill it first', key)
    const item = rawOf(value)
    if (index < raw.length && Object.is(raw[index], item)) return true
    const old = raw[index]
    const { length } = raw
    items.noteWrite(index < length ? () => (raw[index] = old) : () => (raw.length = length))
    items.receive([value])
    raw[index] = item
    return true
  }

  /** What steps out of the end of an array does, before it says how long that is. */
  override deleteProperty(raw: unknown[], key: string | symbol): boolean {
    const index = indexOf(key)
    if (index >= raw.length) return true
    if (index < raw.length - 1) throw notShareable('arrays have no holes: use splice', key)
    const items = new ArrayItems(raw, this.tracked)
    const last = raw[index]
    items.noteWrite(() => (raw[index] = last))
    raw[index] = undefined
    return true
  }
}

function setLength(items: ArrayItems, value: unknown): boolean {
  const { raw } = items
  const length = Number(value)
  if (length === raw.length) return true
  if (length > raw.length) throw notShareable('arrays have no holes: push instead of', value)
  const cut = raw.slice(length)
  items.noteWrite(() => raw.push(...cut))
  raw.length = length
  return true
}

function indexOf(key: string | symbol): number {
  const index = typeof key === 'string' && /^(0|[1-9]\d{0,9})$/.test(key) ? Number(key) : -1
  if (index < 0 || index >= 2 ** 32 - 1) throw notShareable('arrays have indexes only, not', key)
  return index
}
