import { JoineryError, invalidValue, isJoineryError } from '@joinery/crdt-objects'
import { groupBusy, objectNotDeterministic, objectUnknown, sessionExpired } from '../errors.ts'
import {
  classText,
  decodeClassDescriptor,
  descriptorName,
  encodeClassDescriptor,
} from '../objects/class-descriptor.ts'
import { AgreedEnvironment } from './agreed-environment.ts'
import { classType, typeUnknown } from './class-type.ts'
import { decodeBatch } from './command-codec.ts'
import type { Command, CommandBatch, Query } from './command.ts'
import { methodFailure } from './failures.ts'
import { GroupCalls } from './group-calls.ts'
import type { Progress } from './group-calls.ts'
import { decodeTables, encodeEntry, encodeTables } from './group-snapshot.ts'
import { GroupTables } from './group-tables.ts'
import { HostedEntry } from './hosted-entry.ts'
import type { HostedObject, HostedType } from './hosted-object.ts'
import type { Applied, Outcome, Parked } from './outcome.ts'
import { Session } from './session.ts'
import { hashBytes } from './state-hash.ts'
import type { StateMachine } from './state-machine.ts'

const SESSIONS_MAX = 100_000
const OBJECTS_MAX = 1_000_000
const LEASE_MS_MIN = 1_000
const LEASE_MS_MAX = 3_600_000
const NAME_LENGTH_MAX = 4096
/** More timers than these wait for the next entry: one entry must not hold up all else. */
const TIMERS_PER_ENTRY = 10_000

/** A hosted object, and at which position it changed last. */
export type HostedHere = Pick<HostedEntry, 'number' | 'hosted' | 'changedAt'>

type OpenObject = Extract<Command, { kind: 'open-object' }>
type OpenSession = Extract<Command, { kind: 'open-session' }>

/**
 * The state of one group: sessions, objects, parked calls, timers, agreed time.
 *
 * It is a function of the entries that it was given, in their order. Nothing that a caller can send makes it throw.
 */
export class GroupState implements StateMachine {
  private readonly types: readonly HostedType[]
  private tables: GroupTables
  private calls: GroupCalls
  private readonly dirty = new Set<number>()
  /** Entries whose data was no batch. */
  ignored = 0

  constructor(types: readonly HostedType[] = [classType]) {
    this.types = types
    this.tables = new GroupTables(new AgreedEnvironment())
    this.calls = new GroupCalls(this.tables)
  }

  get position(): number {
    return this.tables.environment.position
  }

  get nowMs(): number {
    return this.tables.environment.nowMs
  }

  get nextDueMs(): number | undefined {
    return this.tables.timers.nextDueMs
  }

  /** Loads what objects are made with: to be awaited before anything is applied or restored that may need it. */
  // eslint-disable-next-line no-restricted-syntax -- waited for before the first entry, by whoever drives
  prepare(): Promise<unknown> {
    return Promise.all(this.types.flatMap((type) => type.prepare?.() ?? []))
  }

  get sessionCount(): number {
    return this.tables.sessions.size
  }

  /** Calls that wait within objects. */
  get parkedCount(): number {
    let count = 0
    for (const { live } of this.tables.objects.values()) count += live?.parked.size ?? 0
    return count
  }

  /** The objects of a space. */
  objectsOf(space: string): readonly { readonly name: string; readonly descriptor: string }[] {
    return this.tables.ofSpace(space).map(({ name, descriptor }) => ({ name, descriptor }))
  }

  /** The object `name` of a space, to be looked at. */
  hosted(space: string, name: string): HostedHere | undefined {
    return this.tables.find(space, name)
  }

  /** Whether objects of that descriptor can be hosted here: to be asked before the command is proposed. */
  canHost(descriptor: string): boolean {
    return this.typeOf(descriptor) !== undefined
  }

