import { type JoineryError, type WaitOptions } from '@joinery/crdt-objects'
import type { Writer } from '@joinery/crdt-objects/engine'
import { SequenceMap } from '@joinery/consensus/caller'
import { AnswerParts } from './answer-parts.ts'
import {
  type Call,
  type MakeCall,
  NumberedCall,
  type Read,
  RequestCall,
  spaceOf,
  type RepeatableRequest,
  TransactCall,
  type TransactionContent,
  type Transmitter,
  WriteCall,
} from './call.ts'
import { Deadlines } from './deadlines.ts'
import { callTimeout, clientClosed, gatewayBusy, gatewayUnreachable, reasonOf } from './errors.ts'
import { Link, type LinkOptions, type OnReady } from './link.ts'
import { type ObjectRecord, type Target, TargetTable } from './object-record.ts'
import { Outbox, UnansweredWrites } from './pending.ts'
import { errorOf, type Reply, type Welcome } from './protocol/reply.ts'
import { encodeRequest } from './protocol/request.ts'
import { RequestFrame } from './request-frame.ts'
import { RemoteStream, type StreamHost } from './remote-stream.ts'
import type { SessionSpaces } from './seen-vector.ts'

/** Calls kept while there is no connection, or while the gateway has all it takes. */
const outboxMax = 65_536

/**
 * Everything one client has under way. Calls are encoded into one frame, which leaves at the end of the turn; what has
 * no answer when the connection is lost is sent again if the gateway still knows this connection. If it does not,
 * writes that may have been applied fail with the outcome unknown, and all else is sent anew.
 */
export class Session implements Transmitter, StreamHost {
  readonly timeoutMs: number
  private readonly link: Link
  private readonly frame = new RequestFrame(
    (frame) => this.link.send(frame),
    () => this.writes.acknowledged,
  )
  readonly targets = new TargetTable()
  private readonly writes = new UnansweredWrites()
  private readonly requests = new SequenceMap<RequestCall>()
  private readonly streams = new Map<number, RemoteStream>()
  private readonly parts = new AnswerParts()
  private readonly outbox = new Outbox()
  private readonly deadlines = new Deadlines((nowMs) => this.expire(nowMs))
  private spaces: SessionSpaces | undefined
  private nextId = 1
  /** Counts connections; 0 before the first. */
  private generation = 0
  private connected = false
  private closed = false
  private windowMax = 0
  private heardMs = 0
  private lostAtMs = Infinity
  private onReady: OnReady | undefined

  constructor(options: LinkOptions, timeoutMs: number) {
    this.timeoutMs = timeoutMs
    this.link = new Link(options, {
      acknowledged: () => this.writes.acknowledged,
      welcomed: (welcome) => this.welcomed(welcome),
      reply: (reply) => this.take(reply),
      refused: () => this.refused(),
      turned: () => this.drain(),
      lost: () => this.lost(),
      failed: (error, nobody) => this.attemptFailed(error, options.backoff === false, nobody),
    })
  }

  /** What calls are encoded into. */
  get writer(): Writer {
    return this.frame.writer
  }

  /** Connects. `onReady` is called once it is welcome, and with each failed attempt until then. */
  start(onReady: OnReady): void {
    this.onReady = onReady
    this.link.start()
  }

  /** Tells `spaces` what becomes of them. */
  attend(spaces: SessionSpaces): void {
    this.spaces = spaces
  }

  target(object: ObjectRecord, path: readonly string[], verb: string): Target {
    return this.targets.find(object, path, verb)
  }

  write(target: Target, args: Uint8Array, options: WaitOptions): Promise<unknown> {
    return this.call(target.object.space, options, (...parts) => {
      return new WriteCall(target, args, ...parts)
    })
  }

  transact(content: TransactionContent, options: WaitOptions): Promise<unknown> {
    return this.call(content.space, options, (...parts) => new TransactCall(content, ...parts))
  }

  request(request: RepeatableRequest, options: WaitOptions): Promise<unknown>
  /** Gives what `read` makes of the answer. */
  request<T>(request: RepeatableRequest, options: WaitOptions, read: Read<T>): Promise<T>
  request(request: RepeatableRequest, options: WaitOptions, read?: Read): Promise<unknown> {
    return this.call(spaceOf(request), options, this.requestCall(request, read))
  }

  private requestCall(request: RepeatableRequest, read?: Read): MakeCall {
    return (...parts) => {
      const call = new RequestCall(this.nextId++, request, ...parts)
      call.read = read
      return call
    }
  }

  /** Before anything else is asked of a gateway that is new. */
  reopen(request: RepeatableRequest & { kind: 'open-space' }): Promise<unknown> {
    return this.begin(this.requestCall(request), {}, (call) => this.send(call))
  }

