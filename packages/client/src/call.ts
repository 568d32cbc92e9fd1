import type { Writer } from '@joinery/crdt-objects/engine'
import type { Outcome, WaitOptions } from '@joinery/crdt-objects'
import { encodeRequest, type InspectSubject, type Outgoing } from './protocol/request.ts'
import type { OutgoingStrong } from './protocol/strong.ts'
import type { ObjectRecord, Target } from './object-record.ts'

/** How long a call must have waited before its time limit says anything about the connection. */
const silenceMs = 2000
/** How long a write without an answer waits for its gateway to come back, before its outcome is unknown. */
const resumeMs = 2000
/** How much longer a flush waits, for the gateway to say how far it came in the time that it was given. */
const flushGraceMs = 1000

/** What a call needs of the session to put itself on the wire. */
export interface Transmitter {
  readonly writer: Writer
  /** The number of a place on the current connection; sends its definition when the gateway has none yet. */
  numberOf(target: Target): number
  /** Sends the opening of an object that the current connection has not seen. */
  introduce(object: ObjectRecord): void
  /** Sends what is written so far if it is much: what follows then fits the same frame. */
  makeRoom(): void
}

/** One call that waits for its answer. */
export abstract class Call {
  /** When to give up, on the clock of `performance.now()`. */
  readonly deadlineMs: number
  readonly timeoutMs: number
  /** On the wire at least once: only then can it have been applied. */
  sent = false
  settled = false
  private readonly signal: AbortSignal | undefined
  private readonly onAbort: (() => void) | undefined
  private readonly resolveWith: (value: unknown) => void
  private readonly rejectWith: (error: unknown) => void

  constructor(settle: Settle, options: WaitOptions, timeoutMs: number, nowMs: number) {
    this.resolveWith = settle.resolve
    this.rejectWith = settle.reject
    this.timeoutMs = timeoutMs
    this.deadlineMs = nowMs + timeoutMs
    this.signal = options.signal
    if (options.signal !== undefined) {
      this.onAbort = () => settle.onAbort(this, options.signal?.reason)
      options.signal.addEventListener('abort', this.onAbort, { once: true })
    }
  }

  /** How much longer it waits for a gateway that is there, and keeps to the time limit itself. */
  get graceMs(): number {
    return 0
  }

  /** One of several attempts: whoever makes it would rather try again than wait for a gateway that is lost. */
  get isAttempt(): boolean {
    return false
  }

  /** What a failure now would leave behind. */
  get outcome(): Outcome {
    return 'not-applied'
  }

  /** Whether it goes on although its space has ended: it opens or ends whichever has that name. */
  get outlivesSpace(): boolean {
    return false
  }

  /** The space that it is about; none of a look at all of them. */
  abstract get space(): string

  abstract transmit(to: Transmitter): void

  /** When it is given up: some do not wait as long as they may for a gateway that is lost, since `lostAtMs`. */
  dueMs(connected: boolean, lostAtMs: number): number {
    const dueMs = this.deadlineMs + (connected ? this.graceMs : 0)
    const isShort = this.isAttempt || this.outcome === 'unknown'
    return isShort ? Math.min(dueMs, lostAtMs + resumeMs) : dueMs
  }

  /** Not a word since before a call that waited long: a short limit alone would end connections that are only slow. */
  waitedInSilence(heardMs: number): boolean {
    return this.sent && this.timeoutMs >= silenceMs && heardMs < this.deadlineMs - this.timeoutMs
  }

  resolve(value: unknown): void {
    if (this.settle()) this.resolveWith(value)
  }

  reject(error: unknown): void {
    if (this.settle()) this.rejectWith(error)
  }

  private settle(): boolean {
    if (this.settled) return false
    this.settled = true
    if (this.onAbort !== undefined) this.signal?.removeEventListener('abort', this.onAbort)
    return true
  }
}

/** How a call ends. */
export interface Settle {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly onAbort: (call: Call, reason: unknown) => void
}

/** Makes a call that ends by `settle`. */
export type MakeCall = (
  settle: Settle,
  options: WaitOptions,
  timeoutMs: number,
  nowMs: number,
) => Call

/** What writes: numbered when first sent, and from then on sent under that number only. */
export abstract class NumberedCall extends Call {
  sequence = 0

  override get outcome(): Outcome {
    return this.sent ? 'unknown' : 'not-applied'
  }

  transmit(to: Transmitter): void {
    if (this.settled) {
      encodeRequest(to.writer, { kind: 'skip', sequence: this.sequence })
      return
    }
    this.encode(to)
    this.sent = true
  }

  protected abstract encode(to: Transmitter): void
}

/** One write. */
export class WriteCall extends NumberedCall {
  private readonly target: Target
  private readonly args: Uint8Array

