import { invalidValue } from '@joinery/crdt-objects'
import { groupBusy, queueClosed } from '../../errors.ts'
import type { WithdrawnCall } from '../strong-object.ts'
import { checkCount, checkDelay, checkLease } from './arguments.ts'
import { DatedObject } from './dated-object.ts'
import { addTo, deleteFrom } from './sets-by-key.ts'

/** Items that a queue without a capacity holds. */
const ITEMS_MAX = 1_000_000

/** What waits for room; `true` once it has got in. */
type Putter = readonly [items: readonly unknown[], delayMs: number] | true

/** An item on its way to whoever asked for it. */
export interface Taken {
  readonly id: number
  readonly item: unknown
  /** From 1 on: how often it was claimed, this time included. Of one that was taken for good: how often before. */
  readonly attempt: number
}

/** An item that was given back too often. */
export interface DeadEntry {
  readonly id: number
  readonly item: unknown
  readonly attempts: number
}

/** What a queue reads as: numbers of items and of calls. */
export interface QueueValue {
  readonly ready: number
  readonly delayed: number
  readonly claimed: number
  readonly dead: number
  /** Calls that wait for an item, and for room. */
  readonly takers: number
  readonly putters: number
  readonly closed: boolean
}

/**
 * A queue of items, first in first out; an item that is given back is first again. An item that is claimed stays in the
 * queue, and counts for its capacity, until it is completed, or dead.
 *
 * Whoever brings items or room hands them on to those who wait, in their order: a parked call waits for its own entry of
 * `takers` or `putters` and for nothing else, so nobody is woken in vain.
 *
 * Invariant: between calls nobody waits for an item while one is ready, nor for room while the first in line would fit.
 */
export class QueueObject extends DatedObject {
  readonly capacity: number
  readonly attemptsMax: number
  protected isClosed = false
  /** All that are not done: ready, delayed or claimed. */
  protected items = new Map<number, unknown>()
  /** How often each was claimed, if it was, those that are dead included. */
  protected attempts = new Map<number, number>()
  protected lastId = 0
  /** Ids by place; those that were given back go before the first. */
  protected ready = new Map<number, number>()
  protected readyFirst = 0
  protected readyNext = 0
  /** Whose each claimed item is. */
  protected claims = new Map<number, string>()
  protected claimsBySession = new Map<string, Set<number>>()
  protected dead = new Map<number, unknown>()
  /** Who waits for an item, by ticket; the leases of those who want to claim it. */
  protected takers = new Map<number, string>()
  protected claimLeases = new Map<number, number>()
  protected takersFirst = 1
  protected takersNext = 1
  /** What each taker is given, by ticket: for it to find when it runs. */
  protected given = new Map<number, number>()
  protected putters = new Map<number, Putter>()
  protected puttersFirst = 1
  protected puttersNext = 1

  /** 0: no bound. */
  constructor(options: { readonly capacity: number; readonly attemptsMax: number }) {
    super()
    this.capacity = checkCount('the capacity of a queue', options.capacity, 0)
    this.attemptsMax = checkCount('the number of attempts', options.attemptsMax, 0)
  }

  /** Puts all the items at once, as soon as there is room for them. */
  put(items: readonly unknown[], delayMs: number): void {
    const ticket = this.once(() => this.enterItems(items, delayMs))
    if (ticket === 0) return
    const putter = this.putters.get(ticket)
    this.waitUntil(putter === undefined || putter === true)
    if (putter === undefined) throw queueClosed('it takes no item')
    this.putters.delete(ticket)
  }

  take(): Taken {
    return this.receive(false, 0)
  }

  claim(leaseMs: number): Taken {
    return this.receive(true, leaseMs)
  }

  tryTake(): Taken | undefined {
    return this.ready.size === 0 ? undefined : this.take()
  }

  /** Ends a claim: the item is done. False when the claim was taken away before. */
  complete(id: number, attempt: number): boolean {
    if (!this.hasClaim(id, attempt)) return false
    this.endClaim(id)
    this.forget(id)
    this.settle()
    return true
  }

  /** Ends a claim: the item is for others. False when the claim was taken away before. */
  giveBack(id: number, attempt: number, delayMs: number): boolean {
    const delay = checkDelay(delayMs)
    if (!this.hasClaim(id, attempt)) return false
    this.endClaim(id)
    this.offerAgain(id, delay)
    this.settle()
    return true
  }

