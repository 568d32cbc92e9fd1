import type { SpaceMember } from './space-member.ts'

/** One container: a member of some spaces, with one session at the control group. */
export class SimulatedPeer {
  readonly id: number
  readonly memberBySpace = new Map<string, SpaceMember>()
  isAlive = true
  /** Whether anything reaches it, and anything of it others. */
  isOnline = true
  reachesControl = true
  /** Stopped between invocations: it takes nothing, and sends nothing. */
  isFrozen = false
  /** Peers of different parts do not reach each other. */
  part = 0
  #sessions = 1

  constructor(id: number) {
    this.id = id
  }

  /** As a group has it, in 32 hex digits: who it is of, and which. */
  get session(): string {
    const digits = (number: number): string => number.toString(16).padStart(16, '0')
    return digits(this.id) + digits(this.#sessions)
  }

  /** Opens a new session; the one before has ended. */
  openSession(): void {
    this.#sessions++
  }

  get isReachable(): boolean {
    return this.isAlive && this.isOnline && !this.isFrozen
  }

  get hasLeft(): boolean {
    return [...this.memberBySpace.values()].every(({ core }) => core.status === 'left')
  }

  heal(): void {
    this.isOnline = true
    this.reachesControl = true
    this.isFrozen = false
    this.part = 0
  }
}
