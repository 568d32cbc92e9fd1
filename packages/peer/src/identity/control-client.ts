/*
 * The way from one peer to the control group. A lease is a session of the group, and who leases is who calls: so all of it
 * goes through the one caller of the peer, whose session in that group is the lease. When that is lost, what was
 * leased under it begins to be sealed; the next session is opened at once, for the holder may still come back.
 */
import type { CallerSession, StrongCaller } from '@joinery/consensus/caller'
import { isJoineryError, type WaitOptions } from '@joinery/crdt-objects'
import type { StrongTarget } from '@joinery/crdt-objects/engine'
import { decodeViewAnswer } from './control-answer-codec.ts'
import { controlDescriptor, controlPlace } from './control-object.ts'
import { decodeControlReply } from './control-reply-codec.ts'
import { encodeControlCommand, encodeViewRequest } from './control-wire-codec.ts'
import {
  type ControlAnswer,
  type ControlCommand,
  type ViewAnswer,
  type ViewRequest,
} from './core/control-contract.ts'
import { answerWith, questionAfter } from './core/control-reply.ts'
import { decodeKeeperDuty, encodeDutyRequest } from './keeper-duty-codec.ts'
import { type KeeperDuty } from './keeper-plan.ts'

/** What the spaces of a peer need of the control group. */
export interface ControlPort {
  /** The peer's session there; undefined while it has none. */
  readonly session: string | undefined
  /**
   * Opens a session if there is none. From then on a lost one is followed by another.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, CALL_TIMEOUT
   */
  openSession(options?: WaitOptions): Promise<string>
  /** Tells of each new session, and with undefined when one is lost. Gives what ends that. */
  onSession(listener: SessionListener): () => void
  /**
   * Carries a command out, or answers a question; the answer has its view.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, CALL_TIMEOUT, SESSION_EXPIRED: a command may have been carried out
   */
  ask(request: ControlCommand | ViewRequest, options?: WaitOptions): Promise<ControlAnswer>
}

/** What a peer that keeps spaces needs of it besides. */
export interface DutyPort {
  /**
   * Which spaces this peer should keep, of those that it is no member of, and which of its own it need not. `from` in
   * [0, 1) says where to begin to look.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, CALL_TIMEOUT
   */
  duty(from: number, options?: WaitOptions): Promise<KeeperDuty>
}

export type SessionListener = (session: string | undefined) => void

/** The control group, as one peer asks it. */
export class ControlClient implements ControlPort, DutyPort {
  readonly #caller: StrongCaller
  readonly #listeners = new Set<SessionListener>()
  /** Invariant: not lost. */
  #session: CallerSession | undefined
  /** Invariant: the same for the life of the peer, once it is known. */
  #target: StrongTarget | undefined

  constructor(caller: StrongCaller) {
    this.#caller = caller
  }

  get session(): string | undefined {
    return this.#session?.id
  }

  async openSession(options: WaitOptions = {}): Promise<string> {
    if (this.#session !== undefined) return this.#session.id
    const session = await this.#caller.openSession(controlPlace.group, options)
    this.#take(session)
    return session.id
  }

  onSession(listener: SessionListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async ask(
    request: ControlCommand | ViewRequest,
    options: WaitOptions = {},
  ): Promise<ControlAnswer> {
    const left = countDown(options)
    if (request.kind === 'view') return await this.#view(request, options)
    const bytes = encodeControlCommand(request)
    const reply = decodeControlReply(await this.#call('command', bytes, options))
    const question = questionAfter(request, reply)
    return answerWith(reply, question && (await this.#view(question, left())))
  }

  async duty(from: number, options: WaitOptions = {}): Promise<KeeperDuty> {
    const bytes = encodeDutyRequest({ session: this.session ?? '', from })
    return decodeKeeperDuty(await this.#call('duty', bytes, options))
  }

  async #view(request: ViewRequest, options: WaitOptions): Promise<ViewAnswer> {
    return decodeViewAnswer(await this.#call('view', encodeViewRequest(request), options))
  }

  async #call(
    method: 'command' | 'view' | 'duty',
    bytes: Uint8Array,
    options: WaitOptions,
  ): Promise<Uint8Array> {
    const left = countDown(options)
    this.#target ??= await this.#open(options)
    const mode = method === 'command' ? 'command' : 'read'
    const call = { path: [], method, mode, args: [bytes], options: left() } as const
    const { value } = await this.#target.call(call)
    return value as Uint8Array
  }

  async #open(options: WaitOptions): Promise<StrongTarget> {
    const { space, name } = controlPlace
    return await this.#caller.target({ space, name, descriptor: controlDescriptor() }, options)
  }

  #take(session: CallerSession): void {
    // Several may have waited for the same.
    if (this.#session === session || session.lost.aborted) return
    this.#session = session
    session.lost.addEventListener('abort', () => this.#lost(session), { once: true })
    this.#tell(session.id)
  }

  #lost(session: CallerSession): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#tell(undefined)
    void this.#openNext()
  }

  async #openNext(): Promise<void> {
    for (;;) {
      try {
        await this.openSession()
        return
      } catch (error) {
        // Each attempt has waited for a leader for a while. Any other failure is the end of the caller.
        if (!isJoineryError(error, 'GROUP_UNAVAILABLE')) return
      }
    }
  }

  #tell(session: string | undefined): void {
    for (const listener of [...this.#listeners]) listener(session)
  }
}

/** What is left of the time that `options` give, whenever it is asked for. */
function countDown(options: WaitOptions): () => WaitOptions {
  const { timeoutMs } = options
  if (timeoutMs === undefined || timeoutMs === Infinity) return () => options
  const endMs = performance.now() + timeoutMs
  return () => ({ ...options, timeoutMs: Math.max(1, endMs - performance.now()) })
}
