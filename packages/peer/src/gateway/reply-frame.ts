import {
  answerBytesMax,
  encodeItem,
  encodeReply,
  encodeResult,
  frameBytesFull,
  failureOf,
  type Failure,
} from '@joinery/client/protocol'
import { JoineryError } from '@joinery/crdt-objects'
import { encodeValue, Writer } from '@joinery/crdt-objects/engine'

/** What a part of a long answer carries. */
const partBytes = 256 * 1024
const itemBytesMax = 512 * 1024
let scratch = new Writer(4096)

/** Where frames go. */
export interface FrameOutlet {
  /** The frame is about to leave: what belongs to its answers, and would be late with the next one, may be added. */
  leaving(): void
  /** Takes a copy. */
  send(frame: Uint8Array): void
}

/** The frame of replies being filled; it leaves when it is full or the turn ends. */
export class ReplyFrame {
  private readonly writer = new Writer(1024)
  private readonly outlet: FrameOutlet

  constructor(outlet: FrameOutlet) {
    this.outlet = outlet
  }

  done(sequence: number): void {
    encodeReply(this.writer, { kind: 'done', sequence })
  }

  /** The answer of a read, in parts when it is long. */
  result(id: number, value: unknown): void {
    const bytes = encodeToScratch(value)
    if (bytes.length <= partBytes) {
      encodeResult(this.writer, id, bytes)
      return this.sendIfFull()
    }
    if (bytes.length > answerBytesMax)
      return this.failed(id, failureOf(tooLarge(bytes.length, answerBytesMax)))
    for (let at = 0; at < bytes.length; at += partBytes) {
      const part = bytes.subarray(at, at + partBytes)
      const last = at + partBytes >= bytes.length
      encodeReply(this.writer, { kind: 'part', id, last, bytes: part })
      this.flush()
    }
  }

  /** One item of a sequence. @throws JoineryError OBJECT_TOO_LARGE */
  item(id: number, value: unknown): void {
    const bytes = encodeToScratch(value)
    if (bytes.length > itemBytesMax) throw tooLarge(bytes.length, itemBytesMax)
    encodeItem(this.writer, id, bytes)
    this.sendIfFull()
  }

  end(id: number): void {
    encodeReply(this.writer, { kind: 'end', id })
  }

  failed(id: number, failure: Failure): void {
    encodeReply(this.writer, { kind: 'failed', id, failure })
    this.sendIfFull()
  }

  writeFailed(sequence: number, failure: Failure): void {
    encodeReply(this.writer, { kind: 'write-failed', sequence, failure })
    this.sendIfFull()
  }

  reply(reply: Parameters<typeof encodeReply>[1]): void {
    encodeReply(this.writer, reply)
  }

  flush(): void {
    this.outlet.leaving()
    if (this.writer.length === 0) return
    this.outlet.send(this.writer.written())
    this.writer.length = 0
  }

  private sendIfFull(): void {
    if (this.writer.length >= frameBytesFull) this.flush()
  }
}

function encodeToScratch(value: unknown): Uint8Array {
  scratch.length = 0
  encodeValue(scratch, value)
  const bytes = scratch.written()
  // One long answer must not pin its size for good.
  if (bytes.length > partBytes) scratch = new Writer(4096)
  return bytes
}

function tooLarge(bytes: number, bytesMax: number): JoineryError {
  return new JoineryError(
    'OBJECT_TOO_LARGE',
    `This answer takes ${bytes} bytes, and at most ${bytesMax} travel: read it in parts.`,
    { bytes, bytesMax },
  )
}
