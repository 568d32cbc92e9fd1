/** What a connection is told by its socket. `closed` comes once, whatever happened before. */
export interface SocketEvents {
  opened(): void
  frame(bytes: Uint8Array): void
  /** `status` is the HTTP status of a refused upgrade, where the platform tells it. */
  closed(reason: { readonly why: string; readonly status?: number | undefined }): void
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
