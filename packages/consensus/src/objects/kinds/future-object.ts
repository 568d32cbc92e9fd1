import { futureRejected } from '../../errors.ts'
import { StrongObject } from '../strong-object.ts'

/** What a future reads as. */
export type FutureValue<T> =
  | { readonly state: 'pending' }
  | { readonly state: 'resolved'; readonly value: T }
  | { readonly state: 'rejected'; readonly reason: unknown }

/** Is settled once, by whoever comes first. */
export class FutureObject extends StrongObject {
  protected state: 'pending' | 'resolved' | 'rejected' = 'pending'
  /** The value, or the reason. */
  protected result: unknown = undefined

  resolve(value: unknown): boolean {
    return this.settle('resolved', value)
  }

  reject(reason: unknown): boolean {
    return this.settle('rejected', reason)
  }

  wait(): unknown {
    this.waitUntil(this.state !== 'pending')
    if (this.state === 'rejected') throw futureRejected(this.result)
    return this.result
  }

  read(): FutureValue<unknown> {
    const { state, result } = this
    if (state === 'pending') return { state }
    return state === 'resolved' ? { state, value: result } : { state, reason: result }
  }

  protected settle(state: 'resolved' | 'rejected', result: unknown): boolean {
    if (this.state !== 'pending') return false
    this.state = state
    this.result = result
    return true
  }
}
