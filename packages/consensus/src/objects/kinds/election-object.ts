import { type Grant, PermitsObject } from './permits-object.ts'

/** Who leads. */
export interface Leader {
  readonly session: string
  readonly fence: bigint
}

/** What an election reads as. */
export interface ElectionValue {
  readonly leader: Leader | undefined
  /** How many stand, and wait for the leader to go. */
  readonly candidates: number
}

/** One leads, the others stand by in the order in which they came. */
export class ElectionObject extends PermitsObject {
  constructor() {
    super(1)
  }

  campaign(leaseMs: number): Grant {
    return this.acquire(1, leaseMs)
  }

  leader(): Leader | undefined {
    for (const [ticket, fence] of this.fences) {
      return { session: this.sessions.get(ticket)!, fence: BigInt(fence) }
    }
    return undefined
  }

  read(): ElectionValue {
    return { leader: this.leader(), candidates: this.waiting.size }
  }
}
