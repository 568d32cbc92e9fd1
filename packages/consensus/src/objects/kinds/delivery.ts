import type { Tenure } from './tenure.ts'
import { giveBack } from './tenure.ts'

/** An item that was claimed: to be completed, or given back. */
export interface Delivery<T> extends AsyncDisposable {
  /** Names the item, at every attempt alike: with it, a second attempt can tell what the first has done. */
  readonly id: string
  readonly item: T
  /** From 1 on. */
  readonly attempt: number
  /** Fires when others may have the item: the lease ran out, or the session was lost. By this side's own clock, and early. */
  readonly lost: AbortSignal
  /** The item is done. False when it was lost before, and is or was another's. */
  complete(): Promise<boolean>
  /** Gives the item back, for the next one who asks, or after a delay. False when it was lost, or done with, before. */
  release(options?: { readonly delayMs?: number | undefined }): Promise<boolean>
}

/** What a delivery needs of its queue. */
export interface DeliveryParts<T> {
  readonly id: string
  readonly item: T
  readonly attempt: number
  readonly tenure: Tenure
  complete(): Promise<boolean>
  release(delayMs: number | undefined): Promise<boolean>
}

export class QueueDelivery<T> implements Delivery<T> {
  readonly id: string
  readonly item: T
  readonly attempt: number
  private readonly parts: DeliveryParts<T>
  /** What it ended with, or is about to. */
  private end: Promise<boolean> | undefined
  private completed: Promise<boolean> | undefined

  constructor(parts: DeliveryParts<T>) {
    this.id = parts.id
    this.item = parts.item
    this.attempt = parts.attempt
    this.parts = parts
  }

  get lost(): AbortSignal {
    return this.parts.tenure.lost
  }

  /** Again, it answers the same. */
  complete(): Promise<boolean> {
    this.completed ??= this.finish(() => this.parts.complete())
    return this.completed
  }

  async release(options: { readonly delayMs?: number | undefined } = {}): Promise<boolean> {
    if (this.end !== undefined) return false
    const { delayMs } = options
    let isReleased = false
    await this.finish(async () => {
      await giveBack(async () => {
        isReleased = await this.parts.release(delayMs)
      })
      return isReleased
    })
    return isReleased
  }

  /** Gives back what was not done with. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.end === undefined) await this.release()
    else await this.end
  }

  private finish(work: () => Promise<boolean>): Promise<boolean> {
    this.end = this.attemptTo(work)
    return this.end
  }

  private async attemptTo(work: () => Promise<boolean>): Promise<boolean> {
    try {
      const answer = await work()
      this.parts.tenure.end()
      return answer
    } catch (error) {
      // It may still be claimed: whoever asks again, tries again.
      this.end = undefined
      this.completed = undefined
      throw error
    }
  }
}
