import { invalidValue, isJoineryError, type JoineryError } from '@joinery/crdt-objects'
import { Writer } from '@joinery/crdt-objects/engine'
import { openSocket } from '#websocket' // eslint-disable-line no-restricted-imports -- chosen by platform
import { backoffMs, type Backoff } from './backoff.ts'
import { accessDenied, gatewayBusy, gatewayUnreachable } from './errors.ts'
import { frameBytesMax, protocolVersion } from './protocol/limits.ts'
import { decodeReplies, errorOf, type Reply, type Welcome } from './protocol/reply.ts'
import { encodeRequest } from './protocol/request.ts'
import type { Socket, SocketEnd } from './websocket/socket.ts'

/** A token, or a function that renews it; it is asked at each connection. */
export type Token = string | (() => string | Promise<string>)

/** What a link needs. */
export interface LinkOptions {
  readonly urls: readonly string[]
  readonly token: Token
  readonly backoff: Backoff | false
  /** 16 random bytes: the name of this connection across reconnects. */
  readonly connection: Uint8Array
}

/** What the session above a link is told. */
export interface LinkEvents {
  /** All writes up to this one are answered: told to the gateway in the hello. */
  acknowledged(): number
  welcomed(welcome: Welcome): void
  reply(reply: Reply): void
  /** The gateway closes, and has applied nothing that it has not answered. */
  refused(): void
  /** The end of a frame. */
  turned(): void
  /** The connection is gone; attempts to get another go on, unless there is no retry. */
  lost(): void
  /** An attempt failed; `nobody` when nothing listens at the address. */
  failed(error: JoineryError, nobody: boolean): void
}

/** Told that the connection stands, or of a failed attempt; `nobody` when nothing listens at the address. */
export type OnReady = (failure?: JoineryError, nobody?: boolean) => void

const helloTimeoutMs = 5000
/** A connection that lasted this long makes the next attempt a first one. */
const settledMs = 5000

/**
 * Keeps one connection to one of several gateways: opens, greets, and when it is lost opens again with growing, partly
 * random pauses. It knows nothing of what travels beyond the greeting.
 */
export class Link {
  private readonly options: LinkOptions
  private readonly events: LinkEvents
  private socket: Socket | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private welcomedAtMs: number | undefined
  private refusal: JoineryError | undefined
  private attempt = 0
  private closedBy: (() => void) | undefined
  private closed = false

  constructor(options: LinkOptions, events: LinkEvents) {
    this.options = options
    this.events = events
  }

  /** Why the last attempt failed. */
  lastFailure: JoineryError | undefined

  /** Starts the first attempt. */
  start(): void {
    void this.open()
  }

  /** Sends a copy of `bytes`; they are lost when the connection is. */
  send(bytes: Uint8Array): void {
    this.socket?.send(bytes)
  }

  /** Drops a connection that looks dead, and gets another. */
  renew(): void {
    this.socket?.terminate()
  }

  /** Closes for good. Resolves when the connection is gone. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.timer)
    const socket = this.socket
    if (socket === undefined) return
    await new Promise<void>((resolve) => {
      const hurry = setTimeout(() => {
        socket.terminate()
        resolve()
      }, 500)
      this.closedBy = () => {
        clearTimeout(hurry)
        resolve()
      }
      socket.close()
    })
  }

  private async open(): Promise<void> {
    const { urls, token } = this.options
    const url = urls[this.attempt % urls.length]!
    let secret: string
    try {
      secret = typeof token === 'string' ? token : await token()
    } catch (error) {
      return this.fail(gatewayUnreachable('not-applied', 'The token could not be had.', error))
    }
    if (this.closed) return
    if (typeof secret !== 'string')
      return this.fail(invalidValue('a token is a text: the function gave none', secret))
    const socket = openSocket(url, frameBytesMax, {
      opened: () => {
        const hello = new Writer(64)
        const { connection } = this.options
        const acknowledged = this.events.acknowledged()
        const version = protocolVersion
        encodeRequest(hello, { kind: 'hello', version, connection, token: secret, acknowledged })
        socket.send(hello.finish())
      },
      frame: (bytes) => {
        if (socket === this.socket) this.frame(bytes)
      },
      closed: (end) => {
        if (socket === this.socket) this.gone(url, end)
      },
    })
    this.socket = socket
    this.timer = setTimeout(() => socket.terminate(), helloTimeoutMs + 5000)
    unref(this.timer)
  }

  private frame(bytes: Uint8Array): void {
    try {
      decodeReplies(bytes, this.take)
      this.events.turned()
    } catch (error) {
      // What cannot be read leaves no way to know where the rest begins: start again on a new connection.
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.refusal = gatewayUnreachable('not-applied', 'The gateway sent what is no reply.', error)
      this.socket?.terminate()
    }
  }

  private readonly take = (reply: Reply): void => {
    if (reply.kind === 'welcome') {
      clearTimeout(this.timer)
      this.welcomedAtMs = performance.now()
      this.lastFailure = undefined
      this.events.welcomed(reply)
    } else if (reply.kind === 'refused') {
      this.refusal = errorOf(reply.failure)
      this.events.refused()
    } else {
      this.events.reply(reply)
    }
  }

  private gone(url: string, end: SocketEnd): void {
    clearTimeout(this.timer)
    const welcomedAtMs = this.welcomedAtMs
    const refusal = this.refusal
    this.socket = undefined
    this.welcomedAtMs = undefined
    this.refusal = undefined
    this.closedBy?.()
    if (welcomedAtMs !== undefined) {
      if (performance.now() - welcomedAtMs > settledMs) this.attempt = 0
      this.events.lost()
    }
    if (!this.closed) this.fail(refusal ?? failureOfUpgrade(url, end), end.nobody)
  }

  private fail(error: JoineryError, nobody = false): void {
    this.lastFailure = error
    this.events.failed(error, nobody)
    if (this.closed || this.options.backoff === false) return
    const { urls, backoff } = this.options
    const round = Math.floor(this.attempt / urls.length)
    // The next address is tried at once; only a whole round that failed calls for patience.
    const sameRound = (this.attempt + 1) % urls.length !== 0
    this.attempt += 1
    this.timer = setTimeout(
      () => void this.open(),
      sameRound ? 0 : backoffMs(backoff, round, Math.random()),
    )
    unref(this.timer)
  }
}

function failureOfUpgrade(url: string, { why, status }: SocketEnd): JoineryError {
  if (status === 401 || status === 403)
    return accessDenied(`${why} for ${url}: its Host or Origin is not one it serves.`)
  if (status === 503) return gatewayBusy(`${url} takes no further connections.`, 1000)
  return gatewayUnreachable('not-applied', `No gateway at ${url} (${why}).`)
}

/** Lets a Node process end although the timer runs; elsewhere timers are numbers, and hold nothing. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer)
    (timer as { unref(): void }).unref()
}
