import type { Change } from '@joinery/crdt-objects'
import type { Transmitter } from './call.ts'
import { gatewayUnreachable } from './errors.ts'
import { encodeRequest } from './protocol/request.ts'
import type { Target } from './object-record.ts'

/** Items under way to one reader: few for changes, which the gateway merges while the reader is slow. */
const changesCredit = 16
const itemsCredit = 256

/** What a stream needs of the session. */
export interface StreamHost {
  grant(stream: RemoteStream, credit: number): void
  /** The reader is done with it. */
  cancel(stream: RemoteStream): void
  /** A reader waits: until when it may. */
  waiting(deadlineMs: number): void
}

/** A sequence from the gateway, read at the pace of its reader. */
export class RemoteStream implements AsyncIterator<unknown, undefined> {
  readonly id: number
  private readonly target: Target
  private readonly args: Uint8Array
  private readonly host: StreamHost
  private readonly timeoutMs: number
  private items: unknown[] = []
  private taken = 0
  private delivered = false
  private sent = false
  private readers: PromiseWithSettlers[] = []
  private end: { readonly failure?: { readonly reason: unknown } } | undefined
  private readonly ending = new AbortController()
  /** When the longest-waiting reader gives up. */
  deadlineMs = Infinity

  constructor(id: number, target: Target, args: Uint8Array, host: StreamHost, timeoutMs: number) {
    this.id = id
    this.target = target
    this.args = args
    this.host = host
    this.timeoutMs = timeoutMs
  }

  /** Aborted at its end, so that what watches over it can let go. */
  get over(): AbortSignal {
    return this.ending.signal
  }

  get space(): string {
    return this.target.object.space
  }

  private get isChanges(): boolean {
    return this.target.verb === 'changes'
  }

  private get creditMax(): number {
    return this.isChanges ? changesCredit : itemsCredit
  }

  /** Starts it, or starts it again on a new connection. */
  transmit(to: Transmitter): void {
    if (this.end !== undefined) return
    if (this.sent && !this.again()) return
    this.sent = true
    this.taken = 0
    const credit = Math.max(1, this.creditMax - this.items.length)
    const target = to.numberOf(this.target)
    encodeRequest(to.writer, { kind: 'stream', id: this.id, target, args: this.args, credit })
  }

  private again(): boolean {
    if (this.isChanges) {
      // What changed while the connection was gone is not known: perhaps everything.
      this.items = []
      const everything: Change = { origin: 'remote', by: [], detail: [{ path: [] }] }
      this.item(everything)
      return true
    }
    if (!this.delivered) {
      this.items = []
      return true
    }
    this.finish({
      reason: gatewayUnreachable('not-applied', 'The connection was lost within a sequence.'),
    })
    return false
  }

  item(value: unknown): void {
    if (this.end !== undefined) return
    const reader = this.readers.shift()
    if (reader === undefined) {
      this.items.push(value)
      return
    }
    this.deadlineMs = this.readers.length > 0 ? this.deadlineMs : Infinity
    reader.resolve({ done: false, value })
    this.took()
  }

  /** The end, or a failure. */
  finish(failure?: { readonly reason: unknown }): void {
    if (this.end !== undefined) return
    this.end = failure === undefined ? {} : { failure }
    this.deadlineMs = Infinity
    if (failure !== undefined) this.items = []
    for (const reader of this.readers.splice(0)) {
      if (failure === undefined) reader.resolve({ done: true, value: undefined })
      else reader.reject(failure.reason)
    }
    this.ending.abort()
    this.host.cancel(this)
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.items.length > 0) {
      const value = this.items.shift()
      this.took()
      return Promise.resolve({ done: false, value })
    }
    if (this.end !== undefined) return this.ended(this.end)
    return new Promise((resolve, reject) => {
      this.readers.push({ resolve, reject })
      if (this.isChanges || this.deadlineMs !== Infinity) return
      this.deadlineMs = performance.now() + this.timeoutMs
      this.host.waiting(this.deadlineMs)
    })
  }

  private async ended(
    end: NonNullable<typeof this.end>,
  ): Promise<{ done: true; value: undefined }> {
    if (end.failure === undefined) return { done: true, value: undefined }
    this.end = {}
    throw end.failure.reason
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.items = []
    this.finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  private took(): void {
    this.delivered = true
    this.taken += 1
    if (this.taken * 2 < this.creditMax || this.end !== undefined) return
    this.host.grant(this, this.taken)
    this.taken = 0
  }
}

interface PromiseWithSettlers {
  resolve(result: IteratorResult<unknown, undefined>): void
  reject(reason: unknown): void
}
