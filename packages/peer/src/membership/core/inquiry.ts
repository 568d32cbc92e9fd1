import { type InquiryOutcome } from './contract.ts'

/** What those who were asked say together. `unknown`: none was asked, or could say. `unanswered`: none answered. */
export type Verdict = InquiryOutcome | 'unanswered'

/** A question after one peer to some members, and their answers. */
export class Inquiry {
  readonly token: number
  readonly startedMs: number
  readonly witnesses: readonly string[]
  /** Invariant: of witnesses alone, one each. */
  readonly #answers = new Map<string, InquiryOutcome>()
  #heardMs: number | undefined

  constructor(token: number, witnesses: readonly string[], startedMs: number) {
    this.token = token
    this.witnesses = witnesses
    this.startedMs = startedMs
  }

  get asked(): number {
    return this.witnesses.length
  }

  get heardBy(): number {
    return this.#count('heard')
  }

  /** False for an answer of who was not asked, or has answered. */
  answer(from: string, outcome: InquiryOutcome, nowMs: number): boolean {
    if (!this.witnesses.includes(from) || this.#answers.has(from)) return false
    if (outcome === 'heard') this.#heardMs ??= nowMs
    this.#answers.set(from, outcome)
    return true
  }

  /** When it is to be judged at the latest. What others heard just now may be on its way to us, too: see `settleMs`. */
  dueMs(inquiryMs: number, settleMs: number): number {
    if (this.#heardMs !== undefined) return this.#heardMs + settleMs
    return this.#answers.size === this.asked ? this.startedMs : this.startedMs + inquiryMs
  }

  get verdict(): Verdict {
    if (this.heardBy > 0) return 'heard'
    if (this.asked > 0 && this.#answers.size === 0) return 'unanswered'
    // A connection that stands at one of them is more than one that fell elsewhere: it may have been closed by them.
    if (this.#count('silent') > 0) return 'silent'
    return this.#count('gone') > 0 ? 'gone' : 'unknown'
  }

  #count(outcome: InquiryOutcome): number {
    let count = 0
    for (const answer of this.#answers.values()) if (answer === outcome) count++
    return count
  }
}
