import {
  invalidValue,
  isJoineryError,
  type JoineryError,
  type Space,
  type SpaceOptions,
  type Spaces,
  type WaitOptions,
} from '@joinery/crdt-objects'
import type { StrongCaller } from '@joinery/consensus/caller'
import { checkLifetime, decodeBookmark, type VersionVector } from '@joinery/crdt-objects/engine'
import type { Backoff } from './backoff.ts'
import { clientClosed, gatewayUnreachable } from './errors.ts'
import { Inspection } from './inspection.ts'
import type { Token } from './link.ts'
import { ObjectRecords } from './object-records.ts'
import { checkName, RemoteSpace } from './remote-space.ts'
import { Session } from './session.ts'
import { clientCaller } from './strong/client-caller.ts'
import { GatewayLog } from './strong/gateway-log.ts'
import { Visits } from './visits.ts'

/** Options of {@link connect}. */
export interface ConnectOptions extends WaitOptions {
  /** The gateway's token, or a function that gives a fresh one; asked at each connection. */
  readonly token?: Token | undefined
  /**
   * Pauses between attempts to connect, or `false` for one attempt at each address. When this is not given, the first
   * connection fails at once if nothing listens at any of the addresses; given, it is waited for until `timeoutMs`.
   * A connection that is lost later is tried again either way.
   */
  readonly retry?: Partial<Backoff> | false | undefined
  /** The time limit of each call that has none of its own, and of connecting. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Gives up connecting; it does not close a client that has connected. */
  readonly signal?: AbortSignal | undefined
}

/** A connection to a gateway that survives the loss of sockets and gateways. */
export interface Client extends Spaces<'remote'>, AsyncDisposable {
  /** Names this client to gateways, for as long as it lives. */
  readonly session: string
  /** Looks at what is there without schemas. */
  readonly inspect: Inspection
  /** Ends it. Calls under way fail. */
  close(): Promise<void>
}

/**
 * Connects to a gateway, the first of several addresses that answers.
 *
 * @throws JoineryError GATEWAY_UNREACHABLE, ACCESS_DENIED, GATEWAY_BUSY, VALUE_INVALID; the reason of `signal`.
 */
export async function connect(
  url: string | readonly string[],
  options: ConnectOptions = {},
): Promise<Client> {
  const { timeoutMs = 10_000, signal, token = '', retry } = options
  checkOptions(options)
  signal?.throwIfAborted()
  const urls = socketUrls(url)
  const connection = globalThis.crypto.getRandomValues(new Uint8Array(16))
  const backoff = retry === false ? false : { ...{ delayMsMin: 50, delayMsMax: 2000 }, ...retry }
  const session = new Session({ urls, token, backoff, connection }, timeoutMs)
  try {
    await welcomed(session, urls.length, { timeoutMs, signal }, retry)
  } catch (error) {
    await session.close()
    throw error
  }
  return new GatewayClient(encodeHex(connection), session)
}

const known = ['token', 'retry', 'timeoutMs', 'signal'] satisfies (keyof ConnectOptions)[]
const knownPauses = ['delayMsMin', 'delayMsMax'] satisfies (keyof Backoff)[]

/** @throws JoineryError VALUE_INVALID, for what the types do not tell from what a program reads elsewhere. */
function checkOptions(options: Readonly<Partial<Record<keyof ConnectOptions, unknown>>>): void {
  checkNames('connect', known, options)
  const { token, retry, timeoutMs = 0 } = options
  // The value is not shown: it may be a secret.
  if (token !== undefined && typeof token !== 'string' && typeof token !== 'function')
    throw invalidValue('token is a text, or a function that gives one')
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0))
    throw invalidValue('timeoutMs is a number of at least 0', timeoutMs)
  if (retry === undefined || retry === false) return
  if (typeof retry !== 'object' || retry === null)
    throw invalidValue('retry is false, or the pauses between attempts', retry)
  checkNames('retry', knownPauses, retry)
  for (const [name, pause] of Object.entries(retry)) {
    if (typeof pause !== 'number' || !(pause >= 0))
      throw invalidValue(`retry.${name} is a number of ms`, pause)
  }
}

function checkNames(what: string, names: readonly string[], options: object): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw invalidValue(`${what} has no such option: it has ${names.join(', ')}`, unknown)
}

function socketUrls(url: string | readonly string[]): readonly string[] {
  // Callers without types forget it, or take it from an environment that lacks it.
  const texts: unknown = typeof url === 'string' ? [url] : url
  if (!Array.isArray(texts) || texts.length === 0)
    throw invalidValue('connect needs the address of a gateway, such as ws://127.0.0.1:7070', texts)
  return texts.map(socketUrl)
}

function socketUrl(text: unknown): string {
  if (typeof text !== 'string') throw invalidValue('the address of a gateway is a text', text)
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalidValue('the address of a gateway looks like ws://127.0.0.1:7070', text)
  }
  const protocol = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol]
  if (protocol === undefined)
    throw invalidValue('the address of a gateway starts with ws, wss, http or https', text)
  url.protocol = protocol
  return url.href
}

