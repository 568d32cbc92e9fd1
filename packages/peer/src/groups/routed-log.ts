/*
 * The ordered log of a peer: whatever is asked of a group goes to its leader, wherever that is. A group that leads here
 * is asked directly; else the peer that said last that it leads. While nobody does, an attempt waits a moment for a
 * leader, which is mostly all it takes, and then fails: who asked knows best whether to go on.
 */
import { invalidValue, type WaitOptions } from '@joinery/crdt-objects'
import type { ObjectAddress, OrderedLog } from '@joinery/consensus'
import { errorOf, groupBusy, groupUnavailable } from '@joinery/consensus/caller'
import type { CallCommand, Command, Outcome, Query, SessionId } from '@joinery/consensus/host'
import { groupOf } from './core/group-of.ts'
import type { GroupLook, GroupReply, GroupRequest, ListedObject } from './group-request.ts'

/** The way to the leaders. */
export interface LeaderPort {
  /** How many groups there are; 0 while it is not known. */
  readonly groupCount: number
  /**
   * Asks whoever leads now; undefined when nobody is known to. `done` is called once. Gives what ends the wait for the
   * reply.
   */
  ask(request: GroupRequest, done: (reply: GroupReply) => void): (() => void) | undefined
  /** Calls `listener` once when a leader has changed. Gives what takes it back. */
  onLeaderChange(listener: () => void): () => void
}

/** How what was asked ends: one of them is told, once, perhaps at once. */
interface Settle<Answer> {
  answered(answer: Answer): void
  failed(reason: unknown): void
}

/** For how long an attempt waits for a leader when it has no time limit. */
const leaderWaitMs = 1000
/** Who is no longer the leader may not have heard yet of who is. */
const againMs = 20
const timeoutMsMax = 2 ** 31 - 1

/** Orders commands through the groups of the cluster. */
export class RoutedLog implements OrderedLog {
  readonly #leaders: LeaderPort

  constructor(leaders: LeaderPort) {
    this.#leaders = leaders
  }

  async openObject(
    space: string,
    name: string,
    descriptor: string,
    options: WaitOptions = {},
  ): Promise<ObjectAddress> {
    const group = await this.#groupOf(space, name, options)
    const command = { kind: 'open-object', space, name, descriptor } as const
    const object = await this.#command(group, command, options)
    if (typeof object !== 'number')
      throw groupUnavailable(group, 'unknown', 'The leader gave the object no number.')
    return { group, object }
  }

  async deleteObject(space: string, name: string, options: WaitOptions = {}): Promise<void> {
    const group = await this.#groupOf(space, name, options)
    await this.#command(group, { kind: 'delete-object', space, name }, options)
  }

