import { invalidValue, type WaitOptions } from '@joinery/crdt-objects'
import type { StrongTarget } from '@joinery/crdt-objects/engine'
import { CallerTarget } from './caller-target.ts'
import type { SessionId } from '../host/command.ts'
import { GroupSession } from './group-session.ts'
import type { CallerOptions, CallerPorts, CallerTimes } from './ports.ts'
import { repeated } from './repeated.ts'
import { UnderWay } from './under-way.ts'

/** How long the end of a caller waits for its sessions to be closed. */
const closeMs = 1000

/** An object to be called. */
export interface CalledObject {
  readonly space: string
  readonly name: string
  readonly descriptor: string
  /** The space, by identity. */
  readonly home?: object | undefined
  /** Aborted, with the failure of later calls, when the owner closes the space. */
  readonly ended?: AbortSignal | undefined
}

/** A session, as whoever holds something under it needs to know it. */
export interface CallerSession {
  readonly id: SessionId
  /** Fires when it is lost: before the group gives to others what was held under it. */
  readonly lost: AbortSignal
}

/**
 * All strong calls of one owner, a peer or a client: its sessions, one in each group, and what is under way in them.
 *
 * A call is sent again and again under the same number until its outcome is known, so it is applied once, whichever
 * leaders and gateways come and go meanwhile. Its caller is told that it does not know the outcome only when time has
 * run out and nobody answers.
 */
export class StrongCaller {
  private readonly ports: CallerPorts
  private readonly times: CallerTimes
  private readonly sessionByGroup = new Map<number, GroupSession>()
  private readonly running = new UnderWay()
  private readonly closing = new AbortController()

  constructor(ports: CallerPorts, options: CallerOptions = {}) {
    const { leaseMs = 10_000, unreachableMs = 10_000, withdrawMs = 1000 } = options
    if (!Number.isSafeInteger(leaseMs) || leaseMs < 1000 || leaseMs > 3_600_000)
      throw invalidValue('leaseMs is an integer from 1,000 to 3,600,000', leaseMs)
    this.ports = ports
    this.times = { leaseMs, unreachableMs, withdrawMs }
  }

  /**
   * Opens an object: makes it, or finds it.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS, OBJECT_TYPE_UNKNOWN, GROUP_UNAVAILABLE, CALL_TIMEOUT
   */
  async target(object: CalledObject, options: WaitOptions = {}): Promise<StrongTarget> {
    const { space, name, descriptor, home, ended } = object
    const { ports, times } = this
    const address = await this.repeated(options, (attempt) => {
      return ports.log.openObject(space, name, descriptor, attempt)
    })
    return new CallerTarget({
      ...{ ports, times, space, name, home, ended, ...address },
      attempt: { space },
      running: this.running,
      closed: this.closing.signal,
      session: () => this.session(address.group),
      sessionLost: () => this.sessionLost(address.group),
      open: (name, descriptor, options) => {
        return this.target({ ...object, name, descriptor }, options)
      },
    })
  }

  /**
   * The session that calls to a group are made in: the one that there is, or a new one.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, CALL_TIMEOUT
   */
  async openSession(group: number, options: WaitOptions = {}): Promise<CallerSession> {
    return await this.repeated(options, async () => {
      for (;;) {
        const session = this.session(group)
        await session.ready()
        if (session.checkAlive()) return session
      }
    })
  }

  /** @throws JoineryError GROUP_UNAVAILABLE, CALL_TIMEOUT: it may have been deleted all the same */
  async delete(space: string, name: string, options: WaitOptions = {}): Promise<void> {
    await this.repeated(options, (attempt) => this.ports.log.deleteObject(space, name, attempt))
  }

  /** Ends it: what is under way fails with `failure`, and so does what comes later; its sessions are closed. */
  async close(failure: unknown): Promise<void> {
    if (this.closing.signal.aborted) return
    this.closing.abort(failure)
    this.running.stop(failure)
    await Promise.all([...this.sessionByGroup.values()].map((session) => session.close(closeMs)))
  }

  private repeated<T>(
    options: WaitOptions,
    attempt: (options: WaitOptions) => Promise<T>,
  ): Promise<T> {
    const { ports, running, closing } = this
    const { unreachableMs } = this.times
    if (closing.signal.aborted) return Promise.reject(closing.signal.reason as Error)
    return repeated({ ports, unreachableMs, options, outcome: 'unknown', running }, attempt)
  }

  /** The session of that group that calls go to: a new one when the last is lost. */
  private session(group: number): GroupSession {
    const known = this.sessionByGroup.get(group)
    if (known?.checkAlive() === true) return known
    const session = new GroupSession(group, this.ports, this.times, this.ports.newSession())
    this.sessionByGroup.set(group, session)
    return session
  }

  /** Of a lost session it goes on to be the fired one, until a call opens the next. */
  private sessionLost(group: number): AbortSignal {
    return (this.sessionByGroup.get(group) ?? this.session(group)).lost
  }
}
