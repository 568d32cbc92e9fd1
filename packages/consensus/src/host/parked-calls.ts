import type { ObjectCall } from './object-call.ts'
import type { Changes, Reads } from './fields/change-record.ts'

/** A call that waits, and what its last run read before it parked. */
export interface ParkedCall {
  readonly call: ObjectCall
  reads: Reads
  isReady: boolean
}

/** Calls that wait for one thing. */
type Watchers = Set<ParkedCall>

/**
 * The parked calls of one object, in order of arrival, found by what they read: a change costs as much as there are
 * calls that read what changed.
 */
export class ParkedCalls {
  private readonly byArrival = new Map<number, ParkedCall>()
  private readonly bySlot = new Map<number, Watchers>()
  private readonly byContent = new Map<number, Watchers>()
  /** By field, then by key. */
  private readonly byKey = new Map<number, Map<unknown, Watchers>>()
  /** Those to run again: a heap, the first to arrive on top. */
  private readonly ready: ParkedCall[] = []

  get size(): number {
    return this.byArrival.size
  }

  /** In order of arrival. */
  all(): Iterable<ParkedCall> {
    return this.byArrival.values()
  }

  add(call: ObjectCall, reads: Reads): ParkedCall {
    const parked = { call, reads, isReady: false }
    this.byArrival.set(call.arrival, parked)
    this.watch(parked)
    return parked
  }

  /** It ran again, and waits on. */
  park(parked: ParkedCall, reads: Reads): void {
    this.unwatch(parked)
    parked.reads = reads
    this.watch(parked)
  }

  remove(parked: ParkedCall): void {
    this.byArrival.delete(parked.call.arrival)
    this.unwatch(parked)
  }

  /** Those that read what changed are to be run again. */
  wake({ slots, contents, keys }: Changes): void {
    for (const field of slots) this.wakeAll(this.bySlot.get(field))
    for (const field of contents) this.wakeAll(this.byContent.get(field))
    if (this.byKey.size === 0) return
    for (const { field, key } of keys) this.wakeAll(this.byKey.get(field)?.get(key))
  }

  /** The first to arrive of those that are to be run again. */
  nextReady(): ParkedCall | undefined {
    for (;;) {
      const parked = this.popReady()
      if (parked === undefined) return undefined
      parked.isReady = false
      if (this.byArrival.get(parked.call.arrival) === parked) return parked
    }
  }

  private watch(parked: ParkedCall): void {
    const { slots, contents, keys } = parked.reads
    for (const field of slots) watchersOf(this.bySlot, field).add(parked)
    for (const field of contents) watchersOf(this.byContent, field).add(parked)
    for (const { field, key } of keys) {
      let byKey = this.byKey.get(field)
      if (byKey === undefined) this.byKey.set(field, (byKey = new Map<unknown, Watchers>()))
      watchersOf(byKey, key).add(parked)
    }
  }

  private unwatch(parked: ParkedCall): void {
    const { slots, contents, keys } = parked.reads
    for (const field of slots) forget(this.bySlot, field, parked)
    for (const field of contents) forget(this.byContent, field, parked)
    for (const { field, key } of keys) {
      const byKey = this.byKey.get(field)
      if (byKey === undefined) continue
      forget(byKey, key, parked)
      if (byKey.size === 0) this.byKey.delete(field)
    }
  }

  private wakeAll(watchers: Watchers | undefined): void {
    if (watchers === undefined) return
    for (const parked of watchers) {
      if (parked.isReady) continue
      parked.isReady = true
      this.pushReady(parked)
    }
  }

  private pushReady(parked: ParkedCall): void {
    const { ready } = this
    let at = ready.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (ready[above]!.call.arrival < parked.call.arrival) break
      ready[at] = ready[above]!
      at = above
    }
    ready[at] = parked
  }

  private popReady(): ParkedCall | undefined {
    const { ready } = this
    const [first] = ready
    const last = ready.pop()
    if (last === undefined || ready.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= ready.length) break
      const right = ready[below + 1]
      if (right !== undefined && right.call.arrival < ready[below]!.call.arrival) below++
      if (ready[below]!.call.arrival >= last.call.arrival) break
      ready[at] = ready[below]!
      at = below
    }
    ready[at] = last
    return first
  }
}

function watchersOf<K>(watchersBy: Map<K, Watchers>, key: K): Watchers {
  let watchers = watchersBy.get(key)
  if (watchers === undefined) watchersBy.set(key, (watchers = new Set()))
  return watchers
}

function forget<K>(watchersBy: Map<K, Watchers>, key: K, parked: ParkedCall): void {
  const watchers = watchersBy.get(key)
  watchers?.delete(parked)
  if (watchers?.size === 0) watchersBy.delete(key)
}