  private call(space: string, options: WaitOptions, make: MakeCall): Promise<unknown> {
    if (options.signal?.aborted === true) return Promise.reject(options.signal.reason as Error)
    if (this.closed) return Promise.reject(clientClosed(space))
    return this.begin(make, options, (call) => {
      if (this.outbox.length === 0 && this.ready(call)) return this.send(call)
      if (this.outbox.length < outboxMax) this.outbox.push(call)
      else call.reject(gatewayBusy(`${outboxMax} calls wait to be sent.`))
    })
  }

  private begin(
    make: MakeCall,
    options: WaitOptions,
    enter: (call: Call) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? this.timeoutMs
      const settle = { resolve, reject, onAbort: this.abandon }
      const call = make(settle, options, timeoutMs, performance.now())
      enter(call)
      if (!call.settled) this.deadlines.add(call.dueMs(this.connected, this.lostAtMs))
    })
  }

  /** Starts a sequence; the signal ends it with its reason. */
  stream(target: Target, args: Uint8Array, options: WaitOptions): RemoteStream {
    const { signal, timeoutMs = this.timeoutMs } = options
    const stream = new RemoteStream(this.nextId++, target, args, this, timeoutMs)
    if (this.closed) stream.finish({ reason: clientClosed(stream.space) })
    else if (signal?.aborted === true) stream.finish({ reason: signal.reason })
    else {
      const abort = { once: true, signal: stream.over }
      signal?.addEventListener('abort', () => stream.finish({ reason: signal.reason }), abort)
      this.streams.set(stream.id, stream)
      if (this.connected) this.transmit(stream)
    }
    return stream
  }

  grant(stream: RemoteStream, credit: number): void {
    if (this.connected) this.frame.add({ kind: 'credit', id: stream.id, credit })
  }

  cancel(stream: RemoteStream): void {
    // After an end from the gateway it knows no such stream, and takes no notice.
    if (!this.streams.delete(stream.id) || !this.connected) return
    this.frame.add({ kind: 'cancel', id: stream.id })
  }

  waiting(deadlineMs: number): void {
    this.deadlines.add(deadlineMs)
  }

  /** Ends what is under way in a space that has ended: none of it is to reach another of its name. */
  endSpace(space: string, reason: JoineryError): void {
    for (const call of this.unsettled()) {
      if (call.space === space && !call.outlivesSpace) call.reject(reason)
    }
    this.forgetSettled()
    this.request({ kind: 'close-space', space }, {}).catch(() => undefined)
  }

  /** Where something is under way. */
  get busySpaces(): ReadonlySet<string> {
    return new Set([...this.unsettled(), ...this.streams.values()].map(({ space }) => space))
  }

  /** Ends everything under way and the connection. */
  async close(): Promise<void> {
    if (this.closed) return
    this.frame.flush()
    this.closed = true
    this.deadlines.stop()
    for (const call of this.unsettled()) {
      call.reject(gatewayUnreachable(call.outcome, 'The client was closed.'))
    }
    for (const stream of [...this.streams.values()])
      stream.finish({ reason: clientClosed(stream.space) })
    await this.link.close()
  }

  numberOf(target: Target): number {
    this.introduce(target.object)
    if (target.number < 0) this.targets.number(target)
    if (target.generation !== this.generation) {
      target.generation = this.generation
      const { number, object, path, verb } = target
      encodeRequest(this.writer, {
        ...{ kind: 'define-target', target: number, object: object.number },
        ...{ path, verb },
      })
    }
    return target.number
  }

  introduce(object: ObjectRecord): void {
    if (object.generation === this.generation) return
    object.generation = this.generation
    const { number, space, name, descriptor } = object
    // Nobody waits for this answer: should it fail, the calls that follow fail with its reason.
    encodeRequest(this.writer, {
      ...{ kind: 'open-object', id: 0, object: number },
      ...{ space, name, descriptor },
    })
  }

  private ready(call: Call): boolean {
    const hasRoom = !(call instanceof NumberedCall) || this.writes.length < this.windowMax
    return this.connected && hasRoom
  }

  private send(call: Call): void {
    if (call instanceof NumberedCall) this.writes.add(call)
    else if (call instanceof RequestCall) this.requests.set(call.id, call)
    this.transmit(call)
  }

  private transmit(call: { transmit(to: Transmitter): void }): void {
    call.transmit(this)
    this.frame.written()
  }

  makeRoom(): void {
    this.frame.makeRoom()
  }

  private drain(): void {
    this.heardMs = performance.now()
    for (;;) {
      const call = this.outbox.peek()
      if (call === undefined || !this.ready(call)) return
      this.outbox.shift()
      if (!call.settled) this.send(call)
    }
  }

  private take(reply: Reply): void {
    switch (reply.kind) {
      case 'done':
        return this.writes.done(reply.sequence)
      case 'write-failed':
        return this.writes.find(reply.sequence)?.reject(errorOf(reply.failure))
      case 'result':
        return this.requests.take(reply.id)?.resolve(reply.value)
      case 'failed':
        return this.failed(reply.id, errorOf(reply.failure))
      case 'part':
        return this.part(reply.id, reply.bytes, reply.last)
      case 'item':
        return this.streams.get(reply.id)?.item(reply.value)
      case 'end':
        return this.streams.get(reply.id)?.finish()
      case 'seen':
        return this.spaces?.seen(reply.space, reply.vector)
      case 'space-ended':
        return this.spaces?.ended(reply.space, errorOf(reply.failure))
      default:
    }
  }

  private failed(id: number, error: JoineryError): void {
    this.parts.forget(id)
    this.requests.take(id)?.reject(error)
    this.streams.get(id)?.finish({ reason: error })
  }

  private part(id: number, bytes: Uint8Array, last: boolean): void {
    if (!this.requests.has(id)) return
    const whole = this.parts.add(id, bytes, last)
    if (whole !== undefined) this.requests.take(id)?.resolve(whole.value)
  }

  private welcomed(welcome: Welcome): void {
    this.generation += 1
    this.windowMax = welcome.windowMax
    const isNew = !welcome.resumed && this.generation > 1
    const again = this.requests.values()
    this.connected = true
    this.lostAtMs = Infinity
    this.heardMs = performance.now()
    this.frame.greeted()
    if (isNew) this.startAnew()
    for (const call of [...this.writes.all(), ...again]) this.transmit(call)
    for (const stream of [...this.streams.values()]) this.transmit(stream)
    this.drain()
    this.onReady?.()
  }

  /** Another gateway, or one that has forgotten us: what was sent may have been applied, or not. */
  private startAnew(): void {
    for (const call of this.writes.restart()) {
      call.reject(gatewayUnreachable('unknown', 'The gateway was lost before it answered.'))
    }
    this.spaces?.gatewayLost()
  }

  /** What the gateway has not answered when it says goodbye, it has not applied: the next one gets it. */
  private refused(): void {
    this.connected = false
    this.frame.clear()
    const calls = this.writes.takeBack().filter((call) => !call.settled)
    for (const call of calls) call.sent = false
    this.outbox.unshift(calls)
  }

  private lost(): void {
    this.connected = false
    this.frame.clear()
    this.parts.clear()
    if (this.closed) return
    this.lostAtMs = performance.now()
    // At once: what was given longer because the gateway would answer is due now.
    this.deadlines.add(this.lostAtMs)
  }

  private attemptFailed(error: JoineryError, final: boolean, nobody: boolean): void {
    const passes = error.code === 'GATEWAY_UNREACHABLE' || error.code === 'GATEWAY_BUSY'
    if (passes && !final) return this.onReady?.(error, nobody)
    // Refused, or not to be tried again: those who wait are told at once.
    for (const call of this.unsettled()) {
      const unknown = call.outcome === 'unknown'
      call.reject(unknown ? gatewayUnreachable('unknown', reasonOf(error), error) : error)
    }
    this.forgetSettled()
    if (final) for (const stream of [...this.streams.values()]) stream.finish({ reason: error })
    this.onReady?.(error, nobody)
  }

  private unsettled(): readonly Call[] {
    const calls = [...this.writes.all(), ...this.requests.values(), ...this.outbox.all()]
    return calls.filter((call) => !call.settled)
  }

  private forgetSettled(): void {
    for (const call of this.requests.values()) if (call.settled) this.requests.take(call.id)
  }

  private readonly abandon = (call: Call, reason: unknown): void => {
    call.reject(reason)
    if (!(call instanceof RequestCall) || this.requests.take(call.id) === undefined) return
    if (this.connected) this.frame.add({ kind: 'cancel', id: call.id })
  }

  private expire(nowMs: number): number | undefined {
    let nextMs = Infinity
    let silent = false
    for (const call of this.unsettled()) {
      const dueMs = call.dueMs(this.connected, this.lostAtMs)
      if (dueMs <= nowMs) {
        silent ||= this.connected && call.waitedInSilence(this.heardMs)
        this.abandon(call, this.lateFailure(call))
      } else {
        nextMs = Math.min(nextMs, dueMs)
      }
    }
    for (const stream of [...this.streams.values()]) {
      if (stream.deadlineMs <= nowMs)
        stream.finish({ reason: callTimeout(this.timeoutMs, 'not-applied') })
      else nextMs = Math.min(nextMs, stream.deadlineMs)
    }
    // A dead connection looks like this, and a new one costs little.
    if (silent) this.link.renew()
    return nextMs === Infinity ? undefined : nextMs
  }

  private lateFailure(call: Call): JoineryError {
    if (this.connected) return callTimeout(call.timeoutMs, call.outcome)
    const cause = this.link.lastFailure
    const why = cause === undefined ? 'The gateway is gone.' : reasonOf(cause)
    return gatewayUnreachable(call.outcome, why, cause)
  }
}
