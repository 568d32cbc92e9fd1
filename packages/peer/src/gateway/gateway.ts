import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  frameBytesMax,
  gatewayBusy,
  helloBytesMax,
  protocolVersion,
} from '@joinery/client/protocol'
import { WebSocket, WebSocketServer } from 'ws'
import { addressUnavailable } from '../errors.ts'
import { version } from '../version.ts'
import { Admission } from './admission.ts'
import { ClientSessions } from './client-session.ts'
import { Connection } from './connection.ts'
import type { GatewayShared } from './connection-parts.ts'
import type { GatewayHost } from './host.ts'
import { OpenSpaces } from './open-spaces.ts'
import {
  checkExposure,
  checkGatewayOptions,
  type GatewayOptions,
  resolveLimits,
} from './options.ts'
import { encodeServerFrame } from './server-frame.ts'

/** A running gateway. */
export interface Gateway {
  /** Where clients connect, such as ws://127.0.0.1:7070. */
  readonly url: string
  /** Stops listening, closes all connections, and resolves when they are gone. The spaces stay open. */
  close(): Promise<void>
}

const goingAway = 1001
const closingMs = 500

/**
 * Opens a gateway to the spaces of a peer.
 *
 * @throws JoineryError VALUE_INVALID, also when others could reach it without a token; ADDRESS_UNAVAILABLE.
 */
export async function createGateway(parts: {
  readonly spaces: GatewayHost
  readonly options?: GatewayOptions | undefined
  /** Told of faults of the gateway's own. */
  readonly onFault: (error: unknown) => void
}): Promise<Gateway> {
  const { spaces: host, options = {} } = parts
  const address = options.host ?? '127.0.0.1'
  checkGatewayOptions(options)
  checkExposure(address, options.token)
  const limits = resolveLimits(options.limits)
  const sessions = new ClientSessions(limits)
  const shared: GatewayShared = {
    host,
    limits,
    admission: new Admission(address, options),
    sessions,
    writing: { session: undefined },
    spaces: new OpenSpaces(host, limits.spacesMax, (...ended) => sessions.spaceEnded(...ended)),
    life: randomBytes(16),
    onFault: parts.onFault,
  }
  const server = new GatewayServer(shared)
  const url = await server.listen(options.port ?? 0, address)
  return { url, close: () => server.close() }
}

/** The HTTP server in front of the connections: it lets in, counts and drops them. */
class GatewayServer {
  private readonly shared: GatewayShared
  private readonly http: Server
  private readonly webSockets: WebSocketServer
  private readonly connections = new Set<Connection>()
  private readonly sockets = new Set<WebSocket>()
  private readonly heardFrom = new WeakSet<WebSocket>()
  private readonly pulse: ReturnType<typeof setInterval>
  private closing = false

  constructor(shared: GatewayShared) {
    this.shared = shared
    this.webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
      skipUTF8Validation: true,
    })
    this.http = createServer((request, response) => this.answer(request, response))
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head))
    this.pulse = setInterval(() => this.beat(), shared.limits.silenceMsMax / 2)
    this.pulse.unref()
  }

  async listen(port: number, host: string): Promise<string> {
    try {
      this.http.listen(port, host)
      await once(this.http, 'listening')
    } catch (error) {
      clearInterval(this.pulse)
      const { code } = error as NodeJS.ErrnoException
      throw addressUnavailable(`${host}:${port}`, code, error) ?? error
    }
    const { address, port: bound, family } = this.http.address() as AddressInfo
    return `ws://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
  }

  async close(): Promise<void> {
    this.closing = true
    clearInterval(this.pulse)
    const closed = once(this.http, 'close')
    this.http.close()
    this.http.closeIdleConnections()
    for (const connection of this.connections)
      connection.refuse(gatewayBusy('The gateway is closing.', 1000), goingAway)
    const hurry = setTimeout(() => {
      for (const socket of this.sockets) socket.terminate()
      this.http.closeAllConnections()
    }, closingMs)
    await closed
    clearTimeout(hurry)
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const objection = this.shared.admission.objection(request)
    const [status, body] =
      objection !== undefined
        ? [403, { error: objection }]
        : request.method !== 'GET' || request.url !== '/'
          ? [404, { error: 'GET / says what this is; clients connect here by WebSocket' }]
          : [200, { name: 'joinery-gateway', version, protocol: protocolVersion }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(`${JSON.stringify(body)}\n`)
    // Nothing here takes a body: what a client sends of one is not read.
    if (status !== 200) request.socket.destroySoon()
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const objection = this.shared.admission.objection(request)
    if (objection !== undefined) return deny(socket, '403 Forbidden', objection)
    if (request.url !== '/') return deny(socket, '404 Not Found', 'clients connect to /')
    if (this.closing || this.connections.size >= this.shared.limits.connectionsMax)
      return deny(socket, '503 Service Unavailable', 'no further connections are taken')
    this.webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.serve(webSocket, socket)
    })
  }

  private serve(webSocket: WebSocket, socket: Duplex): void {
    const connection = new Connection(
      {
        get bufferedBytes() {
          return webSocket.bufferedAmount
        },
        send: (frame) => {
          if (webSocket.readyState === WebSocket.OPEN) socket.write(encodeServerFrame(frame))
        },
        pause: () => webSocket.pause(),
        resume: () => webSocket.resume(),
        close: (code, reason) => webSocket.close(code, reason),
        terminate: () => webSocket.terminate(),
      },
      this.shared,
    )
    this.connections.add(connection)
    this.sockets.add(webSocket)
    this.heardFrom.add(webSocket)
    const settleIn = guardHello(connection, webSocket, socket, this.shared.limits.helloTimeoutMs)
    webSocket.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) return webSocket.close(1003, 'frames are binary')
      try {
        // No Buffer: its `slice` does not copy, and values would be Buffers that share the memory of the frame.
        connection.receive(new Uint8Array(data.buffer, data.byteOffset, data.length))
      } catch (error) {
        // A fault of ours ends the one connection that ran into it; what it had applied is not known.
        this.shared.onFault(error)
        webSocket.terminate()
      }
      settleIn()
    })
    webSocket.on('pong', () => this.heardFrom.add(webSocket))
    socket.on('drain', () => connection.drained())
    // What is wrong with a frame is in the close code that follows.
    webSocket.on('error', () => {})
    webSocket.on('close', (code) => {
      settleIn()
      this.connections.delete(connection)
      this.sockets.delete(webSocket)
      connection.closed(code === 1000)
    })
  }

  /** Drops who did not answer the last ping, and pings the others. */
  private beat(): void {
    this.shared.sessions.sweep(Date.now())
    for (const socket of this.sockets) {
      if (!this.heardFrom.delete(socket)) socket.terminate()
      else socket.ping()
    }
  }
}

/** Until a client has said who it is, it gets little time and no memory. */
function guardHello(
  connection: Connection,
  webSocket: WebSocket,
  socket: Duplex,
  timeoutMs: number,
): () => void {
  let bytes = 0
  const count = (chunk: Buffer): void => {
    bytes += chunk.length
    if (bytes > helloBytesMax + 64 && !connection.greeted) socket.destroy()
  }
  const late = setTimeout(() => webSocket.terminate(), timeoutMs)
  let isOver = false
  socket.prependListener('data', count)
  return () => {
    if (isOver) return
    isOver = true
    clearTimeout(late)
    socket.removeListener('data', count)
  }
}

function deny(socket: Duplex, status: string, reason: string): void {
  const body = `${JSON.stringify({ error: reason })}\n`
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