  /** Begins the lease of a claim anew; false when the claim is gone. */
  renew(id: number, attempt: number, leaseMs: number): boolean {
    const lease = checkLease(leaseMs)
    if (!this.hasClaim(id, attempt)) return false
    this.clearDue(id)
    if (lease > 0) this.setDue(id, lease)
    return true
  }

  /** Undoes a claim that its caller does not want any more: it was no attempt. */
  unclaim(id: number, attempt: number): void {
    if (!this.hasClaim(id, attempt)) return
    this.forgetClaim(id)
    this.settle()
  }

  /** Undoes a take that its caller does not want any more. */
  untake(id: number, item: unknown, attempt: number): void {
    checkCount('the id of an item', id, 1, this.lastId)
    checkCount('the number of attempts', attempt, 0)
    if (this.items.has(id) || this.dead.has(id)) throw invalidValue('the item is in the queue', id)
    this.items.set(id, item)
    if (attempt > 0) this.attempts.set(id, attempt)
    this.readyBefore(id)
    this.settle()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    for (const [ticket, putter] of this.putters) if (putter !== true) this.putters.delete(ticket)
    this.settle()
  }

  deadItems(countMax: number): readonly DeadEntry[] {
    const found: DeadEntry[] = []
    for (const [id, item] of this.dead) {
      if (found.length >= countMax) break
      found.push({ id, item, attempts: this.attempts.get(id) ?? 0 })
    }
    return found
  }

  tryTakeDead(): DeadEntry | undefined {
    const [first] = this.deadItems(1)
    if (first === undefined) return undefined
    this.dead.delete(first.id)
    this.attempts.delete(first.id)
    return first
  }

  read(): QueueValue {
    const [ready, claimed] = [this.ready.size, this.claims.size]
    return {
      ready,
      delayed: this.items.size - ready - claimed,
      claimed,
      dead: this.dead.size,
      takers: this.takers.size,
      putters: this.putters.size,
      closed: this.isClosed,
    }
  }

  protected enterItems(items: readonly unknown[], delayMs: number): number {
    const delay = checkDelay(delayMs)
    if (!Array.isArray(items)) throw invalidValue('items come as an array', items)
    if (this.isClosed) throw queueClosed('it takes no item')
    if (items.length > (this.capacity || ITEMS_MAX)) {
      throw invalidValue(
        `at most ${this.capacity || ITEMS_MAX} items are put at once`,
        items.length,
      )
    }
    if (this.capacity === 0 && !this.hasRoom(items.length)) {
      throw groupBusy(`the queue has ${this.items.size} items`)
    }
    if (this.putters.size === 0 && this.hasRoom(items.length)) {
      this.add(items, delay)
      this.settle()
      return 0
    }
    const ticket = this.puttersNext++
    this.putters.set(ticket, [items, delay])
    this.settle()
    return ticket
  }

  protected hasRoom(count: number): boolean {
    return this.items.size + count <= (this.capacity || ITEMS_MAX)
  }

  protected receive(isClaim: boolean, leaseMs: number): Taken {
    const ticket = this.once(() => {
      const place = this.takersNext++
      const lease = checkLease(leaseMs)
      this.takers.set(place, this.caller)
      if (isClaim) this.claimLeases.set(place, lease)
      this.settle()
      return place
    })
    const id = this.given.get(ticket)
    this.waitUntil(id !== undefined || !this.takers.has(ticket))
    if (id === undefined) throw queueClosed('every item is done')
    this.given.delete(ticket)
    const taken = { id, item: this.items.get(id), attempt: this.attempts.get(id) ?? 0 }
    if (!isClaim) {
      this.forget(id)
      this.settle()
    }
    return taken
  }

  /** Hands on what there is to hand on: items to takers, room to putters. */
  protected settle(): void {
    while (this.serveTaker() || this.admitPutter());
    if (!this.isClosed || this.items.size > 0) return
    for (const ticket of [...this.takers.keys()]) {
      this.takers.delete(ticket)
      this.claimLeases.delete(ticket)
    }
  }

