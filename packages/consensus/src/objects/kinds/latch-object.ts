import { StrongObject } from '../strong-object.ts'
import { checkCount } from './arguments.ts'

/** Opens when it was counted down to zero, and stays open. */
export class LatchObject extends StrongObject {
  protected remaining: number
  /** Read by those who wait: it changes once, and `remaining` with each step. */
  protected isOpen: boolean

  constructor(count: number) {
    super()
    this.remaining = checkCount('the count of a latch', count, 0)
    this.isOpen = this.remaining === 0
  }

  /** Gives what is left to count. */
  countDown(n: number): number {
    this.remaining = Math.max(0, this.remaining - checkCount('a step of a latch', n))
    if (this.remaining === 0 && !this.isOpen) this.isOpen = true
    return this.remaining
  }

  wait(): void {
    this.waitUntil(this.isOpen)
  }

  /** What is left to count. */
  read(): number {
    return this.remaining
  }
}
