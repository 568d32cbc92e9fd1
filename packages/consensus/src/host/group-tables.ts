import type { AgreedEnvironment } from './agreed-environment.ts'
import type { ObjectNumber, SessionId } from './command.ts'
import { EndedSessions } from './ended-sessions.ts'
import type { HostedEntry } from './hosted-entry.ts'
import type { Session } from './session.ts'
import { TimerQueue } from './timer-queue.ts'

/** All that a group has agreed on. */
export class GroupTables {
  readonly environment: AgreedEnvironment
  readonly sessions = new Map<SessionId, Session>()
  endedSessions = new EndedSessions()
  /** Invariant: in ascending order of their numbers. */
  readonly objects = new Map<ObjectNumber, HostedEntry>()
  readonly timers = new TimerQueue()
  /** Numbers that are given once: of objects, parked calls and timers. */
  nextObject = 1
  nextArrival = 1
  nextTimer = 1
  private readonly bySpace = new Map<string, Map<string, HostedEntry>>()

  constructor(environment: AgreedEnvironment) {
    this.environment = environment
  }

  find(space: string, name: string): HostedEntry | undefined {
    return this.bySpace.get(space)?.get(name)
  }

  /** The objects of a space, by name. */
  ofSpace(space: string): readonly HostedEntry[] {
    return [...(this.bySpace.get(space)?.values() ?? [])]
  }

  add(entry: HostedEntry): void {
    this.objects.set(entry.number, entry)
    let byName = this.bySpace.get(entry.space)
    if (byName === undefined)
      this.bySpace.set(entry.space, (byName = new Map<string, HostedEntry>()))
    byName.set(entry.name, entry)
  }

  remove(entry: HostedEntry): void {
    this.objects.delete(entry.number)
    const byName = this.bySpace.get(entry.space)
    byName?.delete(entry.name)
    if (byName?.size === 0) this.bySpace.delete(entry.space)
    for (const session of entry.callers) session.objects.delete(entry.number)
    this.timers.drop(entry.number)
  }

  /** The object is told when the session ends. */
  meet(session: Session, entry: HostedEntry): void {
    session.objects.add(entry.number)
    entry.callers.add(session)
  }
}