  constructor(
    target: Target,
    args: Uint8Array,
    settle: Settle,
    options: WaitOptions,
    timeoutMs: number,
    nowMs: number,
  ) {
    super(settle, options, timeoutMs, nowMs)
    this.target = target
    this.args = args
  }

  get space(): string {
    return this.target.object.space
  }

  protected encode(to: Transmitter): void {
    const target = to.numberOf(this.target)
    const { sequence, args } = this
    encodeRequest(to.writer, { kind: 'write', sequence, target, args })
  }
}

/** The writes of a transaction, encoded, and the objects that they name. */
export interface TransactionContent {
  readonly space: string
  readonly objects: Iterable<ObjectRecord>
  readonly writes: Uint8Array
}

/** Several writes as one, under one number. */
export class TransactCall extends NumberedCall {
  private readonly content: TransactionContent

  constructor(
    content: TransactionContent,
    settle: Settle,
    options: WaitOptions,
    timeoutMs: number,
    nowMs: number,
  ) {
    super(settle, options, timeoutMs, nowMs)
    this.content = content
  }

  get space(): string {
    return this.content.space
  }

  protected encode(to: Transmitter): void {
    const { objects, writes } = this.content
    for (const object of objects) {
      to.introduce(object)
      to.makeRoom()
    }
    encodeRequest(to.writer, { kind: 'transact', sequence: this.sequence, writes })
  }
}

/** Makes of an answer what its caller wants. */
export type Read<T = unknown> = (answer: unknown) => T

/** Anything that can be asked again: it changes nothing, or changes it once however often it is asked. */
export class RequestCall extends Call {
  readonly id: number
  readonly request: RepeatableRequest
  /** What is made of the answer: here, because a promise for it would cost each call more. */
  read: Read | undefined

  constructor(
    id: number,
    request: RepeatableRequest,
    settle: Settle,
    options: WaitOptions,
    timeoutMs: number,
    nowMs: number,
  ) {
    super(settle, options, timeoutMs, nowMs)
    this.id = id
    this.request = request
  }

  get space(): string {
    return spaceOf(this.request)
  }

  override get outlivesSpace(): boolean {
    return ofWholeSpace.has(this.request.kind)
  }

  override get graceMs(): number {
    return this.request.kind === 'flush' ? flushGraceMs : 0
  }

  override get isAttempt(): boolean {
    return 'group' in this.request || this.request.kind.startsWith('strong-')
  }

  override get outcome(): Outcome {
    const { kind } = this.request
    const changes = kind === 'end-space' || (this.isAttempt && !reads.has(kind))
    return this.sent && changes ? 'unknown' : 'not-applied'
  }

  override resolve(answer: unknown): void {
    if (this.read === undefined) return super.resolve(answer)
    let value: unknown
    try {
      value = this.read(answer)
    } catch (error) {
      return this.reject(error)
    }
    super.resolve(value)
  }

  transmit(to: Transmitter): void {
    this.sent = true
    const { id, request } = this
    switch (request.kind) {
      case 'read': {
        const target = to.numberOf(request.target)
        return encodeRequest(to.writer, { kind: 'read', id, target, args: request.args })
      }
      case 'open-object': {
        const { number, space, name, descriptor } = request.object
        return encodeRequest(to.writer, {
          ...{ kind: 'open-object', id, object: number },
          ...{ space, name, descriptor },
        })
      }
      case 'submit': {
        const { group, space, call } = request
        return encodeRequest(to.writer, { kind: 'submit', id, group, space, call })
      }
      default:
        return encodeRequest(to.writer, { ...request, id })
    }
  }
}

const ofWholeSpace: ReadonlySet<RepeatableRequest['kind']> = new Set([
  ...(['open-space', 'close-space', 'end-space'] as const),
])
const reads: ReadonlySet<RepeatableRequest['kind']> = new Set(['query', 'watch'])

type WithoutId<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never

/** The requests of {@link RequestCall}, less their ids. */
export type RepeatableRequest =
  | { readonly kind: 'read'; readonly target: Target; readonly args: Uint8Array }
  | { readonly kind: 'open-object'; readonly object: ObjectRecord }
  | WithoutId<Extract<Outgoing, { kind: 'open-space' | 'close-space' | 'end-space' }>>
  | {
      readonly kind: 'flush'
      readonly space: string
      readonly replicas: number
      readonly timeoutMs: number
    }
  | { readonly kind: 'inspect'; readonly subject: InspectSubject; readonly space: string }
  | WithoutId<OutgoingStrong>

/** The space that a request is about; none for a look at all of them. */
export function spaceOf(request: RepeatableRequest): string {
  switch (request.kind) {
    case 'read':
      return request.target.object.space
    case 'open-object':
      return request.object.space
    default:
      return 'space' in request ? request.space : ''
  }
}
