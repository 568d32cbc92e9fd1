import type { Running } from '../objects/running.ts'
import { copyValue, isPrimitive } from './fields/plain-value.ts'
import type { Recorder } from './fields/recorder.ts'
import type { HostEnvironment } from './hosted-object.ts'
import type { Scheduled } from './object-call.ts'

/** What ends the run of a call that parks; it is no failure, and nobody is to catch it. */
const PARKED = Object.freeze({ name: 'a parked call: do not catch what `waitUntil` throws' })

/** What may be done in a run besides fields. */
export interface RunRights {
  /** A call of a session: it may wait. */
  readonly canWait: boolean
  /** It takes a place in the order: it may draw, schedule and write. */
  readonly isCommand: boolean
}

/** One run of a method: what stands behind the members of `StrongObject`. */
export class ObjectRun implements Running {
  /** What is to run later; made with the first of it. */
  scheduled: Scheduled[] | undefined
  isParked = false
  private readonly environment: HostEnvironment
  private readonly recorder: Recorder
  private readonly methods: ReadonlySet<string>
  private readonly rights: RunRights
  readonly caller: string
  /** Of the call: those of earlier runs first, and added to by this. */
  readonly kept: unknown[]
  private onces = 0
  private isInOnce = false

  constructor(
    host: {
      readonly environment: HostEnvironment
      readonly recorder: Recorder
      readonly methods: ReadonlySet<string>
    },
    rights: RunRights,
    caller: string,
    kept: readonly unknown[],
  ) {
    this.environment = host.environment
    this.recorder = host.recorder
    this.methods = host.methods
    this.rights = rights
    this.caller = caller
    this.kept = kept.length === 0 ? [] : [...kept]
  }

  get nowMs(): number {
    return this.environment.nowMs
  }

  get index(): number {
    return this.environment.position
  }

  random(): number {
    this.needsOrder('random')
    return this.environment.random()
  }

  waitUntil(condition: boolean): void {
    if (!this.rights.canWait) {
      throw new Error('only a call waits: not a read, a scheduled method, a hook or a constructor')
    }
    if (this.isInOnce) throw new Error('waitUntil does not go into once: arrive first, then wait')
    if (this.recorder.hasWritten || this.hasScheduled) {
      throw new Error(
        'a write before waitUntil would be done again by every run: put it into once(() => …), or behind the wait',
      )
    }
    if (condition) return
    this.isParked = true
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- no failure, and without the cost of one
    throw PARKED
  }

  private hasScheduled = false

  once<T>(work: () => T): T {
    this.needsOrder('once')
    if (this.isInOnce) throw new Error('once does not go into once')
    const number = this.onces
    this.onces += 1
    if (number < this.kept.length) return copyValue(this.kept[number]) as T
    this.isInOnce = true
    try {
      const given = this.recorder.once(work)
      this.kept.push(isPrimitive(given) ? given : copyValue(given))
      return given
    } finally {
      this.isInOnce = false
    }
  }

  schedule(delayMs: number, method: string, args: readonly unknown[]): void {
    this.needsOrder('schedule')
    if (!Number.isFinite(delayMs)) throw new Error(`a delay is a number of ms, not ${delayMs}`)
    if (!this.methods.has(method)) throw new Error(`there is no method ${method} to schedule`)
    if (!this.isInOnce) this.hasScheduled = true
    const delay = Math.min(Math.max(1, Math.ceil(delayMs)), DELAY_MS_MAX)
    this.scheduled ??= []
    this.scheduled.push({ delayMs: delay, method, args: copyValue(args) as unknown[] })
  }

  private needsOrder(member: string): void {
    if (!this.rights.isCommand)
      throw new Error(`a read has no ${member}: it takes no place in the order`)
  }
}

/** A hundred years. */
const DELAY_MS_MAX = 100 * 366 * 24 * 3600 * 1000

/** Whether it is what a parked run ends with. */
export function isParking(thrown: unknown): boolean {
  return thrown === PARKED
}
