import type { Changes, KeyOfField, Reads } from './change-record.ts'
import {
  DEPTH_MAX,
  checkDate,
  checkFloats,
  checkKey,
  checkKeys,
  checkPrimitive,
  copyValue,
  isPrimitive,
  shapeOf,
  notShareable,
} from './plain-value.ts'
import { trackArray } from './tracked-array.ts'
import type { Tracked, Tracker } from './tracked.ts'
import { rawOf } from './tracked.ts'
import { TrackedMap } from './tracked-map.ts'
import { trackObject } from './tracked-object.ts'
import { TrackedSet } from './tracked-set.ts'

/** Bytes, floats or a date that a run has got in its hands: it may have changed them, and only a comparison tells. */
interface Touched {
  readonly raw: Uint8Array | Float64Array | Date
  readonly field: number
  readonly before: Uint8Array | Float64Array | Date
  /** As it was when writes were last counted. */
  counted: Uint8Array | Float64Array | Date
}

/** What a run may do with the fields. */
type Access = 'none' | 'read' | 'write'

/**
 * Stands between a class's methods and its fields. It notes what a run reads and writes, so that parked calls are run
 * again when, and only when, something they read has changed; and it can undo all of a run.
 *
 * The state is held as plain data. Methods get what stands for it (see `Tracked`): a container that was in the state
 * when the run began is changed through that only, and each change leaves behind how to undo it. A container that the
 * run has made itself may be changed directly, also after it was put into the state: undoing the putting undoes it all.
 *
 * Invariant, between runs: the state is a tree of values that have encodings. What a run has put in two places is two
 * values from its end on: else a replica that was restored from a snapshot, in which they are two, would go another way.
 */
export class Recorder implements Tracker {
  /** Fields as plain data, by number. */
  readonly cells: unknown[]
  private access: Access = 'none'
  /** Numbers the runs: what was stamped by an earlier one is void. */
  private run = 1
  /** What reads are stamped with; 0 while they do not count. */
  private readStamp = 0
  private inOnce = false
  private writes = 0

  private readonly slotRead: number[]
  private readonly contentRead: number[]
  private keysRead: KeyOfField[] = []

  private readonly slotWritten: number[]
  private readonly contentWritten: number[]
  private slots: number[] = []
  private contents: number[] = []
  private keys: KeyOfField[] = []

  private undoSlots: unknown[] = []
  private undoSteps: (() => void)[] = []
  /** Where something new may be: looked at when the run ends. */
  private places: (() => void)[] = []
  private goneFrom: Tracked[] = []
  private touched: Touched[] = []

  private readonly trackedByRaw = new WeakMap<object, Tracked>()
  private readonly wrappers: unknown[] = []
  private readonly wrapped: unknown[] = []
  /** All containers of the state. One that is met again is in two places. */
  private readonly owned = new WeakSet()

  /** @throws Error for what is no value */
  constructor(values: readonly unknown[]) {
    this.cells = [...values]
    this.slotRead = values.map(() => 0)
    this.contentRead = values.map(() => 0)
    this.slotWritten = values.map(() => 0)
    this.contentWritten = values.map(() => 0)
    for (let field = 0; field < this.cells.length; field++) this.adoptSlot(field)
  }

  begin(access: 'read' | 'write'): void {
    this.run += 1
    this.readStamp = this.run
    this.access = access
    this.inOnce = false
    this.writes = 0
    if (this.keysRead.length > 0) this.keysRead = []
  }

  /** Reads and writes of `work` count for no wait. */
  once<T>(work: () => T): T {
    this.countTouched()
    this.inOnce = true
    this.readStamp = 0
    try {
      return work()
    } finally {
      this.countTouched()
      this.inOnce = false
      this.readStamp = this.run
    }
  }

  /** Whether the run has written outside of `once`. */
  get hasWritten(): boolean {
    this.countTouched()
    return this.writes > 0
  }

  /** What the run has read so far, outside of `once`. */
  reads(): Reads {
    const slots: number[] = []
    const contents: number[] = []
    for (let field = 0; field < this.cells.length; field++) {
      if (this.slotRead[field] === this.run) slots.push(field)
      if (this.contentRead[field] === this.run) contents.push(field)
    }
    return { slots, contents, keys: [...this.keysRead] }
  }

