import type { Random } from '#test/simulation/random.ts'
import type { Plan } from './plan.ts'

/** At the bound the oldest half is lost. */
const MAIL_MAX = 3_000

/** Everything on its way, delivered in any order: lost, doubled and late as the plan says. */
export class Mail {
  readonly #random: Random
  readonly #plan: Plan
  #letters: (() => void)[] = []
  /** Nothing is lost any more. */
  isCalm = false

  constructor(random: Random, plan: Plan) {
    this.#random = random
    this.#plan = plan
  }

  get size(): number {
    return this.#letters.length
  }

  /** Sends what `deliver` delivers. */
  send(deliver: () => void, lost = this.#plan.lost): void {
    if (!this.isCalm && this.#random.chance(lost)) return
    this.#letters.push(deliver)
    if (this.#random.chance(this.#plan.repeated)) this.#letters.push(deliver)
    if (this.#letters.length > MAIL_MAX) this.#letters = this.#letters.slice(MAIL_MAX / 2)
  }

  deliverOne(): void {
    if (this.#letters.length === 0) return
    const at = this.#random.integer(0, this.#letters.length - 1)
    const deliver = this.#letters[at]!
    const last = this.#letters.pop()!
    if (at < this.#letters.length) this.#letters[at] = last
    deliver()
  }

  deliverAll(): void {
    while (this.#letters.length > 0) this.deliverOne()
  }
}
