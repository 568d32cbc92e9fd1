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
import { invalidValue, isJoineryError } from '@joinery/crdt-objects'
import { clientChanges } from './client-changes.ts'
import type { ClientSession } from './client-session.ts'
import type { ClientSocket, GatewayShared } from './connection-parts.ts'
import { answerInspection } from './inspect.ts'
import { Openings } from './openings.ts'
import { ReplyFrame } from './reply-frame.ts'
import { SeenSpaces } from './seen-spaces.ts'
import { ServedStream, type StreamClient } from './served-stream.ts'
import { StrongCalls } from './strong-calls.ts'
import { Targets } from './targets.ts'
import { type Answering, Waits } from './waits.ts'
import { WriteIntake } from './write-intake.ts'

/** Codes of RFC 6455 with which a gateway closes. */
const closeCode = { protocol: 1002, policy: 1008, fault: 1011, busy: 1013 } as const

type RareKind = 'credit' | 'cancel' | 'stream' | 'flush' | 'inspect' | 'hello'
type RareRequest = Extract<Request, { kind: RareKind }>

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
  private readonly seen = new SeenSpaces()
  private readonly openings: Openings
  private readonly strong: StrongCalls
  private readonly streams = new Map<number, ServedStream>()
  private readonly waits: Waits
  private readonly waitingFrames: Uint8Array[] = []
  private session: ClientSession | undefined
  private sessionId = ''
  /** There from the hello on. */
  private writes: WriteIntake | undefined
  private stalled = false
  private scheduled = false
  private ended = false
  private onDrained: (() => void) | undefined

  constructor(socket: ClientSocket, shared: GatewayShared) {
    this.socket = socket
    this.shared = shared
    this.frame = new ReplyFrame({
      leaving: () => this.seen.tell(this.frame),
      send: (bytes) => this.socket.send(bytes),
    })
    const { targets, frame } = this
    const answering: Answering = {
      result: (id, value) => this.result(id, value),
      fail: (id, error) => this.fail(id, error),
    }
    const { seen } = this
    this.openings = new Openings({
      spaces: shared.spaces,
      targets,
      seen,
      frame,
      fail: answering.fail,
      session: () => this.session,
    })
    this.waits = new Waits(answering)
    this.strong = new StrongCalls({
      ...{ ...answering, strong: shared.host.strong },
      inFlightMax: shared.limits.strongInFlightMax,
    })
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
    for (const stream of [...this.streams.values()]) stream.pump()
  }

  /** The connection is gone; `forget` when the client closed it in good order. */
  closed(forget: boolean): void {
    this.ended = true
    this.waitingFrames.length = 0
    for (const stream of this.streams.values()) stream.cancel()
    this.streams.clear()
    this.waits.cancelAll()
    this.strong.cancelAll()
    if (this.session !== undefined)
      this.shared.sessions.detach(this.sessionId, this.session, forget, Date.now())
  }

  /** Tells the client why, and closes. */
  refuse(error: unknown, code: number): void {
    if (this.ended) return
    this.ended = true
    const failure = failureOf(error)
    // What was applied is answered first: all that is not, the client may send to another gateway.
    this.writes?.answer()
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
    const { session, writes } = this
    if (session === undefined || writes === undefined) {
      if (request.kind === 'hello') this.greet(request)
      else this.refuse(invalidValue('the first message must be a hello'), closeCode.protocol)
      return undefined
    }
    switch (request.kind) {
      case 'write':
        return this.guarded(() => writes.write(request))
      case 'transact':
        return this.guarded(() => writes.transact(request))
      case 'skip':
        return this.guarded(() => writes.skip(request.sequence))
      case 'acknowledge':
        session.acknowledge(request.sequence)
        return undefined
      case 'read':
        this.read(request)
        return undefined
      case 'define-target':
        this.targets.define(request)
        return undefined
      case 'open-space':
        return this.openings.space(request)
      case 'open-object':
        return this.openings.object(request)
      case 'close-space':
        this.openings.close(request)
        return undefined
      case 'end-space':
        if (this.hasRoom(request.id)) this.waits.run(request.id, () => this.openings.end(request))
        return undefined
      case 'credit':
      case 'cancel':
      case 'stream':
      case 'flush':
      case 'inspect':
      case 'hello':
        this.carryOutRare(request)
        return undefined
      default:
        if (this.isFree(request.id)) this.strong.take(request)
        return undefined
    }
  }

  private carryOutRare(request: RareRequest): void {
    switch (request.kind) {
      case 'credit':
        return this.streams.get(request.id)?.grant(request.credit)
      case 'cancel':
        return this.cancel(request.id)
      case 'stream':
        return this.stream(request)
      case 'flush':
        return this.flushSpace(request)
      case 'inspect':
        return this.inspect(request)
      case 'hello':
        return this.refuse(invalidValue('a second hello'), closeCode.protocol)
    }
  }

  /** A write out of order leaves no way to go on: what came before is answered, and the connection closed. */
  private guarded(take: () => void): undefined {
    try {
      take()
    } catch (error) {
      const busy = isJoineryError(error, 'GATEWAY_BUSY')
      this.refuse(error, busy ? closeCode.busy : closeCode.protocol)
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
    session.onSpaceEnded = (space, reason) => this.spaceEnded(space, reason)
    this.session = session
    const { frame, targets } = this
    const { windowMax } = limits
    const { onFault, writing } = this.shared
    this.writes = new WriteIntake({ session, writing, targets, frame, windowMax, onFault })
    const peer = host.inspect.peers().find(({ self }) => self)?.id ?? ''
    frame.reply({ kind: 'welcome', version: protocolVersion, life, resumed, peer, windowMax })
    for (const space of session.spaces) this.seen.add(space)
    for (const [space, reason] of session.endedSpaces) this.spaceEnded(space, reason)
  }

  private spaceEnded(space: string, reason: unknown): void {
    for (const stream of [...this.streams.values()]) if (stream.space === space) stream.fail(reason)
    this.openings.ended(space, reason)
    this.schedule()
  }

  /** The same client has come by another socket: this one may be dead, and must apply nothing more. */
  private superseded(): void {
    this.session = undefined
    this.refuse(gatewayBusy('The client has connected again.'), closeCode.policy)
    this.socket.terminate()
  }

  private read({ id, target: number, args }: Request & { kind: 'read' }): void {
    const target = this.targets.find(number)
    try {
      if ('failure' in target) return this.frame.failed(id, target.failure)
      if (target.mode !== 'read') throw invalidValue('a verb that does not read was sent as a read')
      this.frame.result(id, target.call(args))
    } catch (error) {
      this.fail(id, error)
    }
  }

  private fail(id: number, error: unknown): void {
    this.note(error)
    this.frame.failed(id, failureOf(error))
    this.schedule()
  }

  private note(error: unknown): void {
    if (!isJoineryError(error)) this.shared.onFault(error)
  }

  private result(id: number, value: unknown): void {
    this.frame.result(id, value)
    this.schedule()
  }

  private isFree(id: number): boolean {
    if (!this.streams.has(id) && !this.waits.has(id) && !this.strong.has(id)) return true
    this.refuse(invalidValue('a request id is in use', id), closeCode.protocol)
    return false
  }

  private hasRoom(id: number): boolean {
    if (!this.isFree(id)) return false
    const { inFlightMax } = this.shared.limits
    if (this.streams.size + this.waits.size < inFlightMax) return true
    this.fail(id, gatewayBusy('This connection has all the calls under way that it may have.'))
    return false
  }

  private stream({ id, target: number, args, credit }: Request & { kind: 'stream' }): void {
    const target = this.targets.find(number)
    if ('failure' in target) return this.frame.failed(id, target.failure)
    if (!this.hasRoom(id)) return
    try {
      if (target.mode !== 'stream') throw invalidValue('this verb gives no sequence')
      const { session } = this
      const source =
        target.watched === undefined || session === undefined
          ? target.call(args)
          : clientChanges(target.watched, session, this.shared.writing)
      const stream = new ServedStream({ id, space: target.spaceName }, source, credit, this)
      this.streams.set(id, stream)
      stream.pump()
    } catch (error) {
      this.streams.delete(id)
      this.fail(id, error)
    }
  }

  /** A stream has come to its end. */
  finished(id: number): void {
    this.streams.delete(id)
  }

  private cancel(id: number): void {
    this.streams.get(id)?.cancel()
    this.streams.delete(id)
    this.waits.cancel(id)
    this.strong.cancel(id)
  }

  private flushSpace(request: Request & { kind: 'flush' }): void {
    const { id, space, replicas, timeoutMs } = request
    if (!this.hasRoom(id)) return
    this.waits.run(id, async ({ signal }) => {
      const open = await this.shared.spaces.space(space)
      return (await open.flush({ replicas, timeoutMs, signal })).replicas
    })
  }

  private inspect(request: Request & { kind: 'inspect' }): void {
    const { id } = request
    const { inspect, strong } = this.shared.host
    if (!this.hasRoom(id)) return
    try {
      const answer = answerInspection(inspect, request, strong)
      if (!(answer instanceof Promise)) return this.frame.result(id, answer)
      this.waits.run(id, () => answer)
    } catch (error) {
      this.fail(id, error)
    }
  }

  private readonly flush = (): void => {
    this.scheduled = false
    this.writes?.answer()
    this.frame.flush()
  }
}
