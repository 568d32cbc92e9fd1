import type { ObjectNumber, SessionId } from './command.ts'
import type { Outcome } from './outcome.ts'
import type { ParkedCall } from './parked-calls.ts'
import { SequenceMap } from '../sequence-map.ts'
import { SequenceSet } from './sequence-set.ts'

/** Calls of one session that are parked, or whose replies are kept. */
export const SESSION_CALLS_MAX = 16_384

/** Where a parked call is. */
export interface ParkedAt {
  readonly object: ObjectNumber
  readonly parked: ParkedCall
}

/**
 * What is kept of one caller, so that a call it repeats is not done again.
 *
 * Each sequence is in one of five states: never seen; parked; answered, its reply kept; answered and forgotten, one by
 * one or by all up to `acknowledged`; and withdrawn, which is a kept reply.
 */
export class Session {
  readonly id: SessionId
  readonly leaseMs: number
  acknowledged = 0
  /** Those forgotten above `acknowledged`. */
  forgotten = new SequenceSet()
  readonly replies = new SequenceMap<Outcome>()
  readonly parked = new Map<number, ParkedAt>()
  /** Objects to tell of the session's end. */
  readonly objects = new Set<ObjectNumber>()

  constructor(id: SessionId, leaseMs: number) {
    this.id = id
    this.leaseMs = leaseMs
  }

  /** The answers have arrived of all up to `acknowledged`, and of those in `answered`: what was kept of them can go. */
  acknowledge(acknowledged: number, answered: readonly number[] | undefined): void {
    if (acknowledged > this.acknowledged) {
      this.dropReplies(acknowledged)
      this.acknowledged = acknowledged
      this.forgotten.dropUpTo(acknowledged)
    }
    if (answered === undefined) return
    for (const sequence of answered) {
      // What has no reply was not answered, whatever is said; what waits still waits.
      if (this.replies.delete(sequence) && sequence > this.acknowledged)
        this.forgotten.add(sequence)
    }
  }

  private dropReplies(acknowledged: number): void {
    if (acknowledged - this.acknowledged <= this.replies.size) {
      for (let s = this.acknowledged + 1; s <= acknowledged; s++) this.replies.delete(s)
    } else {
      for (const [sequence] of this.replies.entries()) {
        if (sequence <= acknowledged) this.replies.delete(sequence)
      }
    }
  }

  /** Whether it was answered, and the reply is gone. */
  isStale(sequence: number): boolean {
    return sequence <= this.acknowledged || this.forgotten.has(sequence)
  }

  get isFull(): boolean {
    return this.replies.size + this.parked.size >= SESSION_CALLS_MAX
  }

  /** Keeps a reply, unless its caller has said that it needs none. */
  keep(sequence: number, outcome: Outcome): void {
    if (sequence > this.acknowledged) this.replies.set(sequence, outcome)
  }
}
