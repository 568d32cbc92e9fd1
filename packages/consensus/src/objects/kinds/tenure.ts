import { isJoineryError } from '@joinery/crdt-objects'
import type { StrongAnswer, StrongTarget } from '@joinery/crdt-objects/engine'
import { onAbort } from './on-abort.ts'

/** Of a lease this much is not relied on: clocks of two machines do not run alike. */
const DRIFT = 1 / 64
/** Of a lease this much may pass before the answer is here: what waited longer begins its lease anew. */
const WAITED = 1 / 4

/** What a holder's side needs of what is held. */
export interface TenureParts {
  readonly target: StrongTarget
  readonly leaseMs: number
  /** When the call was sent that got it, by the target's clock. */
  readonly sentMs: number
  readonly answer: StrongAnswer
  /** Begins the lease anew; false when what was held is gone. */
  renew(): Promise<boolean>
}

/**
 * How long something is held, as its holder knows it: until it is given back, or the session is lost, or its lease may
 * have run out. The holder's clock counts from before the lease began, so that `lost` fires before others can hold it.
 */
export class Tenure {
  private readonly parts: TenureParts
  private readonly controller = new AbortController()
  private readonly forget: () => void
  private stopTimer: (() => void) | undefined

  private constructor(parts: TenureParts) {
    this.parts = parts
    const sessionLost = parts.answer.lost ?? parts.target.sessionLost
    this.forget = onAbort(sessionLost, () => this.lose())
    if (sessionLost.aborted) this.lose()
  }

  /** Begins once the answer is here. */
  static async begin(parts: TenureParts): Promise<Tenure> {
    const tenure = new Tenure(parts)
    if (parts.leaseMs > 0) await tenure.count()
    return tenure
  }

  get lost(): AbortSignal {
    return this.controller.signal
  }

  /** It was given back: nothing is lost any more. */
  end(): void {
    this.stopTimer?.()
    this.forget()
  }

  private async count(): Promise<void> {
    const { leaseMs, sentMs, target } = this.parts
    const { clock } = target
    if (clock.nowMs() - sentMs <= leaseMs * WAITED) {
      this.loseAfter(leaseMs - (clock.nowMs() - sentMs))
      return
    }
    // It waited for long, and when its lease began is not known here.
    const renewedMs = clock.nowMs()
    try {
      if (!(await this.parts.renew())) this.lose()
      else this.loseAfter(leaseMs - (clock.nowMs() - renewedMs))
    } catch {
      this.lose()
    }
  }

  private loseAfter(leftMs: number): void {
    const delayMs = leftMs - this.parts.leaseMs * DRIFT
    if (delayMs <= 0) this.lose()
    else if (!this.lost.aborted)
      this.stopTimer = this.parts.target.clock.after(delayMs, () => this.lose())
  }

  private lose(): void {
    this.end()
    this.controller.abort(new Error('what was held is lost: others may hold it now'))
  }
}

/** Gives back; what is gone with its session or its object is given back already. */
export async function giveBack(release: () => Promise<unknown>): Promise<void> {
  try {
    await release()
  } catch (error) {
    const isGone =
      isJoineryError(error, 'SESSION_EXPIRED') || isJoineryError(error, 'OBJECT_UNKNOWN')
    if (!isGone) throw error
  }
}
