import type { StrongSchema, WaitOptions } from '@joinery/crdt-objects'
import { checkCount } from './arguments.ts'
import { BarrierObject, type BarrierValue, type Passed } from './barrier-object.ts'
import { defineKind } from './define-kind.ts'
import { checkWait, type KindBase, KindHandle } from './kind-handle.ts'

/** The handle of a barrier. */
export interface BarrierHandle extends KindBase<BarrierValue> {
  /**
   * Arrives, and waits for the others. Who gives up breaks the round.
   *
   * @throws JoineryError BARRIER_BROKEN when another party left, CALL_TIMEOUT, SESSION_EXPIRED
   */
  wait(options?: WaitOptions): Promise<Passed>
  /** Breaks the round, if anybody waits in it. */
  reset(): Promise<void>
}

export type BarrierSchema = StrongSchema<{
  readonly value: BarrierValue
  readonly strong: BarrierHandle
}>

class Barrier extends KindHandle<BarrierValue> implements BarrierHandle {
  async wait(options: WaitOptions = {}): Promise<Passed> {
    const wait = this.waitOf(checkWait('wait', options))
    return (await this.command('wait', [], wait)).value as Passed
  }

  async reset(): Promise<void> {
    await this.command('reset', [])
  }
}

const build = defineKind<[parties: number], BarrierSchema['~types']>({
  name: 'barrier',
  Class: BarrierObject,
  commands: ['wait', 'reset'],
  text: (parties) => `barrier(${parties})`,
  face: (target, options) => new Barrier(target, options),
})

/** Lets nobody on before so many have come; then it does so again. */
export function barrier(parties: number): BarrierSchema {
  return build(checkCount('the number of parties', parties))
}
