import { invalidValue, type StrongSchema, type WaitOptions } from '@joinery/crdt-objects'
import { checkWait, type KindBase } from './kind-handle.ts'
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
import { type LockMode, LockObject, type LockValue } from './lock-object.ts'

export interface LockOptions {
  /** Lets a session in again that holds the lock. Default false: it waits for itself. */
  readonly reentrant?: boolean | undefined
}

export interface LockHoldOptions extends HoldOptions {
  /** Shared with others that share it, or exclusive, which is the default. */
  readonly mode?: LockMode | undefined
}

export interface AcquireLockOptions extends LockHoldOptions, WaitOptions {}

/** The handle of a lock. */
export interface LockHandle extends KindBase<LockValue> {
  /**
   * Waits for its turn: first come, first served, whether shared or exclusive.
   *
   * @throws JoineryError CALL_TIMEOUT, SESSION_EXPIRED; nothing is held then
   */
  acquire(options?: AcquireLockOptions): Promise<Held>
  /** Never waits: `undefined` when somebody else holds the lock, or waits for it. */
  tryAcquire(options?: LockHoldOptions): Promise<Held | undefined>
  /** Does `work` while the lock is held, and gives it back whatever comes of that. */
  request<R>(work: Work<R>): Promise<R>
  request<R>(options: AcquireLockOptions, work: Work<R>): Promise<R>
}

export type LockSchema = StrongSchema<{ readonly value: LockValue; readonly strong: LockHandle }>

class Lock extends PermitsHandle<LockValue> implements LockHandle {
  async acquire(options: AcquireLockOptions = {}): Promise<Held> {
    const { mode = 'exclusive', leaseMs } = checkHold('acquire', options, ['mode'])
    return await this.hold({ method: 'lock', args: [mode], leaseMs, wait: this.waitOf(options) })
  }

  async tryAcquire(options: LockHoldOptions = {}): Promise<Held | undefined> {
    const { mode = 'exclusive', leaseMs } = checkWait('tryAcquire', options, ['mode', 'leaseMs'])
    return await this.tryHold({ method: 'tryLock', args: [mode], leaseMs, wait: this.options })
  }

  async request<R>(first: AcquireLockOptions | Work<R>, second?: Work<R>): Promise<R> {
    const [options, work] = requestOf(first, second)
    return await whileHeld(() => this.acquire(options), work)
  }
}

const build = defineKind<[{ readonly reentrant: boolean }], LockSchema['~types']>({
  name: 'lock',
  Class: LockObject,
  commands: ['lock', 'tryLock', 'release', 'renew'],
  text: ({ reentrant }) => (reentrant ? 'lock({ reentrant: true })' : 'lock()'),
  face: (target, options) => new Lock(target, options),
})

/** One at a time, or several that share, in the order in which they came. */
export function lock(options: LockOptions = {}): LockSchema {
  const { reentrant = false } = checkWait('a lock', options, ['reentrant'])
  if (typeof (reentrant as unknown) !== 'boolean') {
    throw invalidValue('reentrant is true or false', reentrant)
  }
  return build({ reentrant })
}
