import { LocalHandle } from '../faces/local.ts'
import type { Addition, SumsNode } from './sums-node.ts'
import { HARMLESS_MAX, checkRoom } from './sums-node.ts'
import type { SumsShape } from './sums.ts'

/** Sums of any finite numbers. */
export function floatShape(length: number): SumsShape {
  return { length, low: -Number.MAX_VALUE, high: Number.MAX_VALUE, whole: false }
}

/** A local handle on numbers by index. */
export abstract class LocalSums<V> extends LocalHandle<SumsNode, V> {
  protected abstract readonly shape: SumsShape

  /** One operation, whose arguments are checked; `largest` is the greatest amount in it, without its sign. */
  protected write(addition: Addition, largest: number): void {
    if (largest >= HARMLESS_MAX) checkRoom(this.find(), this.shape, addition)
    this.make().add(addition)
  }
}
