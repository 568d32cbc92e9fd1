import { Reader, Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'
import type { MethodMode } from '@joinery/crdt-objects/engine'
import type { ClassDefinition } from '../objects/class-definition.ts'
import { runWith } from '../objects/running.ts'
import type { StrongObject } from '../objects/strong-object.ts'
import { methodFailed } from './failures.ts'
import type { Reads } from './fields/change-record.ts'
import type { HostedInstance } from './fields/hosted-instance.ts'
import { checkPrimitive, copyValue, isPrimitive } from './fields/plain-value.ts'
import type { HostEnvironment, HostedObject } from './hosted-object.ts'
import type { ObjectCall, Result, Scheduled } from './object-call.ts'
import { ObjectRun, isParking } from './object-run.ts'
import type { RunRights } from './object-run.ts'
import { ParkedCalls } from './parked-calls.ts'
import type { ParkedCall } from './parked-calls.ts'

const ANSWER_BYTES_MAX = 1024 * 1024
const NOTHING_READ: Reads = { slots: [], contents: [], keys: [] }

const CALL: RunRights = { canWait: true, isCommand: true }
const COMMAND: RunRights = { canWait: false, isCommand: true }
const READ: RunRights = { canWait: false, isCommand: false }

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>
type Hooks = Readonly<
  Partial<Record<'sessionEnded' | 'callWithdrawn', (argument: unknown) => void>>
>

/** An object of a class, hosted: its fields behind a recorder, its parked calls, what it scheduled. */
export class ClassObject implements HostedObject {
  readonly definition: ClassDefinition
  readonly parked = new ParkedCalls()
  /** Its fields were made from those of an older version. */
  isMigrated = false
  private readonly environment: HostEnvironment
  private readonly hosted: HostedInstance
  private readonly runHost: ConstructorParameters<typeof ObjectRun>[0]
  private scheduled: Scheduled[] = []
  private isChanged = false

  constructor(definition: ClassDefinition, hosted: HostedInstance, environment: HostEnvironment) {
    this.definition = definition
    this.hosted = hosted
    this.environment = environment
    this.runHost = { environment, recorder: hosted.recorder, methods: definition.scheduled }
  }

  /** The class's name, as its users know it. */
  get typeName(): string {
    return this.definition.name.replace(/^object:/, '')
  }

  get hasSessionHook(): boolean {
    return (this.hosted.instance as unknown as Hooks).sessionEnded !== undefined
  }

  modeOf(path: readonly string[], method: string): MethodMode | undefined {
    return path.length === 0 ? this.definition.methods.get(method) : undefined
  }

  read(_path: readonly string[], method: string, args: readonly unknown[]): unknown {
    const { recorder } = this.hosted
    const run = new ObjectRun(this.runHost, READ, '', [])
    recorder.begin('read')
    try {
      const value = this.settledValue(method, this.invoke(run, method, args))
      if (recorder.hasWritten) {
        throw methodFailed(
          this.typeName,
          method,
          'a method that is named in `reads` changes nothing',
        )
      }
      return value
    } finally {
      recorder.rollback()
    }
  }

  /** A call that cannot wait. */
  call(_path: readonly string[], method: string, args: readonly unknown[]): unknown {
    const run = new ObjectRun(this.runHost, COMMAND, this.environment.caller, [])
    return this.command(run, method, () => this.invoke(run, method, args))
  }

  /** Carries out a call, or parks it. What it throws has changed nothing. */
  start(call: ObjectCall): Result | ParkedCall {
    const run = new ObjectRun(this.runHost, CALL, call.session, call.kept)
    return this.attempt(run, call) ?? this.parked.add({ ...call, kept: run.kept }, this.reads)
  }

  private reads = NOTHING_READ

  /** Runs what a change may have let go on, the first to arrive first, until nothing more moves. */
  settle(release: (call: ObjectCall, result: Result) => void): void {
    for (;;) {
      const parked = this.parked.nextReady()
      if (parked === undefined) return
      const { call } = parked
      const run = new ObjectRun(this.runHost, CALL, call.session, call.kept)
      const result = this.attempt(run, call)
      if (result === undefined) {
        call.kept.splice(0, call.kept.length, ...run.kept)
        this.parked.park(parked, this.reads)
      } else {
        this.parked.remove(parked)
        release(call, result)
      }
    }
  }

  /** Gives a parked call up. */
  withdraw(parked: ParkedCall): void {
    this.parked.remove(parked)
    const { method, args, session, kept } = parked.call
    const given = { method, args, session, kept }
    this.runHook('callWithdrawn', copyValue(given))
  }

  /** Drops all parked calls as they are: the object is at its end. */
  abandon(): ObjectCall[] {
    const calls = [...this.parked.all()]
    for (const parked of calls) this.parked.remove(parked)
    return calls.map(({ call }) => call)
  }

  /** A call that was parked when the state was kept. Fields of another version have other numbers: it reads them all. */
  restoreParked(call: ObjectCall, reads: Reads): void {
    const count = this.hosted.fields.length
    const fields = [...reads.slots, ...reads.contents, ...reads.keys.map(({ field }) => field)]
    if (this.isMigrated) this.parked.add(call, this.allRead())
    else if (fields.some((field) => field >= count)) throw new Error('fields of a parked call')
    else this.parked.add(call, reads)
  }

  /** Takes over the parked calls of the object that this one is made from: each runs again, by the fields of now. */
  inherit(former: ClassObject): void {
    for (const call of former.abandon()) this.parked.add(call, this.allRead())
    this.parked.wake(this.allRead())
  }

  private allRead(): Reads {
    const fields = this.hosted.fields.map((_, field) => field)
    return { slots: fields, contents: fields, keys: [] }
  }

  sessionEnded(session: string): void {
    this.runHook('sessionEnded', session)
  }

  /** Runs what it had scheduled. A failure is nobody's: it changed nothing. */
  runScheduled(method: string, args: readonly unknown[]): void {
    const run = new ObjectRun(this.runHost, COMMAND, '', [])
    try {
      this.command(run, method, () => this.invoke(run, method, args))
    } catch {
      // Every replica goes on without it.
    }
  }

  takeScheduled(): readonly Scheduled[] {
    const { scheduled } = this
    if (scheduled.length > 0) this.scheduled = []
    return scheduled
  }

  /** Whether anything changed since it was last asked. */
  takeChanged(): boolean {
    const { isChanged } = this
    this.isChanged = false
    return isChanged
  }

  encodeState(): Uint8Array {
    const { fields, recorder } = this.hosted
    const writer = new Writer(256)
    writer.varint(this.definition.version)
    writer.varint(fields.length)
    for (const [number, field] of fields.entries()) {
      writer.text(field)
      encodeValue(writer, recorder.cells[number])
    }
    return writer.finish()
  }

  private runHook(hook: 'sessionEnded' | 'callWithdrawn', argument: unknown): void {
    const hooks = this.hosted.instance as unknown as Hooks
    if (hooks[hook] === undefined) return
    const run = new ObjectRun(this.runHost, COMMAND, '', [])
    try {
      this.command(run, hook, () => runWith(run, () => hooks[hook]?.(argument)))
    } catch {
      // As of what was scheduled.
    }
  }

  /** One run of a call. Undefined: it parked, and `reads` says what it read. */
  private attempt(run: ObjectRun, { method, args }: ObjectCall): Result | undefined {
    try {
      return {
        kind: 'done',
        value: this.command(run, method, () => this.invoke(run, method, args)),
      }
    } catch (error) {
      return isParking(error) ? undefined : { kind: 'failed', error }
    }
  }

  /** Runs work that may change the fields: all of it, or nothing. */
  private command(run: ObjectRun, method: string, work: () => unknown): unknown {
    const { recorder } = this.hosted
    recorder.begin('write')
    try {
      const value = this.settledValue(method, work())
      if (run.isParked)
        throw methodFailed(this.typeName, method, 'it caught what `waitUntil` threw')
      this.commit(run)
      return value
    } catch (error) {
      if (!isParking(error)) {
        recorder.rollback()
        throw error
      }
      this.park(run)
      throw error
    }
  }

  /** What `once` did stays. */
  private park(run: ObjectRun): void {
    this.reads = this.hosted.recorder.reads()
    try {
      this.commit(run)
    } catch (error) {
      this.hosted.recorder.rollback()
      throw error
    }
  }

  private commit(run: ObjectRun): void {
    const changes = this.hosted.recorder.commit()
    if (run.scheduled !== undefined) this.scheduled.push(...run.scheduled)
    if (changes === undefined) return
    this.isChanged = true
    if (this.parked.size > 0) this.parked.wake(changes)
  }

  private invoke(run: ObjectRun, method: string, args: readonly unknown[]): unknown {
    const methods = this.hosted.instance as StrongObject & Methods
    const given = args.every(isPrimitive) ? args : (copyValue(args) as unknown[])
    return runWith(run, () => methods[method]!(...given))
  }

  /** What a method gave, as a value that shares nothing with the state. */
  private settledValue(method: string, given: unknown): unknown {
    try {
      if (isPrimitive(given)) {
        checkPrimitive(given)
        return given
      }
      if (typeof (given as { readonly then?: unknown }).then !== 'function') return valueOf(given)
    } catch (error) {
      const why = error instanceof Error ? error.message : 'no value'
      throw methodFailed(this.typeName, method, `it gave what cannot be shared: ${why}`)
    }
    const why = 'methods are synchronous, and this one gave a promise'
    throw methodFailed(this.typeName, method, why)
  }
}

/** One for all answers: they are read back before the next is written. */
const answerWriter = new Writer(1024, ANSWER_BYTES_MAX)

/** The value as whoever asked would read it. */
function valueOf(given: unknown): unknown {
  answerWriter.reset()
  encodeValue(answerWriter, given)
  return decodeValue(new Reader(answerWriter.written()))
}
