import { SequenceMap } from '../sequence-map.ts'

/** How far answers may run ahead of the oldest call without one before the group is told of each. */
const aheadMax = 256
/** Answers that one call tells of. */
const toldMax = 64

/** What a command says of the calls before it. */
export interface Acknowledgement {
  readonly acknowledged: number
  readonly answered?: readonly number[] | undefined
}

/**
 * Numbers the calls of one session, and keeps account of which have their answers. All up to one number is said by that
 * number; when an old call waits on while later ones are answered, those are told one by one.
 */
export class SequenceLedger<Call = undefined> {
  private last = 0
  /** Invariant: all up to it are answered. It moves on when it is asked for. */
  private watermark = 0
  private readonly unanswered = new SequenceMap<Call>()
  private untold: number[] = []

  /** Calls without an answer. */
  get size(): number {
    return this.unanswered.size
  }

  /** All up to it are answered. */
  get acknowledged(): number {
    while (this.watermark < this.last && !this.unanswered.has(this.watermark + 1))
      this.watermark += 1
    return this.watermark
  }

  /** Calls without an answer, in the order of their numbers. */
  calls(): readonly Call[] {
    return this.unanswered.entries().map(([, call]) => call)
  }

  /** The number of a new call. */
  next(call: Call): number {
    this.last += 1
    this.unanswered.set(this.last, call)
    return this.last
  }

  /** What the call `sequence` tells the group. */
  acknowledge(): Acknowledgement {
    const { acknowledged } = this
    if (this.untold.length === 0) return { acknowledged }
    if (this.last - acknowledged <= aheadMax) {
      if (this.untold[0]! <= acknowledged) this.forget(acknowledged)
      return { acknowledged }
    }
    this.forget(acknowledged)
    const answered = this.untold.splice(0, toldMax)
    return answered.length === 0 ? { acknowledged } : { acknowledged, answered }
  }

  /** The call is answered. */
  answer(sequence: number): void {
    if (!this.unanswered.delete(sequence)) return
    if (sequence > this.acknowledged) this.untold.push(sequence)
  }

  /** What a call told has not reached the group: another tells it. */
  retell(answered: readonly number[]): void {
    this.untold.push(...answered)
  }

  private forget(acknowledged: number): void {
    this.untold = this.untold.filter((sequence) => sequence > acknowledged)
  }
}
