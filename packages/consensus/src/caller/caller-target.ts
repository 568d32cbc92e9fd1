import type { WaitOptions } from '@joinery/crdt-objects'
import type {
  StrongAnswer,
  StrongCall,
  StrongClock,
  StrongTarget,
} from '@joinery/crdt-objects/engine'
import type { Outcome } from '../host/outcome.ts'
import { sessionExpired } from '../errors.ts'
import { argumentsNow } from './arguments.ts'
import { errorOf } from './failures.ts'
import { type CallParts, PendingCall } from './pending-call.ts'
import { repeated } from './repeated.ts'

/** What a target needs of its caller. */
export interface TargetParts extends CallParts {
  readonly name: string
  readonly home: object | undefined
  sessionLost(): AbortSignal
  /** Opens another object of the space. */
  open(name: string, descriptor: string, options: WaitOptions): Promise<StrongTarget>
  /** Aborted, with the failure of later calls, when the caller is closed. */
  readonly closed: AbortSignal
  /** The same, when the space is. */
  readonly ended: AbortSignal | undefined
}

/** One object as its handles call it. */
export class CallerTarget implements StrongTarget {
  readonly name: string
  readonly home: object | undefined
  readonly clock: StrongClock
  private readonly parts: TargetParts

  constructor(parts: TargetParts) {
    this.name = parts.name
    this.home = parts.home
    this.clock = parts.ports.clock
    this.parts = parts
  }

  get sessionLost(): AbortSignal {
    return this.parts.sessionLost()
  }

  call(call: StrongCall): Promise<StrongAnswer> {
    const { closed, ended } = this.parts
    if (closed.aborted) return Promise.reject(closed.reason as Error)
    if (ended?.aborted === true) return Promise.reject(ended.reason as Error)
    let sent: StrongCall
    try {
      sent = sentNow(call)
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- it is a JoineryError
      return Promise.reject(error)
    }
    if (call.mode === 'read') return this.read(sent)
    return new Promise((resolve, reject) => {
      new PendingCall(this.parts, sent, resolve, reject).start()
    })
  }

  changed(after: number, options: WaitOptions): Promise<number> {
    const { ports, group, object } = this.parts
    return this.repeated(options, (attempt) => ports.log.watch(group, object, after, attempt))
  }

  open(name: string, descriptor: string, options: WaitOptions): Promise<StrongTarget> {
    return this.parts.open(name, descriptor, options)
  }

  private async read({ path, method, args, options }: StrongCall): Promise<StrongAnswer> {
    const { ports, group, object, space } = this.parts
    const query = { object, path, method, args }
    const outcome = await this.repeated(options, ({ signal }) => {
      return ports.log.read(group, query, { space, signal })
    })
    await this.show(outcome, options)
    if (outcome.kind === 'failed') throw errorOf(outcome.failure)
    // A log that answers so is broken: a read has nothing to withdraw.
    if (outcome.kind === 'withdrawn') throw sessionExpired('', 'not-applied')
    return { value: outcome.value, index: outcome.position }
  }

  /** What was written before whatever the read shows is visible here, when it answers. */
  private show(outcome: Outcome, options: WaitOptions): Promise<void> | undefined {
    if (outcome.kind === 'withdrawn' || outcome.vector === undefined) return undefined
    return this.parts.ports.visibility?.after(this.parts.space, outcome.vector, options)
  }

  private repeated<T>(
    options: WaitOptions,
    attempt: (options: WaitOptions) => Promise<T>,
  ): Promise<T> {
    const { ports, times, running, closed } = this.parts
    if (closed.aborted) return Promise.reject(closed.reason as Error)
    return repeated({ ports, unreachableMs: times.unreachableMs, options, running }, attempt)
  }
}

/** Written out: spread, it would cost as much as all else here. */
function sentNow({ path, method, mode, args, options, undo }: StrongCall): StrongCall {
  return { path, method, mode, args: argumentsNow(args), options, undo }
}
