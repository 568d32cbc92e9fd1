import type { StrongSchema, WaitOptions } from '@joinery/crdt-objects'
import { checkCount } from './arguments.ts'
import { defineKind } from './define-kind.ts'
import { checkWait, type KindBase, KindHandle } from './kind-handle.ts'
import { LatchObject } from './latch-object.ts'

/** The handle of a latch, which reads as what is left to count. */
export interface LatchHandle extends KindBase<number> {
  /** Counts down, to zero at most; gives what is left. */
  countDown(n?: number): Promise<number>
  /**
   * Waits for zero.
   *
   * @throws JoineryError CALL_TIMEOUT, SESSION_EXPIRED
   */
  wait(options?: WaitOptions): Promise<void>
}

export type LatchSchema = StrongSchema<{ readonly value: number; readonly strong: LatchHandle }>

class Latch extends KindHandle<number> implements LatchHandle {
  async countDown(n = 1): Promise<number> {
    return (await this.command('countDown', [checkCount('a step of a latch', n)])).value as number
  }

  async wait(options: WaitOptions = {}): Promise<void> {
    await this.command('wait', [], this.waitOf(checkWait('wait', options)))
  }
}

const build = defineKind<[count: number], LatchSchema['~types']>({
  name: 'latch',
  Class: LatchObject,
  commands: ['countDown', 'wait'],
  text: (count) => `latch(${count})`,
  face: (target, options) => new Latch(target, options),
})

/** Opens once it was counted down so often, and stays open. */
export function latch(count: number): LatchSchema {
  return build(checkCount('the count of a latch', count, 0))
}
