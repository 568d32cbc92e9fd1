import { type ReplicationLimits } from './contract.ts'

/**
 * When to speak with the control group. While nothing is under way that is seldom, for members are many and the group is
 * one; that something has changed is told by neighbours, who may know.
 */
export class ContactTimer {
  readonly #limits: Pick<ReplicationLimits, 'contactTicks' | 'contactSoonTicks'>
  /** Ticks until the next contact. */
  #left = 0
  #isUnderWay = true
  /** Somebody has told of something new since the last contact. */
  #isHinted = false
  #ticksSince = 1
  /** Members that heard of a thing together must not ask together. */
  #jitter = 1

  constructor(limits: Pick<ReplicationLimits, 'contactTicks' | 'contactSoonTicks'>) {
    this.#limits = limits
  }

  /** Tells whether it is time. `random` is in [0, 1). */
  tick(random: number): boolean {
    this.#jitter = 0.75 + random / 2
    this.#ticksSince++
    if (--this.#left > 0) return false
    this.#left = this.#period
    return true
  }

  /** Somebody knows more. Tells whether to ask at once: else it is asked with one of the next ticks. */
  hint(): boolean {
    const isNew = !this.#isHinted
    this.#isHinted = true
    this.#left = Math.min(this.#left, 1)
    return isNew && this.#ticksSince >= 1
  }

  /** The group is asked now. */
  made(): void {
    this.#isHinted = false
    this.#ticksSince = 0
  }

  /** The group has answered: whether something is under way, in which it is to be asked again soon. */
  answered(isUnderWay: boolean): void {
    this.#isUnderWay = isUnderWay
    if (!this.#isHinted) this.#left = this.#period
  }

  get #period(): number {
    const { contactSoonTicks, contactTicks } = this.#limits
    return Math.ceil((this.#isUnderWay ? contactSoonTicks : contactTicks) * this.#jitter)
  }
}
