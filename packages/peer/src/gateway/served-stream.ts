import { creditMax, failureOf } from '@joinery/client/protocol'
import type { ReplyFrame } from './reply-frame.ts'

/** What a stream needs of its connection. */
export interface StreamClient {
  readonly frame: ReplyFrame
  /** False while the client has not read what it was sent. */
  readonly writable: boolean
  /** Sees to it that what is in the frame leaves. */
  schedule(): void
  finished(id: number): void
}

/** One sequence on its way to a client: an item is taken from the source only when the client has room for it. */
export class ServedStream {
  /** The space that it is of. */
  readonly space: string
  private readonly id: number
  private readonly client: StreamClient
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>
  private readonly isAsync: boolean
  private credit: number
  private waiting = false
  private ended = false

  constructor(
    { id, space }: { readonly id: number; readonly space: string },
    source: unknown,
    credit: number,
    client: StreamClient,
  ) {
    this.id = id
    this.space = space
    this.client = client
    this.credit = credit
    this.isAsync = Symbol.asyncIterator in (source as object)
    this.iterator = this.isAsync
      ? (source as AsyncIterable<unknown>)[Symbol.asyncIterator]()
      : (source as Iterable<unknown>)[Symbol.iterator]()
  }

  grant(credit: number): void {
    this.credit = Math.min(creditMax, this.credit + credit)
    this.pump()
  }

  /** Sends what there is, as far as the client has room. */
  pump(): void {
    if (this.isAsync) void this.pumpChanges()
    else this.pumpItems()
  }

  cancel(): void {
    if (this.ended) return
    this.ended = true
    const done = this.iterator.return?.()
    if (done instanceof Promise) done.catch(() => {})
  }

  private pumpItems(): void {
    try {
      while (!this.ended && this.credit > 0 && this.client.writable) {
        const step = (this.iterator as Iterator<unknown>).next()
        if (step.done === true) return this.finish()
        this.take(step.value)
      }
    } catch (error) {
      this.fail(error)
    }
  }

  private async pumpChanges(): Promise<void> {
    if (this.waiting) return
    this.waiting = true
    try {
      while (!this.ended && this.credit > 0 && this.client.writable) {
        const step = await (this.iterator as AsyncIterator<unknown>).next()
        if (this.ended) return
        if (step.done === true) return this.finish()
        this.take(step.value)
      }
    } catch (error) {
      this.fail(error)
    } finally {
      this.waiting = false
    }
  }

  private take(value: unknown): void {
    this.credit -= 1
    this.client.frame.item(this.id, value)
    this.client.schedule()
  }

  private finish(): void {
    if (this.ended) return
    this.ended = true
    this.client.frame.end(this.id)
    this.client.schedule()
    this.client.finished(this.id)
  }

  /** Ends it with a failure. */
  fail(error: unknown): void {
    if (this.ended) return
    this.cancel()
    this.client.frame.failed(this.id, failureOf(error))
    this.client.schedule()
    this.client.finished(this.id)
  }
}
