import { JoineryError } from '@joinery/crdt-objects'
import { StrongObject } from '../strong-object.ts'
import { checkCount } from './arguments.ts'

/** A run of numbers that belong to whoever reserved them, both ends included. */
export interface Reserved {
  readonly first: number
  readonly last: number
}

/** Gives each number once, in order. */
export class SequenceObject extends StrongObject {
  protected upcoming: number

  constructor(options: { readonly first: number }) {
    super()
    const { MIN_SAFE_INTEGER, MAX_SAFE_INTEGER } = Number
    const { first } = options
    this.upcoming = checkCount('the first number', first, MIN_SAFE_INTEGER, MAX_SAFE_INTEGER)
  }

  next(): number {
    return this.reserve(1).first
  }

  reserve(count: number): Reserved {
    const first = this.upcoming
    const last = first + checkCount('how many numbers to reserve', count) - 1
    if (last >= Number.MAX_SAFE_INTEGER) {
      throw new JoineryError('COUNTER_OVERFLOW', 'the sequence has no such number left', {
        value: first,
        amount: count,
      })
    }
    this.upcoming = last + 1
    return { first, last }
  }

  /** The number that comes next. */
  read(): number {
    return this.upcoming
  }
}