  /**
   * Ends a run whose changes stay, and says what they are; nothing if there are none.
   *
   * @throws Error if something that was put into the state is no value: the run must be undone
   */
  commit(): Changes | undefined {
    this.countTouched()
    for (const { raw } of this.touched) checkAtom(raw)
    for (let i = 0; i < this.undoSlots.length; i += 2) this.adoptSlot(this.undoSlots[i] as number)
    for (const look of this.places) look()
    for (const tracked of this.goneFrom) tracked.bury()
    const { slots, contents, keys } = this
    this.end()
    return slots.length + contents.length + keys.length === 0
      ? undefined
      : { slots, contents, keys }
  }

  /** Ends a run as if it had not been. */
  rollback(): void {
    for (const { raw, before } of this.touched) restoreAtom(raw, before)
    for (const tracked of this.goneFrom) tracked.gone.clear()
    for (let i = this.undoSteps.length - 1; i >= 0; i--) this.undoSteps[i]?.()
    for (let i = 0; i < this.undoSlots.length; i += 2) {
      this.cells[this.undoSlots[i] as number] = this.undoSlots[i + 1]
    }
    this.end()
  }

  private end(): void {
    this.access = 'none'
    this.readStamp = 0
    if (this.slots.length > 0) this.slots = []
    if (this.contents.length > 0) this.contents = []
    if (this.keys.length > 0) this.keys = []
    if (this.undoSlots.length > 0) this.undoSlots = []
    if (this.undoSteps.length > 0) this.undoSteps = []
    if (this.places.length > 0) this.places = []
    if (this.goneFrom.length > 0) this.goneFrom = []
    if (this.touched.length > 0) this.touched = []
  }

  // Of fields.

  readField(field: number): unknown {
    this.slotRead[field] = this.readStamp
    const raw = this.cells[field]
    if (typeof raw !== 'object' || raw === null) return raw
    if (this.wrapped[field] === raw) return this.wrappers[field]
    const wrapper = this.wrap(raw, field, 0)
    // Bytes, floats and dates are themselves: each run that gets them is noted.
    if (wrapper === raw) return wrapper
    this.wrapped[field] = raw
    this.wrappers[field] = wrapper
    return wrapper
  }

  writeField(field: number, value: unknown): void {
    const raw = rawOf(value)
    const old = this.cells[field]
    if (Object.is(old, raw)) return
    this.beforeWrite()
    if (isPrimitive(raw)) checkPrimitive(raw)
    if (this.slotWritten[field] !== this.run) {
      this.slotWritten[field] = this.run
      this.undoSlots.push(field, old)
      this.slots.push(field)
    }
    this.cells[field] = raw
  }

  private adoptSlot(field: number): void {
    this.cells[field] = this.adopt(this.cells[field], field, 0)
  }

  // Of containers: see `Tracker`.

  beforeWrite(): void {
    if (this.access !== 'write') {
      throw notShareable(
        this.access === 'read'
          ? 'a method that is named in `reads` changes nothing'
          : 'fields change in methods only, while a host runs them',
      )
    }
    if (!this.inOnce) this.writes += 1
  }

  noteContentRead(field: number): void {
    this.contentRead[field] = this.readStamp
  }

  noteKeyRead(field: number, key: unknown): void {
    if (this.readStamp === 0) return
    const isKey = typeof key === 'string' || Number.isFinite(key) || typeof key === 'boolean'
    if (isKey) this.keysRead.push({ field, key })
    else this.contentRead[field] = this.readStamp
  }

  noteContentWrite(field: number, undo: () => void): void {
    if (this.contentWritten[field] !== this.run) {
      this.contentWritten[field] = this.run
      this.contents.push(field)
    }
    this.undoSteps.push(undo)
  }

  noteKeyWrite(field: number, key: unknown): void {
    this.keys.push({ field, key })
  }

  notePlace(look: () => void): void {
    this.places.push(look)
  }

  noteGone(tracked: Tracked): void {
    this.goneFrom.push(tracked)
  }

  wrap(value: unknown, field: number, depth: number): unknown {
    if (typeof value !== 'object' || value === null || rawOf(value) !== value) return value
    const known = this.trackedByRaw.get(value)
    if (known !== undefined) return known.wrapper
    // Made and frozen by this run: it tells no lies about what it holds, as a wrapper would.
    if (!Object.isExtensible(value)) return value
    const shape = shapeOf(value)
    if (shape === 'bytes' || shape === 'floats' || shape === 'date') {
      this.noteContentRead(field)
      this.touch(value as Touched['raw'], field)
      return value
    }
    const tracked = this.track(value, shape, field, depth)
    tracked.isOwned = this.owned.has(value)
    this.trackedByRaw.set(value, tracked)
    return tracked.wrapper
  }

