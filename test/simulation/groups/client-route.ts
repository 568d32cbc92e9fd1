import type { WaitOptions } from '@joinery/crdt-objects'
import type {
  CallCommand,
  ObjectAddress,
  OrderedLog,
  Outcome,
  Query,
  SessionId,
} from '#consensus/caller/index.ts'
import { errorOf } from '#consensus/caller/index.ts'
import type { Command } from '#consensus/host/command.ts'
import { Attempt, type AttemptParts, type Reply } from './attempt.ts'
import type { Member } from './simulated-group.ts'

type Ask<T> = (member: Member, reply: (reply: Reply<T>) => void) => void

/** The group that all is asked of. */
const GROUP = 0

/** The way of a client to the group, over a network that loses, repeats and delays. */
export class ClientRoute implements OrderedLog {
  readonly #parts: AttemptParts
  /** The last call of each object that was sent, by its session and sequence. */
  readonly lastCalls = new Map<number, { readonly session: SessionId; readonly sequence: number }>()

  constructor(parts: AttemptParts) {
    this.#parts = parts
  }

  async openObject(
    space: string,
    name: string,
    descriptor: string,
    options: WaitOptions = {},
  ): Promise<ObjectAddress> {
    const command = { kind: 'open-object', space, name, descriptor } as const
    return { group: GROUP, object: (await this.#command(command, options)) as number }
  }

  async deleteObject(space: string, name: string, options: WaitOptions = {}): Promise<void> {
    await this.#command({ kind: 'delete-object', space, name }, options)
  }

  async openSession(
    _: number,
    session: SessionId,
    leaseMs: number,
    options: WaitOptions = {},
  ): Promise<void> {
    await this.#command({ kind: 'open-session', session, leaseMs }, options)
  }

  renewSession(_: number, session: SessionId, options: WaitOptions = {}): Promise<boolean> {
    return this.#ask<boolean>((member, reply) => {
      member.node.renew(session, (renewed) => {
        reply(typeof renewed === 'boolean' ? { kind: 'value', value: renewed } : renewed)
      })
    }, options)
  }

  async closeSession(_: number, session: SessionId, options: WaitOptions = {}): Promise<void> {
    const command = { kind: 'end-sessions', sessions: [session], reason: 'closed' } as const
    await this.#command(command, options)
  }

  async submit(_: number, call: CallCommand, options: WaitOptions = {}): Promise<Outcome> {
    const { session, sequence, object } = call
    this.lastCalls.set(object, { session, sequence })
    const outcome = await this.#outcome(call, options)
    this.#parts.group.truth.replied(session, sequence, outcome)
    return outcome
  }

  async withdraw(
    _: number,
    session: SessionId,
    sequence: number,
    options: WaitOptions = {},
  ): Promise<Outcome> {
    const outcome = await this.#outcome({ kind: 'withdraw', session, sequence }, options)
    this.#parts.group.truth.replied(session, sequence, outcome)
    return outcome
  }

  read(_: number, query: Query, options: WaitOptions = {}): Promise<Outcome> {
    return this.#ask((member, reply) => {
      member.node.read(query, (result) => reply(replyOf(result)))
    }, options)
  }

  watch(_: number, object: number, after: number, options: WaitOptions = {}): Promise<number> {
    return this.#ask<number>((member, reply) => {
      member.node.watch(object, after, (result) => reply(replyOf(result)))
    }, options)
  }

  async #command(command: Command, options: WaitOptions): Promise<unknown> {
    const outcome = await this.#outcome(command, options)
    if (outcome.kind === 'failed') throw errorOf(outcome.failure)
    return outcome.kind === 'done' ? outcome.value : undefined
  }

  #outcome(command: Command, options: WaitOptions): Promise<Outcome> {
    return this.#ask((member, reply) => {
      member.node.submit(command, (result) => reply(replyOf(result)))
    }, options)
  }

  #ask<T>(ask: Ask<T>, options: WaitOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      new Attempt(this.#parts, ask, options, { resolve, reject }).start()
    })
  }
}

const refusals = new Set(['not-leader', 'busy', 'lost'])

function replyOf<T extends Outcome | number>(
  result: T | Extract<Reply<T>, { kind: string }>,
): Reply<T> {
  const isRefusal = typeof result === 'object' && refusals.has(result.kind)
  return isRefusal ? (result as Reply<T>) : { kind: 'value', value: result as T }
}
