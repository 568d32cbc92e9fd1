import type { StrongSchema, WaitOptions } from '@joinery/crdt-objects'
import { defineKind } from './define-kind.ts'
import { ElectionObject, type ElectionValue, type Leader } from './election-object.ts'
import { checkHold, type Held, type HoldOptions, PermitsHandle } from './held.ts'
import type { KindBase } from './kind-handle.ts'

export interface CampaignOptions extends HoldOptions, WaitOptions {}

/** The handle of an election. */
export interface ElectionHandle extends KindBase<ElectionValue> {
  /**
   * Stands, and waits until this candidate leads: until those before it have gone.
   *
   * @throws JoineryError CALL_TIMEOUT, SESSION_EXPIRED; it does not stand any more then
   */
  campaign(options?: CampaignOptions): Promise<Held>
  /** Who leads now. */
  leader(): Promise<Leader | undefined>
}

export type ElectionSchema = StrongSchema<{
  readonly value: ElectionValue
  readonly strong: ElectionHandle
}>

class Election extends PermitsHandle<ElectionValue> implements ElectionHandle {
  async campaign(options: CampaignOptions = {}): Promise<Held> {
    const { leaseMs } = checkHold('campaign', options)
    return await this.hold({ method: 'campaign', args: [], leaseMs, wait: this.waitOf(options) })
  }

  async leader(): Promise<Leader | undefined> {
    return (await this.query('leader', [], this.options)).value as Leader | undefined
  }
}

const build = defineKind<[], ElectionSchema['~types']>({
  name: 'election',
  Class: ElectionObject,
  commands: ['campaign', 'release', 'renew'],
  reads: ['leader'],
  text: () => 'election()',
  face: (target, options) => new Election(target, options),
})

/** One leads; when it goes, the next does. */
export function election(): ElectionSchema {
  return build()
}