  apply(data: Uint8Array): Applied {
    const batch = this.decode(data)
    const progress: Progress = { released: [], changed: new Set() }
    const outcomes: (Outcome | Parked)[] = []
    if (batch !== undefined) {
      const { environment } = this.tables
      this.calls.begin(progress)
      environment.nowMs = Math.max(environment.nowMs, batch.timeMs)
      this.runTimers(batch.seed)
      for (const command of batch.commands) {
        environment.position += 1
        environment.begin(batch.seed, command.kind === 'call' ? command.session : '')
        outcomes.push(this.execute(command))
      }
    }
    for (const number of progress.changed) this.dirty.add(number)
    return { outcomes, released: progress.released, changed: [...progress.changed] }
  }

  private decode(data: Uint8Array): CommandBatch | undefined {
    try {
      return decodeBatch(data)
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.ignored += 1
      return undefined
    }
  }

  private runTimers(seed: number): void {
    const { timers, environment, objects } = this.tables
    // What they schedule in their turn is due later: each delay is 1 ms or more.
    for (let left = TIMERS_PER_ENTRY; left > 0; left--) {
      const timer = timers.takeDue(environment.nowMs)
      if (timer === undefined) return
      const entry = objects.get(timer.object)
      if (entry?.live === undefined) continue
      environment.position += 1
      environment.begin(seed, '')
      entry.live.runScheduled(timer.method, timer.args)
      this.calls.settle(entry)
    }
  }

  private execute(command: Command): Outcome | Parked {
    switch (command.kind) {
      case 'call':
        return this.calls.call(command)
      case 'open-session':
        return this.openSession(command)
      case 'end-sessions':
        this.calls.endSessions(command.sessions)
        return this.done()
      case 'open-object':
        return this.openObject(command)
      case 'delete-object': {
        const entry = this.tables.find(command.space, command.name)
        if (entry !== undefined) this.delete(entry)
        return this.done()
      }
      case 'end-space':
        for (const entry of this.tables.ofSpace(command.space)) this.delete(entry)
        return this.done()
      case 'withdraw':
        return this.calls.withdraw(command.session, command.sequence)
      case 'quarantine':
        this.quarantine(command.object)
        return this.done()
    }
  }

  private done(value?: unknown): Outcome {
    return { kind: 'done', position: this.position, value }
  }

  private openSession({ session, leaseMs }: OpenSession): Outcome {
    const { sessions } = this.tables
    if (leaseMs < LEASE_MS_MIN || leaseMs > LEASE_MS_MAX) {
      const range = `a session's lease is from ${LEASE_MS_MIN} to ${LEASE_MS_MAX} ms`
      return this.calls.failed(invalidValue(range, leaseMs))
    }
    if (sessions.has(session)) return this.done()
    if (this.tables.endedSessions.has(session, this.nowMs)) {
      return this.calls.failed(sessionExpired(session, 'not-applied'))
    }
    if (sessions.size >= SESSIONS_MAX) {
      return this.calls.failed(groupBusy(`the group has ${SESSIONS_MAX} sessions`))
    }
    sessions.set(session, new Session(session, leaseMs))
    return this.done()
  }

  private openObject(command: OpenObject): Outcome {
    const { space, name, descriptor } = command
    const found = this.tables.find(space, name)
    if (found !== undefined) return this.reopen(found, command)
    const { objects } = this.tables
    if (objects.size >= OBJECTS_MAX) {
      return this.calls.failed(groupBusy(`the group has ${OBJECTS_MAX} objects`))
    }
    if (space.length > NAME_LENGTH_MAX || name.length > NAME_LENGTH_MAX) {
      return this.calls.failed(invalidValue('names of objects and spaces are short', name.length))
    }
    const hosted = this.make(descriptor, (type) => type.create(descriptor, this.tables.environment))
    if ('kind' in hosted) return hosted
    const number = this.tables.nextObject++
    const entry = new HostedEntry({ number, space, name }, descriptor, hosted, this.position)
    this.tables.add(entry)
    this.calls.noteChange(entry)
    return this.done(number)
  }

