/*
 * Lanes: sockets beside the connections of libp2p, on which the frames of two peers travel once they stand.
 *
 * libp2p finds peers, proves who they are and that they hold the cluster's key, and carries the first frames and gossip.
 * But each of its messages passes through noise, a muxer and several event targets, in 60 us of processor time where
 * a socket of node:tls takes 5. So the two ends of a connection agree over it on a secret of 32 random bytes, good for
 * one lane: the end that was dialled offers it, the one that dialled connects, and TLS 1.3 proves to each that the other
 * holds it (RFC 8446, external PSK with ephemeral Diffie-Hellman). Where no lane comes about, behind a firewall for
 * instance, frames go on over libp2p: slower, and just as right.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { connect, createServer, type Server, type TLSSocket } from 'node:tls'
import { type LaneOffer, type LanePort, secretBytes } from './lane-offer.ts'
import { Lane } from './lane.ts'

const handshakeMs = 3000
/** An offer is taken up at once, or not at all. */
const offerMs = 10_000
/** More lanes than this cost more memory than they save time: further neighbours talk over libp2p. */
const lanesMax = 128
/** A lane that breaks so early never worked: something on the way does not let it. */
const brokenEarlyMs = 5000
const pauseAfterBreakMs = 5 * 60_000
const pausesMax = 1024

const tls13 = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const

interface Offered {
  readonly secret: Uint8Array
  readonly onLane: (lane: Lane) => void
  readonly timer: NodeJS.Timeout
}

/** An offer that stands until it is taken up, or withdrawn. */
export interface StandingOffer {
  readonly offer: LaneOffer
  withdraw(): void
}

/** The lanes of one peer. */
export class Lanes {
  readonly #servers: Server[] = []
  readonly #ports: LanePort[] = []
  readonly #offered = new Map<string, Offered>()
  readonly #lanes = new Set<Lane>()
  /** Until when no lane is made to a peer. */
  readonly #pausedUntil = new Map<string, number>()
  #isClosed = false

  get count(): number {
    return this.#lanes.size
  }

  /** Takes lanes on `host` from now on. `port` 0: any free one. */
  async listen(host: string, port: number): Promise<void> {
    const server = this.#createServer()
    server.listen({ host, port, ipv6Only: isIPv6(host) })
    await once(server, 'listening')
    this.#servers.push(server)
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port to listen on')
    this.#ports.push({ host, port: address.port })
  }

  /** Offers one lane to the peer at the other end of a connection; undefined where there is none to offer. */
  offer(peer: string, onLane: (lane: Lane) => void): StandingOffer | undefined {
    const isFull = this.#lanes.size + this.#offered.size >= lanesMax
    if (this.#ports.length === 0 || isFull || this.#isPaused(peer)) return undefined
    const name = randomBytes(16).toString('hex')
    const secret = Uint8Array.from(randomBytes(secretBytes))
    const withdraw = (): void => {
      clearTimeout(this.#offered.get(name)?.timer)
      this.#offered.delete(name)
    }
    const timer = setTimeout(withdraw, offerMs)
    timer.unref()
    this.#offered.set(name, { secret, onLane, timer })
    return { offer: { name, secret, ports: this.#ports }, withdraw }
  }

  /** Takes up an offer of the peer that was dialled at `host`; undefined when no lane comes about. */
  async dial(peer: string, host: string, offer: LaneOffer): Promise<Lane | undefined> {
    const port = portFor(host, offer.ports)
    const isFull = this.#lanes.size >= lanesMax
    if (port === undefined || isFull || this.#isClosed || this.#isPaused(peer)) return undefined
    const socket = connect({
      ...{ ...tls13, host, port },
      pskCallback: () => ({ psk: offer.secret, identity: offer.name }),
      // Who holds the secret is who was meant: there are no certificates.
      checkServerIdentity: () => undefined,
    })
    const timer = setTimeout(() => socket.destroy(), handshakeMs)
    return await new Promise((resolve) => {
      const settle = (lane: Lane | undefined): void => {
        clearTimeout(timer)
        resolve(lane)
      }
      // Stays: an error of a socket that nobody listens to would end the process.
      socket.on('error', () => settle(undefined))
      socket.once('close', () => settle(undefined))
      socket.once('secureConnect', () => settle(this.#keep(socket)))
    })
  }

  /** To be told of a lane that broke while it was in use. */
  broke(peer: string, lane: Lane): void {
    if (lane.ageMs > brokenEarlyMs) return
    if (this.#pausedUntil.size >= pausesMax) this.#pausedUntil.clear()
    this.#pausedUntil.set(peer, performance.now() + pauseAfterBreakMs)
  }

  /** Ends all lanes, what was sent on them included, and takes no more. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    for (const { timer } of this.#offered.values()) clearTimeout(timer)
    this.#offered.clear()
    for (const server of this.#servers) server.close()
    await Promise.all([...this.#lanes].map(async (lane) => await lane.end(timeoutMs)))
  }

  #createServer(): Server {
    const nameBySocket = new WeakMap<TLSSocket, string>()
    const server = createServer({
      ...tls13,
      handshakeTimeout: handshakeMs,
      pskCallback: (socket, name) => {
        nameBySocket.set(socket, name)
        return this.#offered.get(name)?.secret ?? null
      },
    })
    server.maxConnections = 2 * lanesMax
    server.on('secureConnection', (socket) => {
      const name = nameBySocket.get(socket) ?? ''
      const offered = this.#offered.get(name)
      if (offered === undefined || this.#isClosed) {
        socket.on('error', () => undefined)
        socket.destroy()
        return
      }
      clearTimeout(offered.timer)
      this.#offered.delete(name)
      offered.onLane(this.#keep(socket))
    })
    // Whoever does not know a secret gets no further than this.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }

  #keep(socket: TLSSocket): Lane {
    const lane = new Lane(socket)
    this.#lanes.add(lane)
    socket.once('close', () => this.#lanes.delete(lane))
    return lane
  }

  #isPaused(peer: string): boolean {
    return (this.#pausedUntil.get(peer) ?? 0) > performance.now()
  }
}

/** The port for who dialled `host`: that of the same host, or of all of them. */
function portFor(host: string, ports: readonly LanePort[]): number | undefined {
  const same = ports.find((port) => port.host === host)
  const any = ports.find((port) => port.host === '0.0.0.0' || port.host === '::')
  return (same ?? any ?? ports[0])?.port
}
