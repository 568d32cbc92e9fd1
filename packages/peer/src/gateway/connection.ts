import {
  accessDenied,
  decodeRequests,
  failureOf,
  gatewayBusy,
  type Hello,
  helloBytesMax,
  protocolVersion,
  type Request,
} from '@joinery/client/protocol'
import { invalidValue, isJoineryError, JoineryError } from '@joinery/crdt-objects'
import type { Admission } from './admission.ts'
import type { ClientSession, ClientSessions } from './client-session.ts'
import type { GatewayHost } from './host.ts'
import type { OpenSpaces } from './open-spaces.ts'
import type { GatewayLimits } from './options.ts'
import { ReplyFrame } from './reply-frame.ts'
import { ServedStream, type StreamClient } from './served-stream.ts'
import { Targets } from './targets.ts'

/** The socket of a connection, as it needs it. */
export interface ClientSocket {
  readonly bufferedBytes: number
  send(frame: Uint8Array): void
  /** Stops and starts the arrival of frames. */
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
}

/** What all connections of a gateway share. */
export interface GatewayShared {
  readonly host: GatewayHost
  readonly limits: GatewayLimits
  readonly admission: Admission
  readonly sessions: ClientSessions
  readonly spaces: OpenSpaces
  /** 16 random bytes, new at each start. */
  readonly life: Uint8Array
  readonly onFault: (error: unknown) => void
}

/** Codes of RFC 6455 with which a gateway closes. */
const closeCode = { protocol: 1002, policy: 1008, fault: 1011, busy: 1013 } as const

type Running = ServedStream | AbortController

/**
 * One client. A frame is decoded whole, then its requests are carried out in order, and everything answered in that
 * turn leaves in one frame. Only opening something for the first time has to wait for the peer: nothing behind it is
 * looked at until then, so the order of a client's requests is the order of their effects.
 */
export class Connection implements StreamClient {
  readonly frame: ReplyFrame
  private readonly shared: GatewayShared
  private readonly socket: ClientSocket
  private readonly targets = new Targets()
  private readonly running = new Map<number, Running>()
  private readonly waitingFrames: Uint8Array[] = []
  private session: ClientSession | undefined
  private sessionId = ''
  /** The last write answered by the frame being filled, or 0. */
  private done = 0
  private stalled = false
  private scheduled = false
  private ended = false
  private onDrained: (() => void) | undefined

  constructor(socket: ClientSocket, shared: GatewayShared) {
    this.socket = socket
    this.shared = shared
    this.frame = new ReplyFrame((bytes) => this.send(bytes))
  }

  get greeted(): boolean {
    return this.session !== undefined
  }

  get writable(): boolean {
    return this.socket.bufferedBytes <= this.shared.limits.bufferedBytesMax
  }

  /** Takes one frame. */
  receive(bytes: Uint8Array): void {
    if (this.ended) return
    if (this.stalled) {
      this.waitingFrames.push(bytes)
      return
    }
    let requests: Request[]
    try {
      if (!this.greeted && bytes.length > helloBytesMax) throw invalidValue('the hello is too long')
      requests = decodeRequests(bytes)
    } catch (error) {
      return this.refuse(error, closeCode.protocol)
    }
    this.carryOut(requests, 0)
  }

  /** The socket has sent what waited. */
  drained(): void {
    if (!this.writable) return
    this.onDrained?.()
    this.onDrained = undefined
    for (const running of [...this.running.values()])
      if (running instanceof ServedStream) running.pump()
  }

  /** The connection is gone; `forget` when the client closed it in good order. */
  closed(forget: boolean): void {
    this.ended = true
    this.waitingFrames.length = 0
    for (const running of this.running.values()) stop(running)
    this.running.clear()
    if (this.session !== undefined)
      this.shared.sessions.detach(this.sessionId, this.session, forget, Date.now())
  }

  /** Tells the client why, and closes. */
  refuse(error: unknown, code: number): void {
    if (this.ended) return
    this.ended = true
    const failure = failureOf(error)
    // What was applied is answered first: all that is not, the client may send to another gateway.
    this.answerWrites()
    this.frame.reply({ kind: 'refused', failure })
    this.frame.flush()
    this.socket.close(code, failure.code)
  }

  schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(this.flush)
  }

  private carryOut(requests: readonly Request[], from: number): void {
    for (let at = from; at < requests.length && !this.ended; at++) {
      const wait = this.carryOutOne(requests[at]!)
      if (wait === undefined && this.writable) continue
      this.stall(wait ?? this.untilDrained(), requests, at + 1)
      break
    }
    this.flush()
  }

  /** Stops reading until `wait` is over, then goes on with what is left. */
  private stall(wait: Promise<void>, requests: readonly Request[], next: number): void {
    this.stalled = true
    this.socket.pause()
    void wait.then(() => {
      this.stalled = false
      this.carryOut(requests, next)
      while (!this.isStalled() && this.waitingFrames.length > 0)
        this.receive(this.waitingFrames.shift()!)
      if (!this.isStalled()) this.socket.resume()
    })
  }

  private isStalled(): boolean {
    return this.stalled
  }

  private untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.onDrained = resolve
    })
  }

  private carryOutOne(request: Request): Promise<void> | undefined {
    const session = this.session
    if (session === undefined) {
      if (request.kind !== 'hello')
        this.refuse(invalidValue('the first message must be a hello'), closeCode.protocol)
      else this.greet(request)
      return undefined
    }
    switch (request.kind) {
      case 'write':
        return this.write(session, request)
      case 'read':
        return this.read(request)
      case 'acknowledge':
        return void session.acknowledge(request.sequence)
      case 'define-target':
        return void this.targets.define(request)
      case 'skip':
        return void this.skip(session, request.sequence)
      case 'credit': {
        const running = this.running.get(request.id)
        return void (running instanceof ServedStream && running.grant(request.credit))
      }
      case 'cancel':
        return void this.cancel(request.id)
      case 'stream':
        return void this.stream(request)
      case 'flush':
        return void this.flushSpace(request)
      case 'open-space':
        return this.openSpace(request)
      case 'open-object':
        return this.openObject(request)
      case 'inspect':
        return void this.inspect(request)
      case 'hello':
        return void this.refuse(invalidValue('a second hello'), closeCode.protocol)
    }
  }

  private greet(hello: Hello): void {
    const { sessions, admission, limits, life, host } = this.shared
    if (hello.version !== protocolVersion) {
      const wanted = `this gateway speaks version ${protocolVersion} of the protocol`
      return this.refuse(invalidValue(wanted, hello.version), closeCode.protocol)
    }
    if (!admission.admitsToken(hello.token))
      return this.refuse(accessDenied('the token is not the right one.'), closeCode.policy)
    this.sessionId = Buffer.from(hello.connection).toString('latin1')
    const attached = sessions.attach(this.sessionId, Date.now())
    if (attached === undefined)
      return this.refuse(
        gatewayBusy('The gateway has all the clients it takes.', 1000),
        closeCode.busy,
      )
    const { session, resumed } = attached
    session.acknowledge(hello.acknowledged)
    session.detach = () => this.superseded()
    this.session = session
    const peer = host.inspect.peers().find(({ self }) => self)?.id ?? ''
    const { windowMax } = limits
    this.frame.reply({ kind: 'welcome', version: protocolVersion, life, resumed, peer, windowMax })
  }

  /** The same client has come by another socket: this one may be dead, and must apply nothing more. */
  private superseded(): void {
    this.session = undefined
    this.refuse(gatewayBusy('The client has connected again.'), closeCode.policy)
    this.socket.terminate()
  }

  private write(session: ClientSession, request: Request & { kind: 'write' }): undefined {
    const { sequence } = request
    if (sequence <= session.last) return this.replay(session, sequence)
    if (!this.admitsSequence(session, sequence)) return undefined
    session.last = sequence
    this.done = sequence
    const target = this.targets.find(request.target)
    try {
      if ('failure' in target) return this.writeFailed(session, sequence, target)
      if (target.mode !== 'write')
        throw invalidValue('a verb that does not write was sent as a write')
      target.call(request.args)
    } catch (error) {
      this.note(error)
      this.writeFailed(session, sequence, { failure: failureOf(error) })
    }
    return undefined
  }

  private writeFailed(
    session: ClientSession,
    sequence: number,
    { failure }: { readonly failure: ReturnType<typeof failureOf> },
  ): undefined {
    session.failures.set(sequence, failure)
    this.frame.writeFailed(sequence, failure)
  }

  /** Gives a write its first answer again. */
  private replay(session: ClientSession, sequence: number): undefined {
    const failure = session.failures.get(sequence)
    if (failure !== undefined) this.frame.writeFailed(sequence, failure)
    this.done = Math.max(this.done, sequence)
  }

  private admitsSequence(session: ClientSession, sequence: number): boolean {
    if (sequence !== session.last + 1) {
      const expected = `write ${session.last + 1} comes next`
      this.refuse(invalidValue(expected, sequence), closeCode.protocol)
      return false
    }
    // Twice the window: acknowledgements may lag behind by as much.
    if (session.last - session.acknowledged < this.shared.limits.windowMax * 2) return true
    this.refuse(gatewayBusy('Too many writes are unacknowledged.'), closeCode.busy)
    return false
  }

  private skip(session: ClientSession, sequence: number): void {
    if (sequence > session.last) {
      if (!this.admitsSequence(session, sequence)) return
      session.last = sequence
    }
    this.done = Math.max(this.done, sequence)
  }

  private read({ id, target: number, args }: Request & { kind: 'read' }): undefined {
    const target = this.targets.find(number)
    try {
      if ('failure' in target) return this.frame.failed(id, target.failure) as undefined
      if (target.mode !== 'read') throw invalidValue('a verb that does not read was sent as a read')
      this.frame.result(id, target.call(args))
    } catch (error) {
      this.fail(id, error)
    }
    return undefined
  }

  private fail(id: number, error: unknown): void {
    this.note(error)
    this.frame.failed(id, failureOf(error))
    this.schedule()
  }

  private note(error: unknown): void {
    if (!isJoineryError(error)) this.shared.onFault(error)
  }

  private hasRoom(id: number): boolean {
    if (this.running.has(id)) {
      this.refuse(invalidValue('a request id is in use', id), closeCode.protocol)
      return false
    }
    if (this.running.size < this.shared.limits.inFlightMax) return true
    this.fail(id, gatewayBusy('This connection has all the calls under way that it may have.'))
    return false
  }

  private stream({ id, target: number, args, credit }: Request & { kind: 'stream' }): void {
    const target = this.targets.find(number)
    if ('failure' in target) return this.frame.failed(id, target.failure)
    if (!this.hasRoom(id)) return
    try {
      if (target.mode !== 'stream') throw invalidValue('this verb gives no sequence')
      const stream = new ServedStream(id, target.call(args), credit, this)
      this.running.set(id, stream)
      stream.pump()
    } catch (error) {
      this.running.delete(id)
      this.fail(id, error)
    }
  }

  /** A stream has come to its end. */
  finished(id: number): void {
    this.running.delete(id)
  }

  private cancel(id: number): void {
    const running = this.running.get(id)
    if (running === undefined) return
    this.running.delete(id)
    stop(running)
  }

  private flushSpace(request: Request & { kind: 'flush' }): void {
    const { id, space, replicas, timeoutMs } = request
    if (!this.hasRoom(id)) return
    const controller = new AbortController()
    this.running.set(id, controller)
    const { signal } = controller
    void this.shared.spaces
      .space(space)
      .then((open) => open.flush({ replicas, timeoutMs, signal }))
      .then(
        (flushed) => this.frame.result(id, flushed.replicas),
        (error: unknown) => {
          if (!signal.aborted) this.fail(id, error)
        },
      )
      .then(() => {
        if (this.running.get(id) === controller) this.running.delete(id)
        this.schedule()
      })
  }

  private openSpace({ id, space }: Request & { kind: 'open-space' }): Promise<void> {
    return this.shared.spaces.space(space).then(
      () => this.frame.result(id, undefined),
      (error: unknown) => this.fail(id, error),
    )
  }

  private openObject(request: Request & { kind: 'open-object' }): Promise<void> | undefined {
    const { id, object, space, name, descriptor } = request
    const opened = (handle: object): void => {
      this.targets.setObject(object, handle)
      this.frame.result(id, undefined)
    }
    const failed = (error: unknown): void => {
      this.targets.failObject(object, error)
      this.fail(id, error)
    }
    try {
      const handle = this.shared.spaces.object(space, name, descriptor)
      if (handle instanceof Promise) return handle.then(opened, failed)
      opened(handle)
    } catch (error) {
      failed(error)
    }
    return undefined
  }

  private inspect({ id, subject, space }: Request & { kind: 'inspect' }): void {
    const { inspect } = this.shared.host
    try {
      if (subject === 'spaces') return this.frame.result(id, plain(inspect.spaces()))
      if (subject === 'peers') return this.frame.result(id, plain(inspect.peers()))
      if (!inspect.spaces().some(({ name }) => name === space)) {
        const message = `The gateway's peer holds no space "${space}".`
        throw new JoineryError('OBJECT_NOT_FOUND', message, { space, name: '' })
      }
      this.frame.result(id, plain(inspect.objects(space)))
    } catch (error) {
      this.fail(id, error)
    }
  }

  private readonly flush = (): void => {
    this.scheduled = false
    this.answerWrites()
    this.frame.flush()
  }

  private answerWrites(): void {
    if (this.done === 0) return
    this.frame.done(this.done)
    this.done = 0
  }

  private send(bytes: Uint8Array): void {
    this.socket.send(bytes)
  }
}

/** Summaries as plain data, whatever objects a host answers with. */
function plain(summaries: readonly object[]): readonly unknown[] {
  return summaries.map((summary) => ({ ...summary }))
}

function stop(running: Running): void {
  if (running instanceof ServedStream) running.cancel()
  else running.abort()
}
