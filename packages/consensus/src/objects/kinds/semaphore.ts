import type { StrongSchema, WaitOptions } from '@joinery/crdt-objects'
import { checkCount } from './arguments.ts'
import { defineKind } from './define-kind.ts'
import {
  checkHold,
  type Held,
  type HoldOptions,
  PermitsHandle,
  requestOf,
  whileHeld,
  type Work,
} from './held.ts'
import { checkWait, type KindBase } from './kind-handle.ts'
import { SemaphoreObject, type SemaphoreValue } from './semaphore-object.ts'

export interface PermitOptions extends HoldOptions {
  /** How many at once. Default 1. */
  readonly permits?: number | undefined
}

export interface AcquirePermitOptions extends PermitOptions, WaitOptions {}

/** The handle of a semaphore. */
export interface SemaphoreHandle extends KindBase<SemaphoreValue> {
  /**
   * Waits until its permits are free: first come, first served, and none that wants few passes one that wants many.
   *
   * @throws JoineryError CALL_TIMEOUT, SESSION_EXPIRED; nothing is held then
   */
  acquire(options?: AcquirePermitOptions): Promise<Held>
  /** Never waits: `undefined` when too few are free, or somebody waits for them. */
  tryAcquire(options?: PermitOptions): Promise<Held | undefined>
  /** Does `work` while the permits are held, and gives them back whatever comes of that. */
  request<R>(work: Work<R>): Promise<R>
  request<R>(options: AcquirePermitOptions, work: Work<R>): Promise<R>
}

export type SemaphoreSchema = StrongSchema<{
  readonly value: SemaphoreValue
  readonly strong: SemaphoreHandle
}>

class Semaphore extends PermitsHandle<SemaphoreValue> implements SemaphoreHandle {
  async acquire(options: AcquirePermitOptions = {}): Promise<Held> {
    const { permits = 1, leaseMs } = checkHold('acquire', options, ['permits'])
    const wait = this.waitOf(options)
    return await this.hold({ method: 'acquire', args: [permits], leaseMs, wait })
  }

  async tryAcquire(options: PermitOptions = {}): Promise<Held | undefined> {
    const { permits = 1, leaseMs } = checkWait('tryAcquire', options, ['permits', 'leaseMs'])
    const wait = this.options
    return await this.tryHold({ method: 'tryAcquire', args: [permits], leaseMs, wait })
  }

  async request<R>(first: AcquirePermitOptions | Work<R>, second?: Work<R>): Promise<R> {
    const [options, work] = requestOf(first, second)
    return await whileHeld(() => this.acquire(options), work)
  }
}

const build = defineKind<[permits: number], SemaphoreSchema['~types']>({
  name: 'semaphore',
  Class: SemaphoreObject,
  commands: ['acquire', 'tryAcquire', 'release', 'renew'],
  text: (permits) => `semaphore(${permits})`,
  face: (target, options) => new Semaphore(target, options),
})

/** So many at a time, in the order in which they came. */
export function semaphore(permits: number): SemaphoreSchema {
  return build(checkCount('the number of permits', permits))
}
