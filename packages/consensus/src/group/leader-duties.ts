import type { Command, SessionId } from '../host/command.ts'
import type { Outcome, Parked } from '../host/outcome.ts'
import type { StateMachine } from '../host/state-machine.ts'
import { AgreedClock } from './agreed-clock.ts'
import { AwakeClock } from './awake-clock.ts'
import type { GroupOptions } from './options.ts'
import type { GroupClock } from './ports.ts'
import { SessionLeases } from './session-leases.ts'

/** Sessions that one command ends. */
const EXPIRED_MAX = 1_000

/** What is on a leader besides the log: the leases of the sessions, and agreed time going on where nobody calls. */
export class LeaderDuties {
  readonly #machine: StateMachine
  readonly #options: GroupOptions
  readonly #awake: AwakeClock
  readonly #agreed: AgreedClock
  readonly #leases = new SessionLeases()
  #isBegun = false

  constructor(machine: StateMachine, clock: GroupClock, options: GroupOptions) {
    this.#machine = machine
    this.#options = options
    this.#awake = new AwakeClock(clock, options.tickMs)
    this.#agreed = new AgreedClock(clock)
  }

  /** Whether everything of earlier terms is applied: only then does a leader know its sessions. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** What a batch is stamped with. */
  get timeMs(): number {
    return Math.max(this.#agreed.nowMs(), this.#machine.nowMs)
  }

  /** The first entry of the leader's own term is applied. */
  begin(): void {
    this.#isBegun = true
    this.#leases.startAll(this.#machine.sessions(), this.#awake.nowMs)
  }

  /** An entry or a snapshot was applied. */
  observe(): void {
    if (!this.#isBegun) this.#agreed.observe(this.#machine.nowMs)
  }

  end(): void {
    this.#isBegun = false
    this.#leases.clear()
  }

  renew(session: SessionId): boolean {
    return this.#leases.renew(session, this.#awake.nowMs)
  }

  silentMs(session: SessionId): number | undefined {
    return this.#leases.silentMs(session, this.#awake.nowMs)
  }

  /** A sign of life of whoever sends a command. */
  heard(command: Command): void {
    if (command.kind === 'call' || command.kind === 'withdraw') this.renew(command.session)
  }

  /** A command of this leader was applied. */
  applied(command: Command, outcome: Outcome | Parked | undefined): void {
    if (command.kind === 'open-session' && outcome?.kind === 'done') {
      this.#leases.start(command.session, command.leaseMs, this.#awake.nowMs)
    } else if (command.kind === 'end-sessions') {
      for (const session of command.sessions) this.#leases.end(session)
    }
  }

  /** Gives the command that ends the sessions of which the lease ran out. */
  tick(): Command | undefined {
    this.#awake.tick()
    if (!this.#isBegun) return undefined
    const sessions = this.#leases.takeExpired(this.#awake.nowMs, EXPIRED_MAX)
    if (sessions.length === 0) return undefined
    return { kind: 'end-sessions', sessions, reason: 'expired' }
  }

  /**
   * Whether agreed time must go on although nobody calls: a timer of the state machine is due, or a checkpoint over what
   * has changed (`isUnchecked`) since the last.
   */
  isEntryDue(isUnchecked: boolean): boolean {
    if (!this.#isBegun) return false
    const { nextDueMs, nowMs } = this.#machine
    const { timeMs } = this
    const { checkpointMs } = this.#options
    if (nextDueMs !== undefined && nextDueMs <= timeMs) return true
    return isUnchecked && Math.floor(timeMs / checkpointMs) > Math.floor(nowMs / checkpointMs)
  }
}
