import { invalidValue } from '@joinery/crdt-objects'

/** Bounds on what clients may make a gateway keep. */
export interface GatewayLimits {
  readonly connectionsMax: number
  /** Connection ids whose answers are kept, with and without a connection. */
  readonly sessionsMax: number
  /** How long a connection id without a connection is remembered. */
  readonly sessionMs: number
  /** Writes that one client may have unanswered. */
  readonly windowMax: number
  /** Flushes and sequences that one connection may have under way. */
  readonly inFlightMax: number
  readonly spacesMax: number
  /** Bytes that may wait for a client that does not read; beyond, nothing more is read from it. */
  readonly bufferedBytesMax: number
  readonly helloTimeoutMs: number
  /** A client that answers no ping for this long is dropped. */
  readonly silenceMsMax: number
}

/** Where a gateway listens, and for whom. */
export interface GatewayOptions {
  /** Default 0: any free port. */
  readonly port?: number | undefined
  /** Default 127.0.0.1. Any address that is not loopback needs a token. */
  readonly host?: string | undefined
  /** What clients must present. */
  readonly token?: string | undefined
  /** Web origins whose pages may connect, such as https://example.org. Default none. */
  readonly origins?: readonly string[] | undefined
  /** Further names under which clients reach it, as they stand in the Host header. */
  readonly hosts?: readonly string[] | undefined
  readonly limits?: Partial<GatewayLimits> | undefined
}

const defaultLimits: GatewayLimits = {
  connectionsMax: 1024,
  sessionsMax: 8192,
  sessionMs: 60_000,
  windowMax: 1024,
  inFlightMax: 256,
  spacesMax: 1024,
  bufferedBytesMax: 4 * 1024 * 1024,
  helloTimeoutMs: 5000,
  silenceMsMax: 60_000,
}

/** The limits in force. @throws JoineryError VALUE_INVALID */
export function resolveLimits(limits: Partial<GatewayLimits> = {}): GatewayLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in defaultLimits)) throw invalidValue('there is no such limit of a gateway', name)
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalidValue(`the limit ${name} must be an integer from 1 on`, value)
  }
  return { ...defaultLimits, ...limits }
}

/** Whether `host` is an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** @throws JoineryError VALUE_INVALID when others could reach a gateway that asks for no token. */
export function checkExposure(host: string, token: string | undefined): void {
  if (token !== undefined && token.length < 16)
    throw invalidValue('a token needs 16 characters at least: it is all that keeps others out')
  if (token !== undefined || isLoopback(host)) return
  throw invalidValue(
    'a gateway that others can reach needs a token: give one, or bind to 127.0.0.1',
    host,
  )
}