  protected serveTaker(): boolean {
    if (this.ready.size === 0) return false
    this.takersFirst = firstOf(this.takers, this.takersFirst, this.takersNext)
    const ticket = this.takersFirst
    const session = this.takers.get(ticket)
    if (session === undefined) return false
    this.takers.delete(ticket)
    const id = this.ready.get(this.readyFirst)!
    this.ready.delete(this.readyFirst++)
    const leaseMs = this.claimLeases.get(ticket)
    if (leaseMs !== undefined) {
      this.claimLeases.delete(ticket)
      this.beginClaim(id, session, leaseMs)
    }
    this.given.set(ticket, id)
    return true
  }

  protected admitPutter(): boolean {
    this.puttersFirst = firstOf(this.putters, this.puttersFirst, this.puttersNext)
    const ticket = this.puttersFirst
    const putter = this.putters.get(ticket)
    if (putter === undefined || putter === true || !this.hasRoom(putter[0].length)) return false
    this.add(...putter)
    this.putters.set(ticket, true)
    this.puttersFirst++
    return true
  }

  protected add(items: readonly unknown[], delayMs: number): void {
    for (const item of items) {
      const id = (this.lastId = Math.max(this.index, this.lastId + 1))
      this.items.set(id, item)
      if (delayMs > 0) this.setDue(id, delayMs)
      else this.ready.set(this.readyNext++, id)
    }
  }

  /** An item that is done. */
  protected forget(id: number): void {
    this.items.delete(id)
    this.attempts.delete(id)
  }

  protected readyBefore(id: number): void {
    this.ready.set(--this.readyFirst, id)
  }

  /** For the next one who asks, unless it was given back too often. */
  protected offerAgain(id: number, delayMs: number): void {
    if (this.attemptsMax > 0 && this.attempts.get(id)! >= this.attemptsMax) {
      this.dead.set(id, this.items.get(id))
      this.items.delete(id)
    } else if (delayMs > 0) this.setDue(id, delayMs)
    else this.readyBefore(id)
  }

  protected beginClaim(id: number, session: string, leaseMs: number): void {
    this.attempts.set(id, (this.attempts.get(id) ?? 0) + 1)
    this.claims.set(id, session)
    addTo(this.claimsBySession, session, id)
    if (leaseMs > 0) this.setDue(id, leaseMs)
  }

  protected hasClaim(id: number, attempt: number): boolean {
    return this.claims.get(id) === this.caller && this.attempts.get(id) === attempt
  }

  protected endClaim(id: number): void {
    const session = this.claims.get(id)!
    this.claims.delete(id)
    this.clearDue(id)
    deleteFrom(this.claimsBySession, session, id)
  }

  protected forgetClaim(id: number): void {
    this.endClaim(id)
    this.attempts.set(id, this.attempts.get(id)! - 1)
    this.readyBefore(id)
  }

  /** The lease of a claim, or the delay of an item. */
  protected overdue(id: number): void {
    if (this.claims.has(id)) {
      this.endClaim(id)
      this.offerAgain(id, 0)
    } else this.ready.set(this.readyNext++, id)
    this.settle()
  }

  protected override sessionEnded(session: string): void {
    // From the last to the first, as each goes before the others.
    for (const id of [...(this.claimsBySession.get(session) ?? [])].reverse()) {
      this.endClaim(id)
      this.offerAgain(id, 0)
    }
    this.settle()
  }

  protected override callWithdrawn({ method, kept }: WithdrawnCall): void {
    const ticket = kept[0] as number
    if (method === 'put') this.putters.delete(ticket)
    else if (this.takers.delete(ticket)) this.claimLeases.delete(ticket)
    else this.takeBack(ticket)
    this.settle()
  }

  /** Of a taker that got something by the command that ends its session: it had no run to know of it. */
  protected takeBack(ticket: number): void {
    const id = this.given.get(ticket)
    if (id === undefined) return
    this.given.delete(ticket)
    if (this.claims.has(id)) this.forgetClaim(id)
    else this.readyBefore(id)
  }
}

/** The first place in use, from `first` on; `next` if none is. Each place is passed once. */
function firstOf(line: ReadonlyMap<number, unknown>, first: number, next: number): number {
  let place = first
  while (place < next && !line.has(place)) place++
  return place
}
