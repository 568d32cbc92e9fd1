import { barrierBroken } from '../../errors.ts'
import { StrongObject } from '../strong-object.ts'
import { checkCount } from './arguments.ts'

/** What a barrier reads as. */
export interface BarrierValue {
  readonly parties: number
  /** Rounds that all parties passed. */
  readonly round: number
  /** How many have arrived in this round, and wait. */
  readonly arrived: number
}

/** What a party gets that passed. */
export interface Passed {
  /** The round that was passed, from 0 on. */
  readonly round: number
  /** Of the one party that the others waited for. */
  readonly last: boolean
}

/**
 * A meeting of so many parties, again and again. A round breaks when one who waits in it leaves: those who wait with it
 * fail, and the round begins anew with nobody there, so that they can come again.
 *
 * A parked call reads `meeting` and nothing else until its meeting is over: an arrival wakes nobody, and the last one
 * wakes all.
 */
export class BarrierObject extends StrongObject {
  readonly parties: number
  protected round = 0
  protected arrived = 0
  /** Numbers the meetings, those that broke too. */
  protected meeting = 0
  /** The last meeting that broke, and why. Its parties look at once: nobody asks for an earlier one. */
  protected broken = -1
  protected brokenBy: 'left' | 'reset' = 'left'

  constructor(parties: number) {
    super()
    this.parties = checkCount('the number of parties', parties)
  }

  wait(): Passed {
    const [meeting, round, last] = this.once(() => this.arrive())
    this.waitUntil(this.meeting > meeting)
    if (this.broken === meeting) throw barrierBroken(round, this.brokenBy)
    return { round, last }
  }

  /** Sends home those who wait. */
  reset(): void {
    if (this.arrived > 0) this.break('reset')
  }

  read(): BarrierValue {
    return { parties: this.parties, round: this.round, arrived: this.arrived }
  }

  protected arrive(): readonly [meeting: number, round: number, last: boolean] {
    const { meeting, round } = this
    const last = this.arrived + 1 === this.parties
    this.arrived = last ? 0 : this.arrived + 1
    if (last) {
      this.meeting++
      this.round++
    }
    return [meeting, round, last]
  }

  protected break(why: 'left' | 'reset'): void {
    this.broken = this.meeting
    this.brokenBy = why
    this.meeting++
    this.arrived = 0
  }

  protected override callWithdrawn({ kept }: { readonly kept: readonly unknown[] }): void {
    const [meeting] = kept[0] as ReturnType<BarrierObject['arrive']>
    if (meeting === this.meeting) this.break('left')
  }
}
