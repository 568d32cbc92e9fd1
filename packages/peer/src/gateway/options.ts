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
  /** Calls in strong mode that one connection may have under way, those that wait within objects included. */
  readonly strongInFlightMax: number
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
  strongInFlightMax: 20_000,
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

/** @throws JoineryError VALUE_INVALID, for what the types do not tell from what a program reads elsewhere. */
export function checkGatewayOptions(options: GatewayOptions): void {
  const { port, host, token, origins, hosts } = options
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw invalidValue('the port of a gateway is an integer from 0 to 65535', port)
  if (host !== undefined && (typeof host !== 'string' || host === ''))
    throw invalidValue('the host of a gateway is a name or an address', host)
  if (token !== undefined && typeof token !== 'string')
    throw invalidValue('the token of a gateway is a text', token)
  checkTexts('hosts', hosts)
  checkTexts('origins', origins)
  for (const origin of origins ?? []) {
    if (isOrigin(origin)) continue
    throw invalidValue('an origin looks like https://example.org, without a path', origin)
  }
}

function checkTexts(option: string, texts: readonly string[] | undefined): void {
  if (texts === undefined) return
  const isList = Array.isArray(texts) && texts.every((text) => typeof text === 'string')
  if (!isList) throw invalidValue(`${option} is an array of texts`, texts)
}

/** As browsers send it: a page is let in only if its origin is equal, letter by letter. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, host } = new URL(text)
  // The standard knows no origin of such as browser extensions, but browsers send one.
  return text === (origin === 'null' ? `${protocol}//${host}` : origin) && host !== ''
}

/** Whether `host` is an address that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** @throws JoineryError VALUE_INVALID when others could reach a gateway that asks for no token. */
export function checkExposure(host = '127.0.0.1', token?: string): void {
  if (token !== undefined && token.length < 16)
    throw invalidValue('a token needs 16 characters at least: it is all that keeps others out')
  if (token !== undefined || isLoopback(host)) return
  throw invalidValue(
    'a gateway that others can reach needs a token: give one, or bind to 127.0.0.1',
    host,
  )
}
