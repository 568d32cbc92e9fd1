import { invalidValue } from '@joinery/crdt-objects'
import { type Grant, PermitsObject } from './permits-object.ts'

/** An exclusive hold takes all permits, a shared one a single one. */
const EXCLUSIVE = 2 ** 31 - 1

export type LockMode = 'exclusive' | 'shared'

/** What a lock reads as. */
export interface LockValue {
  readonly mode: LockMode | 'free'
  readonly holders: number
  readonly waiting: number
}

/**
 * A lock, exclusive or shared. A reentrant one lets a session in that holds it, whoever waits: a hold inside an exclusive
 * one takes no permit, and inner holds have the fence of the first, so that what is written under an inner one does not
 * bar what is written under the outer one after it.
 */
export class LockObject extends PermitsObject {
  readonly reentrant: boolean

  constructor(options: { readonly reentrant: boolean }) {
    super(EXCLUSIVE)
    this.reentrant = options.reentrant
  }

  lock(mode: LockMode, leaseMs: number): Grant {
    return this.acquire(permitsOf(mode), leaseMs)
  }

  tryLock(mode: LockMode, leaseMs: number): Grant | undefined {
    return this.tryAcquire(permitsOf(mode), leaseMs)
  }

  read(): LockValue {
    const mode = this.free === 0 ? 'exclusive' : this.free < this.total ? 'shared' : 'free'
    return { mode, holders: this.permits.size, waiting: this.waiting.size }
  }

  protected override admitsNow(permits: number): boolean {
    if (!this.isInside(this.caller)) return super.admitsNow(permits)
    if (permits === EXCLUSIVE && this.free > 0) {
      // It could only wait for itself.
      throw invalidValue('a shared hold does not become exclusive: release it, then acquire')
    }
    return true
  }

  protected override grant(ticket: number, permits: number, leaseMs: number): void {
    const isInsideExclusive = this.free === 0 && this.isInside(this.sessions.get(ticket)!)
    super.grant(ticket, isInsideExclusive ? 0 : permits, leaseMs)
  }

  protected override fenceOf(session: string): number {
    if (!this.isInside(session)) return super.fenceOf(session)
    return this.fences.get(this.lastBySession.get(session)!)!
  }

  /** The permits of an outer hold pass to one inside it: a session has the lock until it gave back its last hold. */
  protected override drop(ticket: number): void {
    if (this.reentrant && this.permits.get(ticket) === EXCLUSIVE) {
      const inner = this.after.get(ticket) ?? this.before.get(ticket)
      if (inner !== undefined) {
        this.permits.set(ticket, 0)
        this.permits.set(inner, EXCLUSIVE)
      }
    }
    super.drop(ticket)
  }

  /** Whether the session holds the lock, and may hold it again. */
  protected isInside(session: string): boolean {
    return this.reentrant && this.lastBySession.has(session)
  }
}

function permitsOf(mode: unknown): number {
  if (mode === 'exclusive') return EXCLUSIVE
  if (mode === 'shared') return 1
  throw invalidValue("a lock's mode is 'exclusive' or 'shared'", mode)
}