function welcomed(
  session: Session,
  addresses: number,
  options: WaitOptions & { readonly timeoutMs: number },
  retry: ConnectOptions['retry'],
): Promise<void> {
  const { timeoutMs, signal } = options
  let failures = 0
  let inVain = 0
  let last: JoineryError | undefined
  return new Promise<void>((resolve, reject) => {
    const abort = (): void => end(() => reject(signal?.reason as Error))
    const late = setTimeout(
      () => {
        const why = last?.message ?? `No gateway answered within ${timeoutMs} ms.`
        end(() => reject(last ?? gatewayUnreachable('not-applied', why)))
      },
      Math.min(timeoutMs, 2 ** 31 - 1),
    )
    const end = (settle: () => void): void => {
      clearTimeout(late)
      signal?.removeEventListener('abort', abort)
      settle()
    }
    signal?.addEventListener('abort', abort, { once: true })
    session.start((failure, nobody = false) => {
      if (failure === undefined) return end(resolve)
      last = failure
      failures += 1
      if (nobody) inVain += 1
      const refused = failure.code !== 'GATEWAY_UNREACHABLE' && failure.code !== 'GATEWAY_BUSY'
      // An address where nothing listens is mostly a mistake, and a function has no time to wait for its mending.
      const hopeless = refused || retry === false || (retry === undefined && inVain === failures)
      if (hopeless && failures >= addresses) end(() => reject(failure))
    })
  })
}

class GatewayClient implements Client {
  readonly session: string
  readonly inspect: Inspection
  private readonly calls: Session
  private readonly log: GatewayLog
  private readonly caller: StrongCaller
  private readonly records: ObjectRecords
  private readonly visits = new Visits()
  private isClosed = false

  constructor(session: string, calls: Session) {
    this.session = session
    this.calls = calls
    this.log = new GatewayLog(calls)
    this.caller = clientCaller(this.log, calls.timeoutMs)
    this.records = new ObjectRecords(calls, (space) => this.visits.isOver(space))
    const { recordOf } = this.records
    this.inspect = new Inspection({ session: calls, recordOf, log: this.log })
    calls.attend({
      seen: (space, vector) => this.visits.find(space)?.seen.add(vector),
      ended: (space, reason) => this.ended(space, reason),
      gatewayLost: () => {
        for (const [name, space] of this.visits.open) void this.catchUp(name, space)
      },
    })
  }

  async space(name: string, options: SpaceOptions = {}): Promise<Space<'remote'>> {
    checkName('space', name)
    checkLifetime(options.lifetime)
    const needed = options.after === undefined ? undefined : decodeBookmark(name, options.after)
    const wasOpen = this.visits.find(name)?.space !== undefined
    try {
      return await this.openSpace(name, needed, options)
    } catch (error) {
      // What was open here has ended, as is learnt just now; and it is asked for again.
      if (!wasOpen || !this.hasEnded(error)) throw error
      return await this.openSpace(name, needed, options)
    }
  }

  private async openSpace(
    name: string,
    needed: VersionVector | undefined,
    { lifetime, signal }: SpaceOptions,
  ): Promise<RemoteSpace> {
    const visit = this.visits.begin(name)
    if (needed !== undefined) visit.seen.merge(needed)
    const meant = visit.space?.founded ?? 0
    const of = { space: name, founded: meant, lifetime, after: visit.seen.encoded }
    try {
      const request = { kind: 'open-space', ...of } as const
      const founded = Number(await this.calls.request(request, { signal }))
      if (visit.space === undefined || visit.space.signal.aborted) {
        const parts = { calls: this.calls, seen: visit.seen, founded }
        const closed = (): void => this.leave(name)
        visit.space = new RemoteSpace(
          name,
          { ...parts, closed },
          this.records.recordOf,
          this.caller,
        )
      }
      return visit.space
    } catch (error) {
      if (this.hasEnded(error)) this.ended(name, error)
      throw error
    } finally {
      visit.openings -= 1
      this.leave(name)
    }
  }

  /**
   * Tells the gateway that this client is not in a space, once it has it open no more and nothing is opening it: one who
   * still opens it is in it by what another closes. An opening that was given up may have entered it.
   */
  private leave(name: string): void {
    if (!this.visits.leave(name)) return
    // Nobody waits for it: a gateway that does not hear it finds out when the client is gone.
    this.calls.request({ kind: 'close-space', space: name }, {}).catch(() => undefined)
  }

  /** Whether a space has ended, and not this client. */
  private hasEnded(error: unknown): error is JoineryError {
    return !this.isClosed && isJoineryError(error, 'SPACE_ENDED')
  }

  /** Everything of it goes: another of its name is opened as if there had been none. */
  private ended(name: string, reason: JoineryError): void {
    this.visits.end(name, reason)
    this.calls.endSpace(name, reason)
    this.records.free((record) => record.space === name)
  }

  /** Before anything else is asked of the new gateway: what was seen at the one before it is not to be unseen. */
  private async catchUp(name: string, space: RemoteSpace): Promise<void> {
    space.gatewayLost()
    try {
      const of = {
        space: name,
        founded: space.founded,
        lifetime: undefined,
        after: space.seen.encoded,
      }
      await this.calls.reopen({ kind: 'open-space', ...of })
    } catch (error) {
      if (this.hasEnded(error)) this.ended(name, error)
      // It died with the gateway before, or comes later than anybody waits.
      else space.seenLost()
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    // Its sessions in strong mode first: what they hold is given back at once.
    await this.caller.close(clientClosed(''))
    await this.calls.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
