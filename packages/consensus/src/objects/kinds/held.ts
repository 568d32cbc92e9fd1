import { invalidValue, type WaitOptions } from '@joinery/crdt-objects'
import type { StrongAnswer } from '@joinery/crdt-objects/engine'
import { checkLease } from './arguments.ts'
import { checkWait, KindHandle } from './kind-handle.ts'
import type { Grant } from './permits-object.ts'
import { giveBack, Tenure } from './tenure.ts'

/** What is held until it is given back, or lost. */
export interface Held extends AsyncDisposable {
  /**
   * A number that grows with each holder. Whoever keeps what the lock guards refuses a smaller one than it has seen: so
   * a holder that lost the lock, and does not know, does no harm.
   */
  readonly fence: bigint
  /** Fires when others may hold it: the lease ran out, or the session was lost. By this side's own clock, and early. */
  readonly lost: AbortSignal
  /** Gives back. Again, or after it was lost, it does nothing. */
  release(): Promise<void>
}

/** How something is held. */
export interface HoldOptions {
  /** It is taken away after this time. Not given: it is held as long as the session lives. */
  readonly leaseMs?: number | undefined
}

/** What a request of a handle of permits is made of. */
interface HoldCall {
  readonly method: string
  /** Before the lease. */
  readonly args: readonly unknown[]
  readonly leaseMs: number | undefined
  readonly wait: WaitOptions
}

/** The part of a handle that all kinds share whose permits are held. */
export class PermitsHandle<V> extends KindHandle<V> {
  protected async hold(call: HoldCall): Promise<Held> {
    const held = await this.tryHold(call)
    if (held === undefined) throw new Error(`${call.method} answered no hold`)
    return held
  }

  protected async tryHold({ method, args, leaseMs, wait }: HoldCall): Promise<Held | undefined> {
    const lease = checkLease(leaseMs)
    const sentMs = this.target.clock.nowMs()
    const answer = await this.command(method, [...args, lease], wait, this.undo)
    const grant = answer.value as Grant | undefined
    if (grant === undefined) return undefined
    const tenure = await Tenure.begin({
      target: this.target,
      leaseMs: lease,
      sentMs,
      answer,
      renew: async () => (await this.command('renew', [grant.hold, lease], {})).value === true,
    })
    return new HeldPermits(BigInt(grant.fence), tenure, () => {
      return this.command('release', [grant.hold], {})
    })
  }

  private readonly undo = ({ value }: StrongAnswer): void => {
    const grant = value as Grant | undefined
    // If this is lost too, the session's end gives it back.
    if (grant !== undefined) this.command('release', [grant.hold], {}).catch(() => undefined)
  }
}

class HeldPermits implements Held {
  readonly fence: bigint
  private readonly tenure: Tenure
  private readonly send: () => Promise<unknown>
  private released: Promise<void> | undefined

  constructor(fence: bigint, tenure: Tenure, send: () => Promise<unknown>) {
    this.fence = fence
    this.tenure = tenure
    this.send = send
  }

  get lost(): AbortSignal {
    return this.tenure.lost
  }

  release(): Promise<void> {
    this.released ??= this.giveBack()
    return this.released
  }

  private async giveBack(): Promise<void> {
    try {
      await giveBack(this.send)
      this.tenure.end()
    } catch (error) {
      // It may still be held: whoever asks again, tries again.
      this.released = undefined
      throw error
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

/** The work of the callback form, which comes last. */
export type Work<R> = (held: Held) => R | Promise<R>

/** Does `work` while it is held. The failure of the work comes before that of giving back. */
export async function whileHeld<R>(acquire: () => Promise<Held>, work: Work<R>): Promise<R> {
  if (typeof (work as unknown) !== 'function') throw invalidValue('request takes a function', work)
  const held = await acquire()
  let result: R
  try {
    result = await work(held)
  } catch (error) {
    await held.release().catch(() => undefined)
    throw error
  }
  await held.release()
  return result
}

/** The arguments of `request`: options may be left out. */
export function requestOf<O extends object, R>(
  first: O | Work<R>,
  second: Work<R> | undefined,
): readonly [options: O | Record<string, never>, work: Work<R>] {
  if (typeof first === 'function' && second === undefined) return [{}, first]
  return [first as O, second as Work<R>]
}

/** Checks options of a request, of which `own` are the kind's. */
export function checkHold<O extends HoldOptions & WaitOptions>(
  what: string,
  options: O,
  own: readonly string[] = [],
): O {
  return checkWait(what, options, [...own, 'leaseMs', 'timeoutMs', 'signal'])
}
