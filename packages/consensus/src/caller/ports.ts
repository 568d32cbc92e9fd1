import type { SessionId } from '../host/command.ts'
import type { OrderedLog } from '../ordered-log.ts'
import type { Visibility } from './visibility.ts'

/** Time as the owner of a caller knows it. It may stand still with its process: leases are counted by it all the same. */
export interface CallerClock {
  /** Never goes back. */
  nowMs(): number
  /** Runs `task` once after `delayMs`; gives what prevents it. */
  after(delayMs: number, task: () => void): () => void
}

/** What a caller needs of the world. All of it can be virtual. */
export interface CallerPorts {
  readonly log: OrderedLog
  readonly clock: CallerClock
  /** From 0 up to 1. */
  random(): number
  /** A new session's id: 16 random bytes, as 32 lower-case hex digits. */
  newSession(): SessionId
  readonly visibility?: Visibility | undefined
}

/** Times of a caller. */
export interface CallerOptions {
  /** How long a session outlives the last sign of its owner. Default 10,000; 1,000 to 3,600,000. */
  readonly leaseMs?: number | undefined
  /** How long a call without a time limit of its own goes on asking when no leader answers. Default 10,000. */
  readonly unreachableMs?: number | undefined
  /** How long a call whose time has run out waits to learn what became of it. Default 1,000. */
  readonly withdrawMs?: number | undefined
}

/** {@link CallerOptions}, all of them. */
export interface CallerTimes {
  readonly leaseMs: number
  readonly unreachableMs: number
  readonly withdrawMs: number
}
