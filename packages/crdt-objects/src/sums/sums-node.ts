import { invalidValue } from '../errors.ts'
import { ContributionsNode } from '../state/contributions-node.ts'
import { Sums } from './sums.ts'

/**
 * Amounts below this never take a finite sum out of the finite numbers: half a step of the greatest ones is more, so
 * that it is rounded away.
 */
export const HARMLESS_MAX = 2 ** 969

/** What one addition adds: a call into the pending content. */
export type Addition = (content: Sums) => boolean

/** A place that is numbers by index: vectors, matrices, counts of a histogram. */
export class SumsNode extends ContributionsNode<Sums> {
  read(): Float64Array<ArrayBuffer> {
    return this.content.toArray()
  }

  /** Numbers from `start` on. */
  row(start: number, count: number): Float64Array<ArrayBuffer> {
    const { content } = this
    return Float64Array.from({ length: count }, (_, i) => content.at(start + i))
  }

  /** One operation. */
  add(addition: Addition): void {
    addition(this.begin())
    this.finish()
  }

  /** Whether the sums with this in it are within their limits: what readers see, and what we have added so far. */
  hasRoomFor(increment: Sums): boolean {
    return [this.content, this.ownContent].every((content) => content.copy().merge(increment))
  }
}

/**
 * Refuses an addition after which a sum would not be finite. Only amounts that are enormous are worth the look.
 *
 * @throws JoineryError VALUE_INVALID
 */
export function checkRoom(
  node: SumsNode | undefined,
  shape: Sums['shape'],
  addition: Addition,
): void {
  const increment = new Sums(shape)
  if (addition(increment) && node?.hasRoomFor(increment) !== false) return
  throw invalidValue('a sum would leave the finite numbers: scale the amounts down')
}
