import {
  isJoineryError,
  type JoineryError,
  type Lifetime,
  type WaitOptions,
} from '@joinery/crdt-objects'
import { lifetimeDiffers, type ReplicaId } from '@joinery/crdt-objects/engine'
import { groupBusy } from '@joinery/consensus/caller'
import { type ControlPort } from '../identity/control-client.ts'
import {
  type ControlAnswer,
  type ControlCommand,
  type ControlRefusal,
  type SpaceView,
  type ViewRequest,
} from '../identity/core/control-contract.ts'
import { spaceEnded } from '../spaces/space-ended.ts'

/** How a space is founded, and what this peer is to it. */
export interface SpaceRules {
  /** How many peers shall keep it. */
  readonly keepers: number
  /** How many of them hold what is acknowledged. */
  readonly durability: number
  /** Whether this peer stays, and is to be a keeper before those that come and go. */
  readonly isStable: boolean
  /** Another number for each opening of the space by this peer, larger than before. */
  readonly opening: number
  /** What it is opened with: another than it has is refused. None takes what there is. */
  readonly lifetime?: Lifetime | undefined
  /** The space that is meant, where one of the name was seen before: another of that name is not opened. */
  readonly founded?: number | undefined
}

/** What the group has said of a space, which does not change while it is that space. */
export interface Known {
  /** The generation that it was founded with. */
  readonly founded: number
  readonly lifetime: Lifetime | undefined
}

/** What the group's word is for. */
export interface ContactOutlet {
  contact(session: string): void
  answer(answer: ControlAnswer): void
  /** Whether somebody is in the space here. Who only keeps spaces founds none. */
  isUsed(): boolean
  /** Whether users have it already. */
  isOpen(): boolean
  /** There is a refusal: to wait for the space does not help. */
  refused(): void
  /** The space that this peer was in is no more. */
  unknownSpace(): void
}

/** Requests without an answer, at the most: while the group is not there, more would only pile up. */
const askedMax = 8
const askTimeoutMs = 5000
/** How long the group is told that a slot is given up: until it hears it, others wait for its holder at each seal. */
const leaveTimeoutMs = 60_000
/** More lives than one opening has. */
const livesMax = 2 ** 20

/** The talk of one space with the control group. */
export class GroupContact {
  readonly #space: string
  readonly #control: ControlPort
  readonly #rules: SpaceRules
  readonly #outlet: ContactOutlet
  readonly #unsubscribe: () => void
  /** Invariant: at most `askedMax`, and two more for those that leave. */
  #asked = 0
  #latest: Promise<void> = Promise.resolve()
  #isOpening = false
  #isStopped = false
  #known: Known | undefined
  /** The lifetime that is to be asked for, before anything else; undefined once it was. */
  #wish: Lifetime | undefined
  #isFounding = false
  /** How often the group was told whether the space is used; and whether that is on its way. */
  #uses = 0
  #isTelling = false
  #refusal: JoineryError | undefined
  #answeredMs = -Infinity