  /** An object that is there: of this descriptor, or of an older version of the same class, which is brought up to it. */
  private reopen(entry: HostedEntry, { descriptor }: OpenObject): Outcome {
    if (entry.descriptor === descriptor) return this.done(entry.number)
    const { live } = entry
    if (live === undefined || !isUpgrade(entry.descriptor, descriptor)) {
      return this.calls.failed(schemaDiffers(entry, descriptor))
    }
    const { environment } = this.tables
    const upgraded = this.make(descriptor, (type) =>
      type.restore(descriptor, live.encodeState(), environment),
    )
    if ('kind' in upgraded) return upgraded
    entry.descriptor = descriptor
    entry.hosted = upgraded
    entry.live?.inherit(live)
    this.calls.noteChange(entry)
    this.calls.settle(entry)
    return this.done(entry.number)
  }

  private make(
    descriptor: string,
    make: (type: HostedType) => HostedObject,
  ): HostedObject | Outcome {
    const type = this.typeOf(descriptor)
    const name = descriptorName(descriptor) ?? 'nothing'
    if (type === undefined) return this.calls.failed(typeUnknown(name))
    try {
      return make(type)
    } catch (error) {
      const failure = methodFailure(name.replace(/^object:/, ''), 'constructor', error)
      return { kind: 'failed', position: this.position, failure }
    }
  }

  private typeOf(descriptor: string): HostedType | undefined {
    const name = descriptorName(descriptor)
    return name === undefined ? undefined : this.types.find((type) => type.serves(name))
  }

  private delete(entry: HostedEntry): void {
    const { space, name } = entry
    this.calls.abandon(entry, objectUnknown({ space, name }))
    this.tables.remove(entry)
    // Whoever watches it is told that it is gone.
    this.calls.noteChange(entry)
  }

  private quarantine(number: number): void {
    const entry = this.tables.objects.get(number)
    if (entry === undefined || entry.isQuarantined) return
    entry.isQuarantined = true
    this.calls.abandon(entry, objectNotDeterministic(entry.name))
    this.tables.timers.drop(number)
    this.calls.noteChange(entry)
  }

  read(query: Query): Outcome {
    return this.calls.read(query)
  }

  changedAt(object: number): number | undefined {
    return this.tables.objects.get(object)?.changedAt
  }

  *sessions(): Iterable<readonly [session: string, leaseMs: number]> {
    for (const { id, leaseMs } of this.tables.sessions.values()) yield [id, leaseMs]
  }

  snapshot(): Uint8Array {
    return encodeTables(this.tables)
  }

  restore(snapshot: Uint8Array): void {
    const environment = new AgreedEnvironment()
    this.tables = decodeTables(snapshot, environment, (descriptor, state) => {
      const type = this.typeOf(descriptor)
      if (type === undefined) throw typeUnknown(descriptorName(descriptor) ?? 'nothing')
      return type.restore(descriptor, state, environment)
    })
    this.calls = new GroupCalls(this.tables)
    this.dirty.clear()
  }

  takeHashes(): ReadonlyMap<number, bigint> {
    const hashes = new Map<number, bigint>()
    for (const number of this.dirty) {
      const entry = this.tables.objects.get(number)
      if (entry !== undefined) hashes.set(number, hashBytes(encodeEntry(entry)))
    }
    this.dirty.clear()
    return hashes
  }
}

/** Whether it is the same class with the same arguments, in a later version. */
function isUpgrade(from: string, to: string): boolean {
  try {
    const [old, next] = [decodeClassDescriptor(from), decodeClassDescriptor(to)]
    return (
      next.version > old.version && encodeClassDescriptor({ ...old, version: next.version }) === to
    )
  } catch {
    return false
  }
}

function schemaDiffers(
  entry: HostedEntry,
  descriptor: string,
): JoineryError<'OBJECT_SCHEMA_DIFFERS'> {
  const { name, descriptor: found } = entry
  return new JoineryError(
    'OBJECT_SCHEMA_DIFFERS',
    `the object ${name} is ${classText(found)}, and not ${classText(descriptor)}: open it as what it is, or use another name`,
    { name, expected: descriptor, found, path: [] },
  )
}
