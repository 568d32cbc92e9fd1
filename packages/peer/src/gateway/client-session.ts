import type { Failure } from '@joinery/client/protocol'
import type { HostedSpace } from './host.ts'

/** Failures kept in all sessions together: beyond, the oldest sessions without a connection go. */
const failuresMax = 65_536

/**
 * What the gateway remembers of one connection id across its reconnects, so that a write sent again applies once and
 * gets its first answer. Writes come numbered without gaps and answer with nothing, so one number says which are
 * applied, and only failures need keeping.
 */
export class ClientSession {
  /** The last write taken. */
  last = 0
  acknowledged = 0
  /** The first answers of failed writes that the client may not have seen. */
  readonly failures = new Map<number, Failure>()
  /** Ends the connection that this session has, when another takes it over. */
  detach: (() => void) | undefined
  /** Tells the connection that this session has of a space that has ended. */
  onSpaceEnded: ((space: string, reason: unknown) => void) | undefined
  /** The spaces that the client is in, and what ends that. */
  private readonly stayByName = new Map<string, { space: HostedSpace; exit: () => void }>()
  /**
   * Spaces that have ended while the client was in them, until it says that it has heard: what it asks of them until then
   * is not to reach another of that name.
   */
  readonly endedSpaces = new Map<string, unknown>()

  /** The spaces that the client is in. */
  get spaces(): readonly HostedSpace[] {
    return [...this.stayByName.values()].map(({ space }) => space)
  }

  /** The client is in `space` from now on; `exit` ends that. */
  enter(space: HostedSpace, exit: () => void): void {
    this.exit(space.name)
    this.stayByName.set(space.name, { space, exit })
  }

  /** The client is in it no more, or has heard that it has ended. */
  exit(space: string): void {
    this.endedSpaces.delete(space)
    this.stayByName.get(space)?.exit()
    this.stayByName.delete(space)
  }

  spaceEnded(space: string, reason: unknown): void {
    if (this.stayByName.delete(space)) this.endedSpaces.set(space, reason)
    this.onSpaceEnded?.(space, reason)
  }

  /** Nobody knows it any more. */
  end(): void {
    for (const { exit } of this.stayByName.values()) exit()
    this.stayByName.clear()
  }

  acknowledge(sequence: number): void {
    if (sequence <= this.acknowledged) return
    this.acknowledged = Math.min(sequence, this.last)
    for (const failed of this.failures.keys()) {
      if (failed > this.acknowledged) break
      this.failures.delete(failed)
    }
  }
}

/** The sessions of one gateway's life. */
export class ClientSessions {
  /** In the order in which they were last attached. */
  private readonly sessionById = new Map<string, ClientSession>()
  private readonly detachedAtMs = new Map<string, number>()
  private readonly sessionsMax: number
  private readonly sessionMs: number

  constructor(limits: { readonly sessionsMax: number; readonly sessionMs: number }) {
    this.sessionsMax = limits.sessionsMax
    this.sessionMs = limits.sessionMs
  }

  get size(): number {
    return this.sessionById.size
  }

  /** The session of `id`, and whether it was known; undefined when there is no room. */
  attach(id: string, nowMs: number): { session: ClientSession; resumed: boolean } | undefined {
    this.sweep(nowMs)
    const known = this.sessionById.get(id)
    if (known !== undefined) {
      known.detach?.()
      this.detachedAtMs.delete(id)
      return { session: known, resumed: true }
    }
    if (this.sessionById.size >= this.sessionsMax && !this.dropOldest()) return undefined
    const session = new ClientSession()
    this.sessionById.set(id, session)
    return { session, resumed: false }
  }

  /** Its connection is gone; `forget` when the client said that it will not come back. */
  detach(id: string, session: ClientSession, forget: boolean, nowMs: number): void {
    if (this.sessionById.get(id) !== session) return
    session.detach = undefined
    session.onSpaceEnded = undefined
    if (forget) this.drop(id)
    else this.detachedAtMs.set(id, nowMs)
  }

  /** Forgets sessions whose time is over, and the oldest of too many failures. */
  sweep(nowMs: number): void {
    for (const [id, atMs] of this.detachedAtMs) {
      if (nowMs - atMs < this.sessionMs) break
      this.drop(id)
    }
    let failures = 0
    for (const session of this.sessionById.values()) failures += session.failures.size
    while (failures > failuresMax) {
      const [oldest] = this.detachedAtMs.keys()
      if (oldest === undefined) return
      failures -= this.sessionById.get(oldest)?.failures.size ?? 0
      this.drop(oldest)
    }
  }

  private dropOldest(): boolean {
    const [oldest] = this.detachedAtMs.keys()
    if (oldest === undefined) return false
    this.drop(oldest)
    return true
  }

  /** A space has ended: whoever is in it is told, now or when it comes back. */
  spaceEnded(space: string, reason: unknown): void {
    for (const session of this.sessionById.values()) session.spaceEnded(space, reason)
  }

  private drop(id: string): void {
    this.sessionById.get(id)?.end()
    this.sessionById.delete(id)
    this.detachedAtMs.delete(id)
  }
}
