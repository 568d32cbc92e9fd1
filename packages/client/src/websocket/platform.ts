import type { Socket, SocketEvents } from './socket.ts'

/** Opens a socket where the platform has WebSocket: browsers, workers, Deno, Bun. */
export function openSocket(url: string, _frameBytesMax: number, events: SocketEvents): Socket {
  const socket = new WebSocket(url)
  socket.binaryType = 'arraybuffer'
  socket.onopen = () => events.opened()
  socket.onmessage = (event: MessageEvent<ArrayBuffer>) => events.frame(new Uint8Array(event.data))
  // What went wrong is told by the close that follows.
  socket.onerror = () => {}
  socket.onclose = (event) => {
    events.closed({ why: event.reason === '' ? 'the connection was closed' : event.reason })
  }
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>)
    },
    close: () => socket.close(1000),
    // There is no harder way here; an unanswered close ends when the platform gives up.
    terminate: () => socket.close(),
  }
}
