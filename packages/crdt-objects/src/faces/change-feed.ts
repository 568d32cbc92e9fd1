import type { Change, ChangedPlace } from '../change.ts'

/** Places kept for a slow reader before they are merged into "all of it". */
const PLACES_MAX = 1024

/** Changes on their way to one reader: a slow one gets them merged, so what is kept has a bound. */
export class ChangeFeed implements AsyncIterator<Change, undefined> {
  private waiting: Change | undefined
  /** Invariant: undefined, or `waiting` with all that came after it. */
  private merged: MergedChange | undefined
  /** Readers may ask again before they were answered: each is woken, and looks again. */
  private readonly readers: (() => void)[] = []
  private ended = false
  private failure: { readonly reason: unknown } | undefined
  private readonly onEnd: () => void

  constructor(onEnd: () => void) {
    this.onEnd = onEnd
  }

  readonly push = (change: Change): void => {
    // As a rule nothing waits, and there is nothing to merge.
    if (this.waiting === undefined) this.waiting = change
    else (this.merged ??= new MergedChange(this.waiting)).add(change)
    this.wakeAll()
  }

  fail(reason: unknown): void {
    this.failure = { reason }
    this.end()
  }

  private wakeAll(): void {
    for (const wake of this.readers.splice(0)) wake()
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.onEnd()
    this.wakeAll()
  }

  async next(): Promise<IteratorResult<Change, undefined>> {
    while (this.waiting === undefined && !this.ended) {
      await new Promise<void>((wake) => this.readers.push(wake))
    }
    if (this.failure !== undefined) throw this.failure.reason
    const value = this.merged?.change() ?? this.waiting
    if (value === undefined || this.ended) return { done: true, value: undefined }
    this.waiting = this.merged = undefined
    return { done: false, value }
  }

  return(): Promise<IteratorResult<Change, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}

/** Changes as one: remote if any of it is. Adding costs what is added, however much waits. */
class MergedChange {
  private origin: Change['origin'] = 'local'
  private readonly by = new Set<string>()
  private readonly placeByText = new Map<string, ChangedPlace>()

  constructor(first: Change) {
    this.add(first)
  }

  add({ origin, by, detail }: Change): void {
    if (origin === 'remote') this.origin = origin
    for (const replica of by) this.by.add(replica)
    for (const place of detail) {
      if (this.placeByText.size > PLACES_MAX) return
      const text = JSON.stringify(place.path)
      // Steps belong to one change only: a place that changed twice is to be read again.
      this.placeByText.set(text, this.placeByText.has(text) ? { path: place.path } : place)
    }
  }

  change(): Change {
    const all = this.placeByText.size > PLACES_MAX
    return {
      origin: this.origin,
      by: [...this.by],
      detail: all ? [{ path: [] }] : [...this.placeByText.values()],
    }
  }
}
