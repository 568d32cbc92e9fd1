import type { Writer } from '@joinery/crdt-objects/engine'
import type { Outcome, WaitOptions } from '@joinery/crdt-objects'
import { encodeRequest, type InspectSubject } from './protocol/request.ts'
import type { ObjectRecord, Target } from './object-record.ts'

/** What a call needs of the session to put itself on the wire. */
export interface Transmitter {
  readonly writer: Writer
  /** The number of a place on the current connection; sends its definition when the gateway has none yet. */
  numberOf(target: Target): number
  /** Sends the opening of an object that the current connection has not seen. */
  introduce(object: ObjectRecord): void
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

  /** What a failure now would leave behind. */
  get outcome(): Outcome {
    return 'not-applied'
  }

  abstract transmit(to: Transmitter): void

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

/** A write: numbered when first sent, and from then on sent under that number only. */
export class WriteCall extends Call {
  readonly target: Target
  readonly args: Uint8Array
  sequence = 0

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

  override get outcome(): Outcome {
    return this.sent ? 'unknown' : 'not-applied'
  }

  transmit(to: Transmitter): void {
    if (this.settled) {
      encodeRequest(to.writer, { kind: 'skip', sequence: this.sequence })
      return
    }
    const target = to.numberOf(this.target)
    this.sent = true
    const { sequence, args } = this
    encodeRequest(to.writer, { kind: 'write', sequence, target, args })
  }
}

/** Anything that changes nothing at the gateway, and so can be asked again. */
export class RequestCall extends Call {
  readonly id: number
  readonly request: RepeatableRequest

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
      default:
        return encodeRequest(to.writer, { ...request, id })
    }
  }
}

/** The requests of {@link RequestCall}, less their ids. */
export type RepeatableRequest =
  | { readonly kind: 'read'; readonly target: Target; readonly args: Uint8Array }
  | { readonly kind: 'open-object'; readonly object: ObjectRecord }
  | { readonly kind: 'open-space'; readonly space: string }
  | {
      readonly kind: 'flush'
      readonly space: string
      readonly replicas: number
      readonly timeoutMs: number
    }
  | { readonly kind: 'inspect'; readonly subject: InspectSubject; readonly space: string }
