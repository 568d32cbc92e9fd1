import { type Outcome, type WaitOptions } from '@joinery/crdt-objects'
import { callTimeout, isPassing, nobodyWaits } from './failures.ts'
import { Pacing } from './pacing.ts'
import type { CallerPorts } from './ports.ts'
import type { Stoppable, UnderWay } from './under-way.ts'

/** How something is repeated, and for how long. */
export interface Patience {
  readonly ports: Pick<CallerPorts, 'clock' | 'random'>
  /** For how long attempts may fail when `options` set no limit. */
  readonly unreachableMs: number
  readonly options: WaitOptions
  /** What it may have done when time runs out. A read has done nothing: that is the default. */
  readonly outcome?: Outcome | undefined
  /** Where it is while it is under way. */
  readonly running?: UnderWay | undefined
}

/** One attempt; its signal says that nobody waits for it any more. */
export type Attempt<T> = (options: WaitOptions) => Promise<T>

/**
 * Carries out what may be done several times, until an attempt is answered.
 *
 * @throws JoineryError CALL_TIMEOUT, GROUP_UNAVAILABLE; the reason of the signal; what an attempt fails of
 */
export function repeated<T>(patience: Patience, attempt: Attempt<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    new Repetition(patience, attempt, { resolve, reject }).start()
  })
}

interface Settle<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

class Repetition<T> implements Stoppable {
  place = 0
  private readonly patience: Patience
  private readonly pacing: Pacing
  private readonly attempt: Attempt<T>
  private readonly settle: Settle<T>
  private readonly stopping: AbortController | undefined
  private begunMs = 0
  private isOver = false
  private stopTimer: (() => void) | undefined
  private stopPause: (() => void) | undefined

  constructor(patience: Patience, attempt: Attempt<T>, settle: Settle<T>) {
    const { ports, unreachableMs, options } = patience
    const isLimited = isTimeLimit(options.timeoutMs)
    this.patience = patience
    this.pacing = new Pacing(ports, isLimited ? Infinity : unreachableMs)
    this.attempt = attempt
    this.settle = settle
    this.stopping = isLimited || options.signal !== undefined ? new AbortController() : undefined
  }

  start(): void {
    const { ports, options, outcome = 'not-applied' } = this.patience
    const { timeoutMs, signal } = options
    if (signal?.aborted === true) return this.settle.reject(signal.reason)
    this.patience.running?.add(this)
    signal?.addEventListener('abort', this.aborted, { once: true })
    if (isTimeLimit(timeoutMs)) {
      this.stopTimer = ports.clock.after(timeoutMs, () => {
        this.end(() => this.settle.reject(callTimeout(timeoutMs, outcome)))
      })
    }
    this.run()
  }

  stop(reason: unknown): void {
    this.end(() => this.settle.reject(reason))
  }

  private readonly aborted = (): void => {
    this.stop(this.patience.options.signal?.reason)
  }

  private readonly run = (): void => {
    this.begunMs = this.patience.ports.clock.nowMs()
    this.attempt(this.stopping === undefined ? {} : { signal: this.stopping.signal }).then(
      (value) => this.end(() => this.settle.resolve(value)),
      (error: unknown) => this.failed(error),
    )
  }

  private failed(error: unknown): void {
    if (this.isOver) return
    const pauseMs = isPassing(error) ? this.pacing.failed(this.begunMs) : undefined
    if (pauseMs === undefined) this.end(() => this.settle.reject(error))
    else this.stopPause = this.patience.ports.clock.after(pauseMs, this.run)
  }

  private end(settle: () => void): void {
    if (this.isOver) return
    this.isOver = true
    this.patience.running?.delete(this)
    this.stopTimer?.()
    this.stopPause?.()
    this.patience.options.signal?.removeEventListener('abort', this.aborted)
    settle()
    this.stopping?.abort(nobodyWaits)
  }
}

/** Whether a call has a time limit. */
export function isTimeLimit(timeoutMs: number | undefined): timeoutMs is number {
  return timeoutMs !== undefined && timeoutMs !== Infinity
}
