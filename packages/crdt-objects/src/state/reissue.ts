import { SELF } from './context.ts'

/*
 * A replica that was cut off may find that its life was sealed without its latest updates. They are made again under its
 * next life, each once: with their clock stamps and with what they had observed, not by asking the user's code again.
 *
 * What a batch holds is what is made again, place by place. Numbers are counted on from the cut, so that what came in one
 * order comes in the same again. What an update had observed of the old life after the cut is now ours under its new number;
 * what it had observed of others is there, or was cut or removed meanwhile, and is left out.
 *
 * Removals from what accumulates can name lives that go on. Of sealed lives they take all or nothing: all, where all that
 * is there of any had been observed, for a removal by name might meet replicas that have folded them and others that have
 * not. Otherwise what sealed lives added there stays.
 */

/** Updates of a life that is over, which its seal has cut, being made again as ours. */
export class Reissue {
  /** Our index of each row of the batch: row 0 is the old life. */
  readonly indexes: readonly number[]
  private readonly cut: number
  /** By place: what the places keep between batches. */
  private readonly notes: WeakMap<object, unknown>

  constructor(indexes: readonly number[], cut: number, notes: WeakMap<object, unknown>) {
    this.indexes = indexes
    this.cut = cut
    this.notes = notes
  }

  /** The number that an update of the old life has now. */
  number(seq: number): number {
    return seq - this.cut
  }

  /** Whether an update is made again, so that it is ours now. */
  isAgain(row: number, seq: number): boolean {
    return row === 0 && seq > this.cut
  }

  /** The replica that an observed update is of now, and its number. */
  dot(row: number, seq: number): readonly [index: number, seq: number] {
    if (this.isAgain(row, seq)) return [SELF, this.number(seq)]
    return [this.indexes[row] ?? SELF, seq]
  }

  /** What a place keeps between the batches of one life, made when first asked for. */
  note<T>(place: object, make: () => T): T {
    const known = this.notes.get(place) as T | undefined
    if (known !== undefined) return known
    const made = make()
    this.notes.set(place, made)
    return made
  }
}
