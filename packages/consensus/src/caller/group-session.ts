import { isJoineryError, type WaitOptions } from '@joinery/crdt-objects'
import { groupBusy } from '../errors.ts'
import type { SessionId } from '../host/command.ts'
import { Pacing } from './pacing.ts'
import type { CallerPorts, CallerTimes } from './ports.ts'
import { type Patience, repeated } from './repeated.ts'
import { SequenceLedger } from './sequence-ledger.ts'

/** Calls of one session that may be without an answer. */
const unansweredMax = 16_384
/** The part of a lease after which its owner takes it for lost: the group's clock may run faster than its own. */
const ownersPart = 15 / 16
/**
 * The part of a lease after which it is renewed where no call has done so. A process that stands still for two thirds of
 * its lease keeps what it holds, whenever that comes: what is left of the owner's part then is time for an answer.
 */
const renewalPart = 1 / 4

/** A call of a session, as the session needs it. */
export interface SessionCall {
  /** The session is lost, so nobody will tell what became of it unless it asks. */
  sessionLost(): void
}

/**
 * One session in one group: opened with the first call, kept by renewals, and lost when its owner cannot be sure of it
 * any more. The lease is counted from when the last request that the group answered was **sent**: the group counts from
 * when it arrived, which is later. So `lost` fires here before the group gives to others what the session held.
 */
export class GroupSession {
  readonly id: SessionId
  readonly group: number
  readonly ledger = new SequenceLedger<SessionCall>()
  private readonly ports: CallerPorts
  private readonly times: CallerTimes
  private readonly losing = new AbortController()
  private opening: Promise<void> | undefined
  private isOpen = false
  /** What `lost` says: asked for each call, and cheaper than the signal. */
  private isLost = false
  private heardMs = 0
  private stopTimer: (() => void) | undefined
  private pacing: Pacing
  private renewing = 0

  constructor(group: number, ports: CallerPorts, times: CallerTimes, id: SessionId) {
    this.id = id
    this.group = group
    this.ports = ports
    this.times = times
    this.pacing = new Pacing(ports, Infinity)
  }

  /** Fires when the session is lost. */
  get lost(): AbortSignal {
    return this.losing.signal
  }

  /** Whether it takes calls. What the clock says counts, also when timers are late after a standstill. */
  checkAlive(): boolean {
    if (this.isOpen && this.ports.clock.nowMs() >= this.lostMs) this.lose()
    return !this.isLost
  }

  /** Undefined when calls can be sent at once. Rejects when the group cannot be reached, and can be asked again. */
  ready(): Promise<void> | undefined {
    if (this.isOpen) return undefined
    this.opening ??= this.open().finally(() => {
      this.opening = undefined
    })
    return this.opening
  }

  /** @throws JoineryError GROUP_BUSY */
  begin(call: SessionCall): number {
    if (this.ledger.size >= unansweredMax)
      throw groupBusy(`${unansweredMax} calls of this session have no answer yet`)
    return this.ledger.next(call)
  }

  /** The call is over: its answer is known, or nobody will ask for it any more. */
  end(sequence: number): void {
    this.ledger.answer(sequence)
    if (this.isLost && this.ledger.size === 0) void this.giveBack()
  }

  /** The group has answered what was sent at `sentMs`. */
  heard(sentMs: number): void {
    if (sentMs > this.heardMs) this.heardMs = sentMs
  }

  /** The group knows it no longer, or it is not certain that it does. */
  lose(): void {
    if (this.isLost) return
    this.stopTimer?.()
    this.isLost = true
    this.losing.abort()
    const calls = this.ledger.calls()
    for (const call of calls) call.sessionLost()
    if (calls.length === 0) void this.giveBack()
  }

  /** Ends it in good order. */
  async close(timeoutMs: number): Promise<void> {
    this.stopTimer?.()
    if (this.isLost) return
    this.isLost = true
    this.losing.abort()
    await this.giveBack(timeoutMs)
  }

  private get lostMs(): number {
    return this.heardMs + this.times.leaseMs * ownersPart
  }

  private get renewMs(): number {
    return this.times.leaseMs * renewalPart
  }

  private async open(): Promise<void> {
    const { leaseMs } = this.times
    let sentMs = 0
    try {
      await repeated(this.patience({}), (options) => {
        sentMs = this.ports.clock.nowMs()
        return this.ports.log.openSession(this.group, this.id, leaseMs, options)
      })
    } catch (error) {
      if (!isJoineryError(error, 'SESSION_EXPIRED')) throw error
      // An attempt without an answer had opened it, so long ago that it has ended. Calls go to the next one.
      return this.lose()
    }
    this.isOpen = true
    // It was closed meanwhile: nobody would ever end it.
    if (this.isLost) return await this.giveBack()
    this.heard(sentMs)
    this.arm(this.renewMs)
  }

  /** Once nothing is under way in it any more, what it still holds need not wait for its lease to run out. */
  private async giveBack(timeoutMs = this.times.unreachableMs): Promise<void> {
    if (!this.isOpen) return
    this.isOpen = false
    try {
      await repeated(this.patience({ timeoutMs }), (options) => {
        return this.ports.log.closeSession(this.group, this.id, options)
      })
    } catch {
      // The group ends it when its lease runs out.
    }
  }

  private patience(options: WaitOptions): Patience {
    return { ports: this.ports, unreachableMs: this.times.unreachableMs, options }
  }

  private arm(delayMs: number): void {
    this.stopTimer?.()
    if (this.isLost) return
    const untilLostMs = this.lostMs - this.ports.clock.nowMs()
    this.stopTimer = this.ports.clock.after(Math.max(0, Math.min(delayMs, untilLostMs)), this.due)
  }

  private readonly due = (): void => {
    if (!this.checkAlive()) return
    const sinceMs = this.ports.clock.nowMs() - this.heardMs
    // Calls renew it as well.
    if (sinceMs < this.renewMs) return this.arm(this.renewMs - sinceMs)
    void this.renew()
    // A renewal that nobody answers is not waited for.
    this.arm(this.renewMs)
  }

  private async renew(): Promise<void> {
    const sentMs = this.ports.clock.nowMs()
    const attempt = (this.renewing += 1)
    let known: boolean
    try {
      const options = { timeoutMs: this.renewMs }
      known = await this.ports.log.renewSession(this.group, this.id, options)
    } catch {
      if (attempt === this.renewing) this.arm(this.pacing.failed(sentMs) ?? 0)
      return
    }
    if (!known) return this.lose()
    this.pacing = new Pacing(this.ports, Infinity)
    this.heard(sentMs)
    if (attempt === this.renewing) this.arm(this.renewMs)
  }
}
