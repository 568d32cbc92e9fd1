/** Why a socket is closed, as far as the platform tells. */
export interface SocketEnd {
  readonly why: string
  /** The HTTP status of a refused upgrade. */
  readonly status?: number | undefined
  /** Nothing listens at the address. */
  readonly nobody?: boolean | undefined
}

/** What a connection is told by its socket. `closed` comes once, whatever happened before. */
export interface SocketEvents {
  opened(): void
  frame(bytes: Uint8Array): void
  closed(end: SocketEnd): void
}

/** One WebSocket, as this client uses it; the platform's own or one brought along. */
export interface Socket {
  /** Sends a copy of `bytes`. What a closed socket is given is dropped. */
  send(bytes: Uint8Array): void
  /** Closes in good order. */
  close(): void
  /** Drops the connection at once. */
  terminate(): void
}
