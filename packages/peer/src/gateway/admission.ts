import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { isLoopback, type GatewayOptions } from './options.ts'

/**
 * Who may come in. A web page of a stranger can make its visitor's browser connect to a gateway on loopback: the
 * browser then says the page's Origin, or, when the page's name was pointed at 127.0.0.1 meanwhile, that name as Host.
 * So both are checked, on loopback too; other programs send no Origin.
 */
export class Admission {
  private readonly host: string
  private readonly names: ReadonlySet<string>
  private readonly origins: ReadonlySet<string>
  private readonly tokenDigest: Buffer | undefined

  constructor(host: string, options: GatewayOptions) {
    this.host = host
    this.names = new Set([
      host.toLowerCase(),
      ...(options.hosts ?? []).map((name) => name.toLowerCase()),
    ])
    this.origins = new Set(options.origins)
    this.tokenDigest = options.token === undefined ? undefined : digest(options.token)
  }

  /** Why a request is refused, or undefined. */
  objection(request: IncomingMessage): string | undefined {
    const { origin, host } = request.headers
    if (!this.admitsHost(host)) return `the Host ${host ?? '(none)'} is not served here`
    if (origin !== undefined && !this.origins.has(origin))
      return `the Origin ${origin} is not allowed`
    return undefined
  }

  /** Compares in constant time, whatever the lengths. */
  admitsToken(token: string): boolean {
    return this.tokenDigest === undefined || timingSafeEqual(digest(token), this.tokenDigest)
  }

  private admitsHost(header: string | undefined): boolean {
    if (header === undefined) return false
    const name = hostName(header)
    if (this.names.has(header.toLowerCase()) || this.names.has(name)) return true
    if (isLoopback(name)) return true
    // A number cannot have been pointed elsewhere, as a name can; on loopback it has no business.
    return !isLoopback(this.host) && isIP(name) !== 0
  }
}

function hostName(header: string): string {
  const bracketed = /^\[(.*)\](:\d+)?$/.exec(header)
  return (bracketed?.[1] ?? header.replace(/:\d+$/, '')).toLowerCase()
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
