/** What a container of the state tells of what is done with it. */
export interface Tracker {
  /** @throws JoineryError VALUE_INVALID if this run changes nothing */
  beforeWrite(): void
  noteContentRead(field: number): void
  noteKeyRead(field: number, key: unknown): void
  noteContentWrite(field: number, undo: () => void): void
  noteKeyWrite(field: number, key: unknown): void
  /** `look` adopts what is in a place by the end of the run. */
  notePlace(look: () => void): void
  /** Keys have been marked as gone for the first time in this run. */
  noteGone(tracked: Tracked): void
  /** What methods get for a value of the state. */
  wrap(value: unknown, field: number, depth: number): unknown
  /** Makes a value part of the state: gives what is to be in its place. */
  adopt(value: unknown, field: number, depth: number): unknown
}

/**
 * A container as a run knows it: the plain data, and the wrapper that methods get in its place. One that is not `isOwned`
 * was made by this run, and may be changed without a trace: where it was put is undone.
 */
export class Tracked {
  readonly tracker: Tracker
  readonly raw: object
  readonly wrapper: object
  /** Where it is: which field, and how deep in it. */
  field: number
  depth: number
  isOwned = false
  /**
   * Keys of a map or set that this run has deleted. They stay where they are until the run ends, since a key that was
   * deleted cannot be put back into its place in the order.
   */
  readonly gone = new Set<unknown>()

  constructor(tracker: Tracker, raw: object, wrapper: object, field: number, depth: number) {
    this.tracker = tracker
    this.raw = raw
    this.wrapper = wrapper
    this.field = field
    this.depth = depth
    trackedByWrapper.set(wrapper, this)
  }

  /** It is part of the state now, here. */
  moved(field: number, depth: number): void {
    this.field = field
    this.depth = depth
    this.isOwned = true
  }

  /** The item of that kind of place, as methods get it. */
  wrap(value: unknown): unknown {
    return typeof value === 'object' && value !== null
      ? this.tracker.wrap(value, this.field, this.depth + 1)
      : value
  }

  adopt(value: unknown): unknown {
    return this.tracker.adopt(value, this.field, this.depth + 1)
  }

  /** The deleted keys leave. */
  bury(): void {
    const raw = this.raw as Map<unknown, unknown> | Set<unknown>
    for (const key of this.gone) raw.delete(key)
    this.gone.clear()
  }
}

const trackedByWrapper = new WeakMap<object, Tracked>()

/** The plain data behind what methods get; what is plain already as it is. */
export function rawOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  return trackedByWrapper.get(value)?.raw ?? value
}
