import type { Admission } from './admission.ts'
import type { Writing } from './client-changes.ts'
import type { ClientSessions } from './client-session.ts'
import type { GatewayHost } from './host.ts'
import type { OpenSpaces } from './open-spaces.ts'
import type { GatewayLimits } from './options.ts'

/** The socket of a connection, as it needs it. */
export interface ClientSocket {
  readonly bufferedBytes: number
  /** Sends a copy of `frame`. */
  send(frame: Uint8Array): void
  /** Stops and starts the arrival of frames. */
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
}

/** What all connections of a gateway share. */
export interface GatewayShared {
  readonly host: GatewayHost
  readonly limits: GatewayLimits
  readonly admission: Admission
  readonly sessions: ClientSessions
  readonly writing: Writing
  readonly spaces: OpenSpaces
  /** 16 random bytes, new at each start. */
  readonly life: Uint8Array
  readonly onFault: (error: unknown) => void
}
