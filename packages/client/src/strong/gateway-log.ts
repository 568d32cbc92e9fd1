import {
  type CallCommand,
  type CallOptions,
  decodeOutcome,
  encodeCommand,
  encodeQuery,
  type ObjectAddress,
  type OrderedLog,
  type Outcome,
  type Query,
  type SessionId,
} from '@joinery/consensus/caller'
import { isJoineryError, type WaitOptions } from '@joinery/crdt-objects'
import { checkSize } from '../arguments.ts'
import type { Read, RepeatableRequest } from '../call.ts'
import { gatewayUnreachable } from '../errors.ts'
import type { KeepersSummary } from '../protocol/summary.ts'

/** What a log needs of the client's session: requests that survive the loss of connections for a while. */
export interface Requests {
  request(request: RepeatableRequest, options: WaitOptions): Promise<unknown>
  /** Gives what `read` makes of the answer. */
  request<T>(request: RepeatableRequest, options: WaitOptions, read: Read<T>): Promise<T>
}

/**
 * How long an answer may take that nothing but the groups decides on. Calls and watches are not among them: they may
 * wait within objects.
 */
const promptMs = 5000

/** The groups behind a gateway. Each call is one attempt: whoever makes it tries again when the gateway is lost. */
export class GatewayLog implements OrderedLog {
  private readonly requests: Requests

  constructor(requests: Requests) {
    this.requests = requests
  }

  async openObject(
    space: string,
    name: string,
    descriptor: string,
    options: WaitOptions = {},
  ): Promise<ObjectAddress> {
    const request = { kind: 'strong-open', space, name, descriptor } as const
    const [group, object] = (await this.prompt(request, options)) as [number, number]
    return { group, object }
  }

  async deleteObject(space: string, name: string, options: WaitOptions = {}): Promise<void> {
    await this.prompt({ kind: 'strong-delete', space, name }, options)
  }

  async openSession(
    group: number,
    session: SessionId,
    leaseMs: number,
    options: WaitOptions = {},
  ): Promise<void> {
    await this.prompt({ kind: 'session-open', group, session, leaseMs }, options)
  }

  async renewSession(
    group: number,
    session: SessionId,
    options: WaitOptions = {},
  ): Promise<boolean> {
    return (await this.prompt({ kind: 'session-renew', group, session }, options)) === true
  }

  async closeSession(group: number, session: SessionId, options: WaitOptions = {}): Promise<void> {
    await this.prompt({ kind: 'session-close', group, session }, options)
  }

  submit(group: number, call: CallCommand, options: CallOptions = {}): Promise<Outcome> {
    // No async function: each promise on the way of an answer is a turn of the microtasks.
    try {
      const encoded = encodeCommand(call)
      checkSize(encoded.length)
      const { space = '', signal } = options
      const request = { kind: 'submit', group, space, call: encoded } as const
      return this.requests.request(request, { signal, timeoutMs: Infinity }, outcomeOf)
    } catch (error) {
      if (!isJoineryError(error)) throw error
      return Promise.reject(error)
    }
  }

  async withdraw(
    group: number,
    session: SessionId,
    sequence: number,
    options: CallOptions = {},
  ): Promise<Outcome> {
    const { space = '' } = options
    const request = { kind: 'withdraw', group, space, session, sequence } as const
    return outcomeOf(await this.prompt(request, options))
  }

  async read(group: number, query: Query, options: CallOptions = {}): Promise<Outcome> {
    const encoded = encodeQuery(query)
    checkSize(encoded.length)
    const { space = '' } = options
    const request = { kind: 'query', group, space, query: encoded } as const
    return outcomeOf(await this.prompt(request, options))
  }

  async watch(
    group: number,
    object: number,
    after: number,
    options: WaitOptions = {},
  ): Promise<number> {
    const request = { kind: 'watch', group, object, after } as const
    const { signal } = options
    return Number(await this.requests.request(request, { signal, timeoutMs: Infinity }))
  }

  /** Asks to have a voter replaced, whether it is there or not. */
  async replaceVoter(group: number, node: number, options: WaitOptions = {}): Promise<void> {
    await this.prompt({ kind: 'replace-voter', group, node }, options)
  }

  /** Asks who keeps a space; with `isWordGiven` also that those who are gone are dropped. */
  async keepers(
    space: string,
    isWordGiven: boolean,
    options: WaitOptions = {},
  ): Promise<KeepersSummary> {
    return (await this.prompt({ kind: 'keepers', space, isWordGiven }, options)) as KeepersSummary
  }

  private async prompt(
    request: RepeatableRequest,
    { signal, timeoutMs = promptMs }: WaitOptions,
  ): Promise<unknown> {
    const limits = { signal, timeoutMs: Math.min(timeoutMs, promptMs) }
    try {
      return await this.requests.request(request, limits)
    } catch (error) {
      if (!isJoineryError(error, 'CALL_TIMEOUT')) throw error
      throw gatewayUnreachable(error.details.outcome, 'The gateway did not answer.', error)
    }
  }
}

/** @throws JoineryError ENCODING_INVALID */
function outcomeOf(answer: unknown): Outcome {
  return decodeOutcome(answer instanceof Uint8Array ? answer : new Uint8Array())
}
