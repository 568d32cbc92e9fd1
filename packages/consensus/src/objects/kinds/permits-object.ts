import type { WithdrawnCall } from '../strong-object.ts'
import { checkCount, checkLease } from './arguments.ts'
import { DatedObject } from './dated-object.ts'

/** What an acquirer gets. */
export interface Grant {
  readonly hold: number
  readonly fence: number
}

/**
 * Permits that are held, by whoever came first: what a semaphore is, and a lock (shared is one permit of many, exclusive
 * is all of them).
 *
 * Whoever gives permits back hands them to those who wait, in their order, and a request that waits lets none pass that
 * came after it: so nobody starves, neither writers behind readers nor many permits behind few. Requests and holds are
 * numbered alike, by ticket: a parked call waits for its own fence and for nothing else, so giving back wakes those who
 * get something, however many wait.
 *
 * Locks are called often: what is known of a ticket is in maps of plain numbers and texts, which cost a host less than
 * containers in containers would.
 *
 * Invariant: `free` plus the permits of all holds is `total`.
 */
export class PermitsObject extends DatedObject {
  readonly total: number
  protected free: number
  /** By ticket: how many permits it waits for. */
  protected waiting = new Map<number, number>()
  /** By ticket that waits, when it is not for as long as the session lives. */
  protected leases = new Map<number, number>()
  /** By ticket, of all who wait or hold. */
  protected sessions = new Map<number, string>()
  /** By ticket: how many permits it holds. */
  protected permits = new Map<number, number>()
  /** By ticket that holds. */
  protected fences = new Map<number, number>()
  /** The last hold of each session, and from each to the one before it and after it. */
  protected lastBySession = new Map<string, number>()
  protected before = new Map<number, number>()
  protected after = new Map<number, number>()
  /** No request before it waits. */
  protected nextServed = 1
  protected nextTicket = 1
  protected lastFence = 0

  constructor(total: number) {
    super()
    this.total = checkCount('the number of permits', total)
    this.free = total
  }

  acquire(permits: number, leaseMs: number): Grant {
    const hold = this.once(() => this.enter(permits, leaseMs))
    const fence = this.fences.get(hold)
    this.waitUntil(fence !== undefined)
    return { hold, fence }
  }

  tryAcquire(permits: number, leaseMs: number): Grant | undefined {
    const count = checkCount('the number of permits', permits, 1, this.total)
    checkLease(leaseMs)
    if (!this.admitsNow(count)) return undefined
    const hold = this.enter(permits, leaseMs)
    return { hold, fence: this.fences.get(hold)! }
  }

  /** Gives back; false when it was given back before, or taken away. */
  release(hold: number): boolean {
    if (!this.isHeld(hold)) return false
    this.drop(hold)
    this.serve()
    return true
  }

  /** Begins the lease anew; false when the hold is gone. */
  renew(hold: number, leaseMs: number): boolean {
    const lease = checkLease(leaseMs)
    if (!this.isHeld(hold)) return false
    this.clearDue(hold)
    if (lease > 0) this.setDue(hold, lease)
    return true
  }

  protected isHeld(ticket: number): boolean {
    return this.sessions.get(ticket) === this.caller && this.permits.has(ticket)
  }

  /** Takes a ticket, and what it is for, if that is there. */
  protected enter(permits: number, leaseMs: number): number {
    const count = checkCount('the number of permits', permits, 1, this.total)
    const lease = checkLease(leaseMs)
    const isAdmitted = this.admitsNow(count)
    const ticket = this.nextTicket++
    this.sessions.set(ticket, this.caller)
    if (isAdmitted) this.grant(ticket, count, lease)
    else {
      this.waiting.set(ticket, count)
      if (lease > 0) this.leases.set(ticket, lease)
    }
    return ticket
  }

  /** Whether a request of the caller that comes now need not wait. */
  protected admitsNow(permits: number): boolean {
    return this.free >= permits && this.firstWaiting() === undefined
  }

  /** How many permits the first one waits for. */
  protected firstWaiting(): number | undefined {
    if (this.waiting.size === 0) {
      this.nextServed = this.nextTicket
      return undefined
    }
    let permits: number | undefined
    while ((permits = this.waiting.get(this.nextServed)) === undefined) this.nextServed++
    return permits
  }

  /** Hands what is free to those who wait. */
  protected serve(): void {
    for (;;) {
      const permits = this.firstWaiting()
      if (permits === undefined || this.free < permits) return
      const ticket = this.nextServed
      this.waiting.delete(ticket)
      const lease = this.leases.get(ticket) ?? 0
      if (lease > 0) this.leases.delete(ticket)
      this.grant(ticket, permits, lease)
    }
  }

  protected grant(ticket: number, permits: number, leaseMs: number): void {
    const session = this.sessions.get(ticket)!
    this.free -= permits
    this.permits.set(ticket, permits)
    this.fences.set(ticket, this.fenceOf(session))
    const before = this.lastBySession.get(session)
    this.lastBySession.set(session, ticket)
    if (before !== undefined) {
      this.before.set(ticket, before)
      this.after.set(before, ticket)
    }
    if (leaseMs > 0) this.setDue(ticket, leaseMs)
  }

  /** The index, but never one that was given: one command can let several go on. */
  protected fenceOf(_session: string): number {
    this.lastFence = Math.max(this.index, this.lastFence + 1)
    return this.lastFence
  }

  protected drop(ticket: number): void {
    this.free += this.permits.get(ticket)!
    this.unchain(ticket, this.sessions.get(ticket)!)
    this.permits.delete(ticket)
    this.fences.delete(ticket)
    this.sessions.delete(ticket)
    this.clearDue(ticket)
  }

  protected unchain(ticket: number, session: string): void {
    const before = this.before.get(ticket)
    const after = this.after.get(ticket)
    if (before !== undefined) {
      this.before.delete(ticket)
      if (after === undefined) this.after.delete(before)
      else this.after.set(before, after)
    }
    if (after !== undefined) {
      this.after.delete(ticket)
      if (before === undefined) this.before.delete(after)
      else this.before.set(after, before)
    } else if (before === undefined) this.lastBySession.delete(session)
    else this.lastBySession.set(session, before)
  }

  protected overdue(ticket: number): void {
    this.drop(ticket)
    this.serve()
  }

  protected override sessionEnded(session: string): void {
    let ticket: number | undefined
    while ((ticket = this.lastBySession.get(session)) !== undefined) this.drop(ticket)
    this.serve()
  }

  protected override callWithdrawn({ kept }: WithdrawnCall): void {
    const ticket = kept[0] as number
    // What it got by the same command that ends its session, that gives back as well.
    if (!this.waiting.delete(ticket)) return
    this.leases.delete(ticket)
    this.sessions.delete(ticket)
    this.serve()
  }
}