  constructor(space: string, control: ControlPort, rules: SpaceRules, outlet: ContactOutlet) {
    this.#space = space
    this.#control = control
    this.#rules = rules
    this.#wish = rules.lifetime
    this.#outlet = outlet
    this.#unsubscribe = control.onSession(() => {
      this.now()
    })
  }

  /** Why the space cannot be opened, if to wait will not help. */
  get refusal(): JoineryError | undefined {
    return this.#refusal
  }

  /** Undefined while it has said nothing. */
  get known(): Known | undefined {
    return this.#known
  }

  /** Whether the group has answered something in the last `withinMs`. */
  isAnswered(withinMs: number): boolean {
    return performance.now() - this.#answeredMs <= withinMs
  }

  /** Speaks with the group. */
  now(): void {
    if (this.#isStopped || (this.#refusal !== undefined && this.#wish !== undefined)) return
    const { session } = this.#control
    if (session === undefined) void this.#openSession()
    // Before a slot is leased: who asks for what the space has not leaves no trace in it.
    else if (this.#wish !== undefined) void this.#found()
    else if (this.#asked < askedMax) this.#outlet.contact(session)
  }

  /** Speaks with the group; resolves when what was asked first is answered, or will not be. */
  async look(): Promise<void> {
    this.now()
    await this.#latest
  }

  ask(request: ControlCommand | ViewRequest): void {
    if (this.#asked < askedMax) this.#latest = this.#ask(request)
  }

  async #ask(request: ControlCommand | ViewRequest): Promise<void> {
    const answer = await this.#answerTo(this.#completed(request))
    if (answer === undefined || this.#isStopped) return
    if (answer.kind === 'refused' && answer.view === undefined) await this.#refused(answer.reason)
    else if (!('view' in answer) || answer.view === undefined) this.#outlet.answer(answer)
    else if (this.#isOther(answer.view)) {
      // A slot in the other space, as who was in this one has no use for it.
      if (answer.kind === 'leased') void this.leave(answer.member)
      this.#outlet.unknownSpace()
    } else {
      this.#outlet.answer(this.#ofThisOpening(answer))
      this.#tellUse(answer.view)
    }
  }

  /** The first request of this opening: its lives are no lives of the last one, which the group may still know of. */
  get #firstRequest(): number {
    return this.#rules.opening * livesMax
  }

  #ofThisOpening<Answer extends ControlAnswer>(answer: Answer): Answer {
    if (answer.kind !== 'leased') return answer
    return { ...answer, request: answer.request - this.#firstRequest }
  }

  /** The space that is open here, or to be: where the group knows none of the name, or another, it has ended. */
  get #meant(): number | undefined {
    return this.#known?.founded ?? this.#rules.founded
  }

  /** Whether the view is of another space of the name, which was founded since. */
  #isOther({ founded, lifetime }: SpaceView): boolean {
    if ((this.#meant ?? founded) !== founded) return true
    this.#known = { founded, lifetime }
    return false
  }

  /** A lease hangs on who is in the space: who comes and goes here says so, until the group has heard it. */
  #tellUse({ lifetime, member, standing, standingIsUsed }: SpaceView): void {
    const isLeased = typeof lifetime === 'object' && 'leaseMs' in lifetime
    const isUsed = this.#outlet.isUsed()
    if (!isLeased || standing.status === 'sealed' || standingIsUsed === isUsed) return
    if (this.#isTelling) return
    this.#isTelling = true
    const number = ++this.#uses
    const use = { kind: 'use', space: this.#space, member, isUsed, number } as const
    void this.#answerTo(use).finally(() => {
      this.#isTelling = false
      if (this.#outlet.isUsed() !== isUsed) this.now()
    })
  }

  /**
   * Ends the space, if it has not ended before.
   *
   * @throws JoineryError CALL_TIMEOUT, GROUP_UNAVAILABLE
   */
  async end(options: WaitOptions): Promise<void> {
    const generation = await this.#generation(options)
    if (generation === undefined) return
    // Refused it has ended before: of that name there is no space, or another one.
    await this.#askTwice({ kind: 'end-space', space: this.#space, generation }, options)
  }

  /** One that the space has had; undefined where there is none of that name. */
  async #generation(options: WaitOptions): Promise<number | undefined> {
    if (this.#meant !== undefined) return this.#meant
    const answer = await this.#askTwice(lookAt(this.#space), options)
    return answer.kind === 'view' ? answer.view.generation : undefined
  }

  /** Asks what may be asked twice, and again where a session has ended meanwhile. */
  async #askTwice(
    request: ControlCommand | ViewRequest,
    options: WaitOptions,
  ): Promise<ControlAnswer> {
    try {
      return await this.#control.ask(request, options)
    } catch (error) {
      if (!isJoineryError(error, 'SESSION_EXPIRED')) throw error
      return await this.#control.ask(request, options)
    }
  }

  /** The only one there gives the space up. Tells whether that was so. */
  async dissolve(member: ReplicaId, epoch: number, timeoutMs: number): Promise<boolean> {
    // No command of this life comes after it.
    const number = Number.MAX_SAFE_INTEGER
    const command = { kind: 'dissolve', space: this.#space, member, number, epoch } as const
    const answer = await this.#answerTo(command, timeoutMs)
    return answer !== undefined && answer.kind !== 'refused'
  }

  /** Says that the holder of a slot is gone, also when this has stopped. */
  async leave(member: ReplicaId): Promise<void> {
    await this.#answerTo({ kind: 'leave', space: this.#space, member }, leaveTimeoutMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#unsubscribe()
  }

  #completed(request: ControlCommand | ViewRequest): ControlCommand | ViewRequest {
    if (request.kind !== 'lease') return request
    const number = this.#firstRequest + request.request
    const { isStable } = this.#rules
    return { ...request, request: number, isStable, isUsed: this.#outlet.isUsed() }
  }

  async #openSession(): Promise<void> {
    if (this.#isOpening) return
    this.#isOpening = true
    try {
      // Told of by the subscription, to all spaces at once.
      await this.#control.openSession()
    } catch (error) {
      // Tried again at the next contact.
      if (!isJoineryError(error)) throw error
    } finally {
      this.#isOpening = false
    }
  }

  async #answerTo(
    request: ControlCommand | ViewRequest,
    timeoutMs = askTimeoutMs,
  ): Promise<ControlAnswer | undefined> {
    this.#asked++
    try {
      const answer = await this.#control.ask(request, { timeoutMs })
      this.#answeredMs = performance.now()
      return answer
    } catch (error) {
      // Asked again at the next contact.
      if (!isJoineryError(error)) throw error
      return undefined
    } finally {
      this.#asked--
    }
  }

  async #refused(reason: ControlRefusal): Promise<void> {
    if (reason === 'no-free-slot') this.#refuse(this.#busy('as many peers as can be have it open'))
    if (reason !== 'unknown-space') return
    if (this.#meant !== undefined) this.#outlet.unknownSpace()
    // It has ended since this peer was asked to keep it. What began alone is there, though nobody may be in it just now.
    else if (!this.#outlet.isUsed() && !this.#outlet.isOpen()) this.#refuse(spaceEnded(this.#space))
    else await this.#found()
  }

  async #found(): Promise<void> {
    if (this.#isFounding) return
    this.#isFounding = true
    const { keepers, durability } = this.#rules
    const [space, lifetime] = [this.#space, this.#wish]
    const answer = await this.#answerTo({ kind: 'found', space, keepers, durability, lifetime })
    this.#isFounding = false
    if (answer === undefined || this.#isStopped) return
    const reason = answer.kind === 'refused' ? answer.reason : undefined
    // What is left of the last space of that name is being deleted: the next contact asks again.
    if (reason === 'not-its-time') return
    if (reason === undefined) this.#wish = undefined
    if (reason === 'too-many-spaces')
      this.#refuse(this.#busy('the cluster has as many spaces as it can'))
    if (reason === 'exists-otherwise' && lifetime !== undefined) await this.#differs(lifetime)
    this.now()
  }

  /** The space has another lifetime than was asked for. Who has it open already takes what there is. */
  async #differs(wish: Lifetime): Promise<void> {
    const looked = await this.#answerTo(lookAt(this.#space))
    if (looked?.kind !== 'view') return
    if (this.#outlet.isOpen()) this.#wish = undefined
    this.#refuse(lifetimeDiffers(this.#space, wish, looked.view.lifetime))
  }

  /** Nobody waits for what has begun alone: it is tried on. */
  #refuse(refusal: JoineryError): void {
    if (this.#outlet.isOpen()) return
    this.#refusal = refusal
    this.#outlet.refused()
  }

  #busy(why: string): JoineryError {
    return groupBusy(`The space "${this.#space}" cannot be opened: ${why}.`)
  }
}

/** A question of nobody, who is no member. */
function lookAt(space: string): ViewRequest {
  return { kind: 'view', space, member: 0n, epoch: 0 }
}
