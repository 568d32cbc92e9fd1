import { isJoineryError, type JoineryError } from '@joinery/crdt-objects'
import { type ReplicaId } from '@joinery/crdt-objects/engine'
import { groupBusy } from '@joinery/consensus/caller'
import { type ControlPort } from '../identity/control-client.ts'
import {
  type ControlAnswer,
  type ControlCommand,
  type ControlRefusal,
  type ViewRequest,
} from '../identity/core/control-contract.ts'

/** How a space is founded, and what this peer is to it. */
export interface SpaceRules {
  /** How many peers shall keep it. */
  readonly keepers: number
  /** How many of them hold what is acknowledged. */
  readonly durability: number
  /** Whether this peer stays, and is to be a keeper before those that come and go. */
  readonly isStable: boolean
}

/** What the group's word is for. */
export interface ContactOutlet {
  contact(session: string): void
  answer(answer: ControlAnswer): void
  /** The space that this peer was in is no more. */
  unknownSpace(): void
}

/** Requests without an answer, at the most: while the group is not there, more would only pile up. */
const askedMax = 8
const askTimeoutMs = 5000

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
  /** Whether the group has known the space: then not to know it means that it was ended. */
  #wasKnown = false
  #refusal: JoineryError<'GROUP_BUSY'> | undefined
  #answeredMs = -Infinity

  constructor(space: string, control: ControlPort, rules: SpaceRules, outlet: ContactOutlet) {
    this.#space = space
    this.#control = control
    this.#rules = rules
    this.#outlet = outlet
    this.#unsubscribe = control.onSession(() => {
      this.now()
    })
  }

  /** Why the space cannot be opened, if to wait will not help. */
  get refusal(): JoineryError<'GROUP_BUSY'> | undefined {
    return this.#refusal
  }

  /** Whether the group has answered something in the last `withinMs`. */
  isAnswered(withinMs: number): boolean {
    return performance.now() - this.#answeredMs <= withinMs
  }

  /** Speaks with the group. */
  now(): void {
    if (this.#isStopped) return
    const { session } = this.#control
    if (session === undefined) void this.#openSession()
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
    else {
      this.#wasKnown = true
      this.#outlet.answer(answer)
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

  /** Says that the holder of a slot is gone. */
  async leave(member: ReplicaId, timeoutMs: number): Promise<void> {
    await this.#answerTo({ kind: 'leave', space: this.#space, member }, timeoutMs)
  }

  stop(): void {
    this.#isStopped = true
    this.#unsubscribe()
  }

  #completed(request: ControlCommand | ViewRequest): ControlCommand | ViewRequest {
    return request.kind === 'lease' ? { ...request, isStable: this.#rules.isStable } : request
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
    if (reason === 'no-free-slot') this.#refuse('as many peers as can be have it open')
    if (reason !== 'unknown-space') return
    if (this.#wasKnown) {
      this.#outlet.unknownSpace()
      return
    }
    const { keepers, durability } = this.#rules
    const found = { kind: 'found', space: this.#space, keepers, durability } as const
    const answer = await this.#answerTo(found)
    if (answer?.kind === 'refused' && answer.reason === 'too-many-spaces') {
      this.#refuse('the cluster has as many spaces as it can')
    }
    this.now()
  }

  #refuse(why: string): void {
    this.#refusal = groupBusy(`The space "${this.#space}" cannot be opened: ${why}.`)
  }
}