  private track(
    raw: object,
    shape: 'array' | 'map' | 'set' | 'object',
    field: number,
    depth: number,
  ): Tracked {
    switch (shape) {
      case 'array':
        return trackArray(this, raw as unknown[], field, depth)
      case 'map':
        return new TrackedMap(this, raw as Map<unknown, unknown>, field, depth).tracked
      case 'set':
        return new TrackedSet(this, raw as Set<unknown>, field, depth).tracked
      case 'object':
        return trackObject(this, raw as Record<string, unknown>, field, depth)
    }
  }

  adopt(value: unknown, field: number, depth: number): unknown {
    if (isPrimitive(value)) {
      checkPrimitive(value)
      return value
    }
    if (depth > DEPTH_MAX)
      throw notShareable(`values nest at most ${DEPTH_MAX} deep, without cycles`)
    const raw = rawOf(value) as object
    const isCopied = this.owned.has(raw) || !Object.isExtensible(raw) || !isBase(raw)
    // Through its wrapper, which knows what is deleted from it.
    const seen = isCopied ? (this.trackedByRaw.get(raw)?.wrapper ?? raw) : raw
    const mine = isCopied ? (copyValue(seen, depth) as object) : raw
    this.owned.add(mine)
    const tracked = this.trackedByRaw.get(mine)
    if (tracked !== undefined) tracked.moved(field, depth)
    this.adoptItems(mine, field, depth + 1)
    return mine
  }

  private adoptItems(raw: object, field: number, depth: number): void {
    switch (shapeOf(raw)) {
      case 'array': {
        const items = raw as unknown[]
        if (Object.keys(items).length > items.length) throw notShareable('arrays have indexes only')
        for (let i = 0; i < items.length; i++) items[i] = this.adopt(items[i], field, depth)
        return
      }
      case 'map':
        for (const [key, item] of raw as Map<unknown, unknown>) {
          checkKey(key)
          if (isPrimitive(item)) checkPrimitive(item)
          else (raw as Map<unknown, unknown>).set(key, this.adopt(item, field, depth))
        }
        return
      case 'set':
        for (const item of raw as Set<unknown>) checkKey(item)
        return
      case 'object':
        checkKeys(raw)
        for (const [key, item] of Object.entries(raw)) {
          const adopted = this.adopt(item, field, depth)
          if (adopted !== item) (raw as Record<string, unknown>)[key] = adopted
        }
        return
      default:
        checkAtom(raw)
    }
  }

  private touch(raw: Touched['raw'], field: number): void {
    if (this.access === 'none' || this.touched.some((known) => known.raw === raw)) return
    const before = copyAtom(raw)
    this.touched.push({ raw, field, before, counted: before })
  }

  /** Finds what was changed of what was given out since the last look. */
  private countTouched(): void {
    for (const touched of this.touched) {
      if (isSameAtom(touched.raw, touched.counted)) continue
      touched.counted = copyAtom(touched.raw)
      if (this.contentWritten[touched.field] !== this.run) {
        this.contentWritten[touched.field] = this.run
        this.contents.push(touched.field)
      }
      if (!this.inOnce) this.writes += 1
    }
  }
}

/** Whether it is of a class of the language, and not of one that extends it. */
function isBase(raw: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(raw)
  return BASES.has(prototype as object | null)
}

const BASES: ReadonlySet<object | null> = new Set([
  null,
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Uint8Array.prototype,
  Float64Array.prototype,
  Date.prototype,
])

function copyAtom<T extends Touched['raw']>(atom: T): T {
  return (atom instanceof Date ? new Date(atom.getTime()) : atom.slice()) as T
}

function checkAtom(atom: object): void {
  if (atom instanceof Float64Array) checkFloats(atom)
  else if (atom instanceof Date) checkDate(atom)
}

function isSameAtom(a: Touched['raw'], b: Touched['raw']): boolean {
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  const other = b as Uint8Array | Float64Array
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], other[i])) return false
  return true
}

function restoreAtom(raw: Touched['raw'], before: Touched['raw']): void {
  if (raw instanceof Date) raw.setTime((before as Date).getTime())
  else raw.set(before as Uint8Array | Float64Array)
}
