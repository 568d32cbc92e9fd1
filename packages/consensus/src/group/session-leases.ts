import type { SessionId } from '../host/command.ts'

interface Lease {
  readonly leaseMs: number
  endsMs: number
}

/**
 * The leases of a leader, in its memory: renewals do not go through the log. Whoever begins to lead starts all of them
 * anew, so a change of leaders only ever makes a session live longer.
 *
 * Times are those of an `AwakeClock`.
 */
export class SessionLeases {
  readonly #leases = new Map<SessionId, Lease>()
  /** Invariant: no lease ends before it, so nothing need be looked at until then. */
  #earliestMs = Infinity

  get count(): number {
    return this.#leases.size
  }

  startAll(
    sessions: Iterable<readonly [session: SessionId, leaseMs: number]>,
    nowMs: number,
  ): void {
    this.clear()
    for (const [session, leaseMs] of sessions) this.start(session, leaseMs, nowMs)
  }

  start(session: SessionId, leaseMs: number, nowMs: number): void {
    this.#leases.set(session, { leaseMs, endsMs: nowMs + leaseMs })
    this.#earliestMs = Math.min(this.#earliestMs, nowMs + leaseMs)
  }

  /** Answers whether there is such a session. */
  renew(session: SessionId, nowMs: number): boolean {
    const lease = this.#leases.get(session)
    if (lease === undefined) return false
    lease.endsMs = nowMs + lease.leaseMs
    return true
  }

  /** How long ago it was begun or last renewed. */
  silentMs(session: SessionId, nowMs: number): number | undefined {
    const lease = this.#leases.get(session)
    return lease && nowMs - (lease.endsMs - lease.leaseMs)
  }

  end(session: SessionId): void {
    this.#leases.delete(session)
  }

  clear(): void {
    this.#leases.clear()
    this.#earliestMs = Infinity
  }

  /** Takes out what has run out, up to `countMax`: those are renewed no more. */
  takeExpired(nowMs: number, countMax: number): SessionId[] {
    const expired: SessionId[] = []
    if (nowMs < this.#earliestMs) return expired
    let earliestMs = Infinity
    for (const [session, { endsMs }] of this.#leases) {
      if (endsMs <= nowMs && expired.length < countMax) {
        expired.push(session)
        this.#leases.delete(session)
      } else earliestMs = Math.min(earliestMs, endsMs)
    }
    this.#earliestMs = earliestMs
    return expired
  }
}
