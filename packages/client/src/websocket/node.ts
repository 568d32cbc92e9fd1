import { WebSocket } from 'ws'
import type { Socket, SocketEvents } from './socket.ts'

/** Opens a socket on Node, which has no WebSocket of its own in version 20. */
export function openSocket(url: string, frameBytesMax: number, events: SocketEvents): Socket {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: 5000,
    skipUTF8Validation: true,
  })
  let why = 'the connection was closed'
  let status: number | undefined
  let nobody = false
  socket.on('open', () => events.opened())
  socket.on('message', (data) => {
    const { buffer, byteOffset, length } = data as Buffer
    // No Buffer: its `slice` does not copy, and values read from it would be Buffers that share the memory of the frame.
    events.frame(new Uint8Array(buffer, byteOffset, length))
  })
  socket.on('unexpected-response', (_request, response) => {
    status = response.statusCode
    why = `the gateway answered with HTTP status ${status}`
    response.destroy()
    socket.terminate()
  })
  socket.on('error', (error) => {
    if (status !== undefined) return
    const { code } = error as NodeJS.ErrnoException
    nobody = code === 'ECONNREFUSED'
    // A name with several addresses fails with an error for each, and without a message.
    why = error.message === '' ? (code ?? 'it cannot be reached') : error.message
  })
  socket.on('close', (_code, reason) => {
    events.closed({ why: reason.length > 0 ? reason.toString() : why, status, nobody })
  })
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes)
    },
    close: () => socket.close(1000),
    terminate: () => socket.terminate(),
  }
}
