import type { Shareable, StrongSchema, WaitOptions } from '@joinery/crdt-objects'
import { defineKind } from './define-kind.ts'
import { FutureObject, type FutureValue } from './future-object.ts'
import { checkWait, type KindBase, KindHandle } from './kind-handle.ts'

/** The handle of a future. It is no thenable: `await space.open(…)` gives the handle, not what it will hold. */
export interface FutureHandle<T> extends KindBase<FutureValue<T>> {
  /** Whether this call settled it. */
  resolve(value: T): Promise<boolean>
  /** Whether this call settled it. Of an `Error`, its name and message are the reason. */
  reject(reason: unknown): Promise<boolean>
  /**
   * Waits for the value.
   *
   * @throws JoineryError FUTURE_REJECTED, CALL_TIMEOUT, SESSION_EXPIRED
   */
  wait(options?: WaitOptions): Promise<T>
}

export type FutureSchema<T> = StrongSchema<{
  readonly value: FutureValue<T>
  readonly strong: FutureHandle<T>
}>

class Future<T> extends KindHandle<FutureValue<T>> implements FutureHandle<T> {
  async resolve(value: T): Promise<boolean> {
    return (await this.command('resolve', [value])).value as boolean
  }

  async reject(reason: unknown): Promise<boolean> {
    const shared = reason instanceof Error ? { name: reason.name, message: reason.message } : reason
    return (await this.command('reject', [shared])).value as boolean
  }

  async wait(options: WaitOptions = {}): Promise<T> {
    const wait = this.waitOf(checkWait('wait', options))
    return (await this.command('wait', [], wait)).value as T
  }
}

const build = defineKind<[], FutureSchema<unknown>['~types']>({
  name: 'future',
  Class: FutureObject,
  commands: ['resolve', 'reject', 'wait'],
  text: () => 'future()',
  face: (target, options) => new Future(target, options),
})

/** One value, or a failure, that comes later: the first to settle it does. */
export function future<T = unknown>(): FutureSchema<Shareable<T>> {
  return build() as unknown as FutureSchema<Shareable<T>>
}
