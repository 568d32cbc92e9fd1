import { type JoineryError, invalidValue, isJoineryError } from '@joinery/crdt-objects'
import { Reader, VersionVector } from '@joinery/crdt-objects/engine'
import { groupBusy, objectNotDeterministic, objectUnknown, sessionExpired } from '../errors.ts'
import { descriptorName } from '../objects/class-descriptor.ts'
import type { CallCommand, Query, SessionId } from './command.ts'
import { failureOf, methodFailure } from './failures.ts'
import type { GroupTables } from './group-tables.ts'
import type { HostedEntry } from './hosted-entry.ts'
import type { ObjectCall, Result } from './object-call.ts'
import type { Outcome, Parked, Released } from './outcome.ts'
import type { Session } from './session.ts'

const PARKED: Parked = Object.freeze({ kind: 'parked' })
const PARKED_MAX = 100_000

/** What an entry has done so far. */
export interface Progress {
  readonly released: Released[]
  /** Numbers of the objects that changed. */
  readonly changed: Set<number>
}

/** Calls and what becomes of them: each applied once, however often it comes. */
export class GroupCalls {
  private readonly tables: GroupTables
  private progress: Progress = { released: [], changed: new Set() }

  constructor(tables: GroupTables) {
    this.tables = tables
  }

  /** Begins an entry. */
  begin(progress: Progress): void {
    this.progress = progress
  }

  call(command: CallCommand): Outcome | Parked {
    const { sequence } = command
    const session = this.tables.sessions.get(command.session)
    if (session === undefined) return this.failed(sessionExpired(command.session, 'unknown'))
    session.acknowledge(command.acknowledged, command.answered)
    const known = this.known(session, sequence)
    if (known !== undefined) return known
    if (session.isFull) return this.failed(groupBusy('the session has too many calls under way'))
    const entry = this.tables.objects.get(command.object)
    const outcome =
      entry === undefined ? this.unknownObject(command) : this.run(session, entry, command)
    if (outcome.kind === 'parked') return outcome
    if (isBusy(outcome)) return outcome
    session.keep(sequence, outcome)
    return outcome
  }

  /** What is known of a call that came before. */
  private known(session: Session, sequence: number): Outcome | Parked | undefined {
    if (session.parked.has(sequence)) return PARKED
    const reply = session.replies.get(sequence)
    if (reply !== undefined) return reply
    return session.isStale(sequence)
      ? this.failed(sessionExpired(session.id, 'unknown'))
      : undefined
  }

  private run(session: Session, entry: HostedEntry, command: CallCommand): Outcome | Parked {
    const problem = this.join(entry, command.vector) ?? this.refusal(entry, command)
    if (problem !== undefined) return this.failed(problem, entry)
    const { path, method, args } = command
    if (entry.hosted.modeOf(path, method) === 'read') return this.answer(entry, command)
    const { live } = entry
    if (live === undefined) {
      if (entry.hosted.sessionEnded !== undefined) this.tables.meet(session, entry)
      const result = attempt(() => entry.hosted.call(path, method, args))
      if (result.kind === 'done') this.noteChange(entry)
      return this.outcome(entry, method, result)
    }
    if (live.parked.size >= PARKED_MAX)
      return this.failed(groupBusy('too many calls wait for the object'))
    if (live.hasSessionHook) this.tables.meet(session, entry)
    const arrival = this.tables.nextArrival++
    const { sequence } = command
    const call: ObjectCall = { arrival, session: session.id, sequence, method, args, kept: [] }
    const result = live.start(call)
    if (!('kind' in result)) session.parked.set(sequence, { object: entry.number, parked: result })
    const outcome = 'kind' in result ? this.outcome(entry, method, result) : PARKED
    this.settle(entry)
    return outcome
  }

  /** Answers a read from the state as it is. */
  read(query: Query): Outcome {
    const entry = this.tables.objects.get(query.object)
    if (entry === undefined) return this.unknownObject(query)
    const problem = this.refusal(entry, query)
    if (problem !== undefined) return this.failed(problem, entry)
    if (entry.hosted.modeOf(query.path, query.method) === 'command') {
      return this.failed(invalidValue('it is a command, and no read', query.method), entry)
    }
    return this.answer(entry, query)
  }

  private answer(entry: HostedEntry, { path, method, args }: Query): Outcome {
    return this.outcome(
      entry,
      method,
      attempt(() => entry.hosted.read(path, method, args)),
    )
  }

  private refusal(entry: HostedEntry, { path, method }: Query): JoineryError | undefined {
    if (entry.isQuarantined) return objectNotDeterministic(entry.name)
    if (entry.hosted.modeOf(path, method) !== undefined) return undefined
    const methods = [...(entry.live?.definition.methods.keys() ?? [])].join(', ')
    const place = path.length === 0 ? 'the object' : `the place ${path.join('/')} in it`
    return invalidValue(
      methods === ''
        ? `${place} has no method of this name`
        : `${place} has the methods ${methods}`,
      method,
    )
  }

  private join(entry: HostedEntry, vector: Uint8Array | undefined): JoineryError | undefined {
    if (vector === undefined) return undefined
    try {
      const reader = new Reader(vector)
      const decoded = VersionVector.decode(reader)
      reader.end()
      entry.join(decoded)
      return undefined
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      return invalidValue('a call carries an encoded version vector')
    }
  }

