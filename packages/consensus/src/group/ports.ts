import type { StateMachine } from '../host/state-machine.ts'
import type { NodeId } from '../raft/types.ts'
import type { LogStorage } from '../storage/log-storage.ts'

/** What the driver of one member needs of the world. All of it can be virtual. */
export interface GroupPorts {
  readonly storage: LogStorage
  readonly machine: StateMachine
  readonly transport: GroupTransport
  readonly clock: GroupClock
  /** From 0 up to 1. */
  random(): number
  /**
   * Runs `task` once, soon, after what is under way: inputs until then are handled together. Whatever brings inputs must
   * get its turn before (so `setImmediate`, rather than a microtask, where there are sockets).
   */
  defer(task: () => void): void
  /** Told of what a healthy group does not show. */
  report(report: GroupReport): void
}

export interface GroupTransport {
  /**
   * Sends bytes to another member, in the order of the calls, or loses them. `isBulk`: part of a snapshot, which must
   * not be in the way of the rest; at most one part is under way to each member until `partSent` is called, or
   * `unreachable`. Nothing is called within the call.
   */
  send(to: NodeId, bytes: Uint8Array, isBulk: boolean): void
}

export interface GroupClock {
  /** Never goes back, and knows no date: for leases and time-outs. */
  monotonicMs(): number
  /** Since 1970: what agreed time follows. */
  wallMs(): number
}

export type GroupReport =
  /** `leader` 0: nobody is known to lead. */
  | { readonly kind: 'leader-changed'; readonly leader: NodeId; readonly term: number }
  | { readonly kind: 'message-ignored'; readonly from: NodeId; readonly reason: string }
  | { readonly kind: 'storage-failed'; readonly error: Error }
  | {
      readonly kind: 'object-diverged'
      readonly object: number
      readonly members: readonly NodeId[]
    }
  | {
      readonly kind: 'membership-changed'
      readonly voters: readonly NodeId[]
      readonly learners: readonly NodeId[]
    }
  /** This member is in the group no more, and never will be again under its id: it is of no further use. */
  | { readonly kind: 'removed' }
