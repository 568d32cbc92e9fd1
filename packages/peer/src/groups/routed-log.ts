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

  async submit(group: number, call: CallCommand, options: WaitOptions = {}): Promise<Outcome> {
    return await this.#outcome(group, call, options)
  }

  async withdraw(
    group: number,
    session: SessionId,
    sequence: number,
    options: WaitOptions = {},
  ): Promise<Outcome> {
    return await this.#outcome(group, { kind: 'withdraw', session, sequence }, options)
  }

  async read(group: number, query: Query, options: WaitOptions = {}): Promise<Outcome> {
    return expect(await this.#ask({ kind: 'read', group, query }, options), 'outcome', group)
      .outcome
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
    const outcome = await this.#outcome(group, command, options)
    if (outcome.kind === 'failed') throw errorOf(outcome.failure)
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  async #outcome(group: number, command: Command, options: WaitOptions): Promise<Outcome> {
    return expect(await this.#ask({ kind: 'submit', group, command }, options), 'outcome', group)
      .outcome
  }

  async #groupOf(space: string, name: string, options: WaitOptions): Promise<number> {
    if (this.#leaders.groupCount === 0) {
      // A peer that has met nobody yet does not know which group it is.
      const search = new Attempt(this.#leaders, undefined, options)
      await search.done
    }
    return groupOf(space, name, this.#leaders.groupCount)
  }

  async #ask(request: GroupRequest, options: WaitOptions): Promise<GroupReply> {
    return await new Attempt(this.#leaders, request, options).done
  }
}

/** One request, until a leader has answered it. Without one it waits until the groups are known. */
class Attempt {
  readonly done: Promise<GroupReply>
  readonly #leaders: LeaderPort
  readonly #request: GroupRequest | undefined
  readonly #signal: AbortSignal | undefined
  #resolve!: (reply: GroupReply) => void
  #reject!: (reason: unknown) => void
  #isOver = false
  #onAbort: (() => void) | undefined
  #stopAsking: (() => void) | undefined
  #stopListening: (() => void) | undefined
  #again: NodeJS.Timeout | undefined
  #deadline: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #isImpatient = false
  #isAsking = false

  constructor(leaders: LeaderPort, request: GroupRequest | undefined, options: WaitOptions) {
    this.#leaders = leaders
    this.#request = request
    this.#signal = options.signal
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
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

  #try(): void {
    if (this.#isOver) return
    this.#stopListening?.()
    this.#stopListening = undefined
    clearTimeout(this.#again)
    if (this.#request === undefined) {
      if (this.#leaders.groupCount > 0) this.#finish(() => this.#resolve({ kind: 'accepted' }))
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
        this.#finish(() => this.#resolve(reply))
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

  #fail(reason: unknown): void {
    this.#finish(() => this.#reject(reason))
  }

  #finish(settle: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#again)
    clearTimeout(this.#deadline)
    clearTimeout(this.#patience)
    this.#stopListening?.()
    this.#stopAsking?.()
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    settle()
  }
}

/** Another peer that answers what was not asked has as good as not answered. */
function expect<K extends GroupReply['kind']>(
  reply: GroupReply,
  kind: K,
  group: number,
): Extract<GroupReply, { kind: K }> {
  if (reply.kind !== kind) {
    throw groupUnavailable(group, 'unknown', `The leader answered with ${reply.kind}.`)
  }
  return reply as Extract<GroupReply, { kind: K }>
}