  /** Ends a parked call, or one that is not known yet. */
  withdraw(id: SessionId, sequence: number): Outcome {
    const session = this.tables.sessions.get(id)
    if (session === undefined) return this.failed(sessionExpired(id, 'unknown'))
    const at = session.parked.get(sequence)
    if (at === undefined) {
      const known = this.known(session, sequence)
      if (known !== undefined && known.kind !== 'parked') return known
      if (session.isFull) return this.failed(groupBusy('the session has too many calls under way'))
    }
    const outcome: Outcome = { kind: 'withdrawn', position: this.position }
    if (at !== undefined) {
      const entry = this.tables.objects.get(at.object)
      entry?.live?.withdraw(at.parked)
      this.finish(at.parked.call, outcome)
      if (entry !== undefined) this.settle(entry)
    } else session.keep(sequence, outcome)
    return outcome
  }

  /** Ends sessions: first what waits in all of them, so that nothing is given to one that ends as well. */
  endSessions(ids: readonly SessionId[]): void {
    const ended: Session[] = []
    for (const id of new Set(ids)) {
      // Of one that is not known, too: the request to open it may be on its way.
      this.tables.endedSessions.add(id, this.tables.environment.nowMs)
      const session = this.tables.sessions.get(id)
      if (session === undefined) continue
      this.tables.sessions.delete(id)
      ended.push(session)
    }
    const touched = new Set<HostedEntry>()
    for (const session of ended) this.withdrawAll(session, touched)
    for (const session of ended) this.tellEnd(session, touched)
    for (const entry of [...touched].sort((a, b) => a.number - b.number)) this.settle(entry)
  }

  private withdrawAll(session: Session, touched: Set<HostedEntry>): void {
    for (const { object, parked } of session.parked.values()) {
      const entry = this.tables.objects.get(object)
      if (entry === undefined) continue
      touched.add(entry)
      entry.live?.withdraw(parked)
      const outcome = this.failed(sessionExpired(session.id, 'not-applied'))
      this.progress.released.push({ session: session.id, sequence: parked.call.sequence, outcome })
    }
  }

  private tellEnd(session: Session, touched: Set<HostedEntry>): void {
    for (const number of [...session.objects].sort((a, b) => a - b)) {
      const entry = this.tables.objects.get(number)
      if (entry === undefined) continue
      entry.callers.delete(session)
      touched.add(entry)
      if (entry.isQuarantined) continue
      entry.hosted.sessionEnded?.(session.id)
      // An object of a class says itself whether it has changed.
      if (entry.live === undefined) this.noteChange(entry)
    }
  }

  /** Ends all calls that wait for an object, with this failure. */
  abandon(entry: HostedEntry, error: JoineryError): void {
    for (const call of entry.live?.abandon() ?? []) this.finish(call, this.failed(error))
  }

  /** After anything that may have changed an object: who can go on does, and what it scheduled is noted. */
  settle(entry: HostedEntry): void {
    const { live } = entry
    if (live === undefined) return
    live.settle((call, result) => this.finish(call, this.outcome(entry, call.method, result)))
    const { timers, environment } = this.tables
    for (const { delayMs, method, args } of live.takeScheduled()) {
      const dueMs = environment.nowMs + delayMs
      timers.add({ dueMs, number: this.tables.nextTimer++, object: entry.number, method, args })
    }
    if (live.takeChanged()) this.noteChange(entry)
  }

  noteChange(entry: HostedEntry): void {
    entry.changedAt = this.position
    this.progress.changed.add(entry.number)
  }

  /** A parked call has its outcome. What a session that has ended waited for is nobody's. */
  private finish({ session: id, sequence }: ObjectCall, outcome: Outcome): void {
    const session = this.tables.sessions.get(id)
    if (session === undefined) return
    session.parked.delete(sequence)
    session.keep(sequence, outcome)
    this.progress.released.push({ session: id, sequence, outcome })
  }

  private outcome(entry: HostedEntry, method: string, result: Result): Outcome {
    const { position } = this
    const vector = entry.vectorBytes
    if (result.kind === 'done') {
      const { value } = result
      return vector === undefined
        ? { kind: 'done', position, value }
        : { kind: 'done', position, value, vector }
    }
    const failure = methodFailure(typeName(entry), method, result.error)
    return vector === undefined
      ? { kind: 'failed', position, failure }
      : { kind: 'failed', position, failure, vector }
  }

  failed(error: JoineryError, entry?: HostedEntry): Outcome {
    const { position } = this
    const vector = entry?.vectorBytes
    const failure = failureOf(error)
    return vector === undefined
      ? { kind: 'failed', position, failure }
      : { kind: 'failed', position, failure, vector }
  }

  private unknownObject({ object }: Query): Outcome {
    return this.failed(objectUnknown({ object }))
  }

  private get position(): number {
    return this.tables.environment.position
  }
}

function isBusy(outcome: Outcome): boolean {
  return outcome.kind === 'failed' && outcome.failure.code === 'GROUP_BUSY'
}

/** What a class is called by its users. */
export function typeName(entry: HostedEntry): string {
  return entry.live?.typeName ?? descriptorName(entry.descriptor) ?? 'object'
}

function attempt(work: () => unknown): Result {
  try {
    return { kind: 'done', value: work() }
  } catch (error) {
    return { kind: 'failed', error }
  }
}