  /** Deletes all objects of a space, in every group. */
  async endSpace(space: string, options: WaitOptions = {}): Promise<void> {
    const groups = Array.from({ length: this.#leaders.groupCount }, (_, group) => group)
    const command = { kind: 'end-space', space } as const
    await Promise.all(groups.map(async (group) => await this.#command(group, command, options)))
  }

  async openSession(
    group: number,
    session: SessionId,
    leaseMs: number,
    options: WaitOptions = {},
  ): Promise<void> {
    await this.#command(group, { kind: 'open-session', session, leaseMs }, options)
  }

  async renewSession(
    group: number,
    session: SessionId,
    options: WaitOptions = {},
  ): Promise<boolean> {
    const reply = await this.#ask({ kind: 'renew', group, session }, options)
    return expect(reply, 'renewed', group).isOpen
  }

  async closeSession(group: number, session: SessionId, options: WaitOptions = {}): Promise<void> {
    const command = { kind: 'end-sessions', sessions: [session], reason: 'closed' } as const
    await this.#command(group, command, options)
  }

  submit(group: number, call: CallCommand, options: WaitOptions = {}): Promise<Outcome> {
    return this.#outcome({ kind: 'submit', group, command: call }, options)
  }

  withdraw(
    group: number,
    session: SessionId,
    sequence: number,
    options: WaitOptions = {},
  ): Promise<Outcome> {
    const command = { kind: 'withdraw', session, sequence } as const
    return this.#outcome({ kind: 'submit', group, command }, options)
  }

  read(group: number, query: Query, options: WaitOptions = {}): Promise<Outcome> {
    return this.#outcome({ kind: 'read', group, query }, options)
  }

  /** Asks for an outcome without a promise. Gives what ends the wait: then nobody is told. */
  ask(
    request: Extract<GroupRequest, { kind: 'submit' | 'read' }>,
    settle: Settle<Outcome>,
    options: WaitOptions = {},
  ): () => void {
    const { group } = request
    const attempt = new Attempt(this.#leaders, request, options, {
      answered: (reply) => {
        if (reply.kind === 'outcome') settle.answered(reply.outcome)
        else settle.failed(misanswered(reply, group))
      },
      failed: (reason) => settle.failed(reason),
    })
    return () => attempt.stop()
  }

  async watch(
    group: number,
    object: number,
    after: number,
    options: WaitOptions = {},
  ): Promise<number> {
    const reply = await this.#ask({ kind: 'watch', group, object, after }, options)
    return expect(reply, 'changed', group).position
  }

  /** The group as its leader sees it. */
  async look(group: number, options: WaitOptions = {}): Promise<GroupLook> {
    return expect(await this.#ask({ kind: 'look', group }, options), 'look', group).look
  }

  /** The objects of a space in that group, as many as one reply takes. */
  async list(
    group: number,
    space: string,
    options: WaitOptions = {},
  ): Promise<readonly ListedObject[]> {
    return expect(await this.#ask({ kind: 'list', group, space }, options), 'list', group).objects
  }

  /** Has a voter replaced, whether it is there or not. */
  async replaceVoter(group: number, node: number, options: WaitOptions = {}): Promise<void> {
    expect(await this.#ask({ kind: 'replace', group, node }, options), 'accepted', group)
  }

  async #command(group: number, command: Command, options: WaitOptions): Promise<unknown> {
    const outcome = await this.#outcome({ kind: 'submit', group, command }, options)
    if (outcome.kind === 'failed') throw errorOf(outcome.failure)
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  #outcome(
    request: Extract<GroupRequest, { kind: 'submit' | 'read' }>,
    options: WaitOptions,
  ): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.ask(request, { answered: resolve, failed: reject }, options)
    })
  }

  async #groupOf(space: string, name: string, options: WaitOptions): Promise<number> {
    if (this.#leaders.groupCount === 0) {
      // A peer that has met nobody yet does not know which group it is.
      await this.#ask(undefined, options)
    }
    return groupOf(space, name, this.#leaders.groupCount)
  }

  #ask(request: GroupRequest | undefined, options: WaitOptions): Promise<GroupReply> {
    return new Promise((resolve, reject) => {
      new Attempt(this.#leaders, request, options, { answered: resolve, failed: reject })
    })
  }
}

/** One request, until a leader has answered it. Without one it waits until the groups are known. */
class Attempt {
  readonly #leaders: LeaderPort
  readonly #request: GroupRequest | undefined
  readonly #signal: AbortSignal | undefined
  readonly #settle: Settle<GroupReply>
  #isOver = false
  #onAbort: (() => void) | undefined
  #stopAsking: (() => void) | undefined
  #stopListening: (() => void) | undefined
  #again: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #isImpatient = false
  #isAsking = false

  constructor(
    leaders: LeaderPort,
    request: GroupRequest | undefined,
    options: WaitOptions,
    settle: Settle<GroupReply>,
  ) {
    this.#leaders = leaders
    this.#request = request
    this.#signal = options.signal
    this.#settle = settle
    if (options.signal?.aborted === true) {
      this.#fail(options.signal.reason)
      return
    }
    if (options.signal !== undefined) {
      this.#onAbort = () => this.#fail(options.signal?.reason)
      options.signal.addEventListener('abort', this.#onAbort, { once: true })
    }
    if (options.timeoutMs !== undefined && options.timeoutMs !== Infinity) {
      const expire = (): void => {
        this.#expire()
      }
      this.#deadline = setTimeout(expire, Math.min(options.timeoutMs, timeoutMsMax))
    }
    this.#try()
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.#end()
  }

  #try(): void {
    if (this.#isOver) return
    this.#stopListening?.()
    this.#stopListening = undefined
    clearTimeout(this.#again)
    if (this.#request === undefined) {
      if (this.#leaders.groupCount > 0) this.#answer({ kind: 'accepted' })
      else this.#wait()
      return
    }
    this.#isAsking = true
    let stop: (() => void) | undefined
    try {
      stop = this.#leaders.ask(this.#request, (reply) => this.#take(reply))
    } catch (error) {
      // It is too large to be sent, or cannot be encoded.
      this.#fail(error)
      return
    }
    // It may have been answered at once.
    if (stop !== undefined && this.#isAsking) this.#stopAsking = stop
    if (stop !== undefined) return
    this.#isAsking = false
    this.#wait()
  }

  #take(reply: GroupReply): void {
    if (this.#isOver) return
    this.#isAsking = false
    this.#stopAsking = undefined
    switch (reply.kind) {
      case 'not-leader':
        this.#wait()
        if (!this.#isOver) this.#again = setTimeout(() => this.#try(), againMs)
        break
      case 'busy':
        this.#fail(groupBusy(reply.reason))
        break
      case 'lost':
        this.#fail(groupUnavailable(this.#request?.group ?? 0, 'unknown'))
        break
      case 'invalid':
        this.#fail(invalidValue(`the group refuses the request: ${reply.reason}`))
        break
      case 'outcome':
      case 'renewed':
      case 'changed':
      case 'look':
      case 'list':
      case 'accepted':
        this.#answer(reply)
    }
  }

  /** Nobody leads: for how long that is borne counts from the first time. */
  #wait(): void {
    if (this.#isImpatient) {
      this.#expire()
      return
    }
    this.#stopListening = this.#leaders.onLeaderChange(() => this.#try())
    // With a time limit of its own, that decides.
    if (this.#patience !== undefined || this.#deadline !== undefined) return
    this.#patience = setTimeout(() => {
      this.#isImpatient = true
      // A leader that was asked meanwhile may take as long as it takes.
      if (!this.#isAsking) this.#expire()
    }, leaderWaitMs)
  }

  #expire(): void {
    const outcome = this.#isAsking ? 'unknown' : 'not-applied'
    this.#fail(groupUnavailable(this.#request?.group ?? 0, outcome))
  }

  #answer(reply: GroupReply): void {
    if (this.#end()) this.#settle.answered(reply)
  }

  #fail(reason: unknown): void {
    if (this.#end()) this.#settle.failed(reason)
  }

  /** Lets go of all that it waits by. Answers whether it was not over yet. */
  #end(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    // Most attempts are answered at once, and have set no timer.
    if (this.#again !== undefined) clearTimeout(this.#again)
    if (this.#deadline !== undefined) clearTimeout(this.#deadline)
    if (this.#patience !== undefined) clearTimeout(this.#patience)
    this.#stopListening?.()
    this.#stopAsking?.()
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    return true
  }
}

function expect<K extends GroupReply['kind']>(
  reply: GroupReply,
  kind: K,
  group: number,
): Extract<GroupReply, { kind: K }> {
  if (reply.kind !== kind) throw misanswered(reply, group)
  return reply as Extract<GroupReply, { kind: K }>
}

/** Another peer that answers what was not asked has as good as not answered. */
function misanswered({ kind }: GroupReply, group: number): Error {
  return groupUnavailable(group, 'unknown', `The leader answered with ${kind}.`)
}
