import type { Change } from '../change.ts'

/** Places kept for a slow reader before they are merged into "all of it". */
const PLACES_MAX = 1024

/** Changes on their way to one reader: a slow one gets them merged, so what is kept has a bound. */
export class ChangeFeed implements AsyncIterator<Change, undefined> {
  private waiting: Change | undefined
  private wake: (() => void) | undefined
  private ended = false
  private failure: { readonly reason: unknown } | undefined
  private readonly onEnd: () => void

  constructor(onEnd: () => void) {
    this.onEnd = onEnd
  }

  readonly push = (change: Change): void => {
    this.waiting = this.waiting === undefined ? change : merge(this.waiting, change)
    this.wake?.()
  }

  fail(reason: unknown): void {
    this.failure = { reason }
    this.end()
  }

  private end(): void {
    if (this.ended) return
    this.ended = true
    this.onEnd()
    this.wake?.()
  }

  async next(): Promise<IteratorResult<Change, undefined>> {
    while (this.waiting === undefined && !this.ended) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    if (this.failure !== undefined) throw this.failure.reason
    if (this.waiting === undefined || this.ended) return { done: true, value: undefined }
    const change = this.waiting
    this.waiting = undefined
    return { done: false, value: change }
  }

  return(): Promise<IteratorResult<Change, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }
}

/** Two changes as one: remote if any of it is. */
export function merge(a: Change, b: Change): Change {
  const places = new Map<string, readonly string[]>()
  for (const path of a.detail) places.set(JSON.stringify(path), path)
  for (const path of b.detail) places.set(JSON.stringify(path), path)
  return {
    origin: a.origin === 'local' && b.origin === 'local' ? 'local' : 'remote',
    by: [...new Set([...a.by, ...b.by])],
    detail: places.size > PLACES_MAX ? [[]] : [...places.values()],
  }
}
