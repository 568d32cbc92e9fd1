import { Writer } from '@joinery/crdt-objects/engine'
import { frameBytesFull } from './protocol/limits.ts'
import { encodeRequest, type Outgoing } from './protocol/request.ts'

/** Answered writes that the gateway need not be told of at once. */
const acknowledgeEvery = 256

/** The frame of requests being filled: it leaves when it is full, or at the end of the turn. */
export class RequestFrame {
  readonly writer = new Writer(4096)
  private readonly send: (frame: Uint8Array) => void
  /** The last write that has an answer. */
  private readonly acknowledged: () => number
  private acknowledgedSent = 0
  private scheduled = false

  constructor(send: (frame: Uint8Array) => void, acknowledged: () => number) {
    this.send = send
    this.acknowledged = acknowledged
  }

  add(request: Outgoing): void {
    encodeRequest(this.writer, request)
    this.schedule()
  }

  /** Lets it leave, soon, if there is anything in it. */
  written(): void {
    this.makeRoom()
    if (this.writer.length > 0) this.schedule()
  }

  makeRoom(): void {
    if (this.writer.length >= frameBytesFull) this.flush()
  }

  /** Begins anew: the hello has told what is acknowledged. */
  greeted(): void {
    this.acknowledgedSent = this.acknowledged()
  }

  clear(): void {
    this.writer.length = 0
  }

  readonly flush = (): void => {
    this.scheduled = false
    if (this.writer.length === 0) return
    const acknowledged = this.acknowledged()
    if (acknowledged - this.acknowledgedSent >= acknowledgeEvery) {
      this.acknowledgedSent = acknowledged
      encodeRequest(this.writer, { kind: 'acknowledge', sequence: acknowledged })
    }
    this.send(this.writer.written())
    this.writer.length = 0
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    queueMicrotask(this.flush)
  }
}
