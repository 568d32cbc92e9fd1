import { type ByteSink, FrameWriter } from '../libp2p/frame-writer.ts'
import { FrameError, FrameReader } from '../libp2p/frames.ts'
import { type Channel, type ChannelEvents } from '../network.ts'
import {
  type ForwardContent,
  forwardPieceBytes,
  type ForwardEnd,
  forwardWindowBytes,
} from './core/forward-contract.ts'

/** What is queued for a path and cannot leave yet, before the neighbour is dropped to anti-entropy. */
const queueBytesMax = 4 * 2 ** 20
/** So many bytes are taken before the other end is told. */
const tellTakenBytes = forwardWindowBytes / 4

/** How a forwarded channel reaches its other end, and tells of itself. */
export interface ForwardedChannelPorts {
  readonly events: ChannelEvents
  /** False when the forwarder is gone, or what was queued for it is dropped. */
  send(content: ForwardContent): boolean
  /** It is closed: no content finds it any more. */
  onClosed(): void
}

/** A channel to a peer that is reached by way of another member: to those above, one like any other. */
export class ForwardedChannel implements Channel {
  readonly peer: string
  /** The member that forwards. */
  readonly via: string
  readonly path: number
  readonly isDialled: boolean
  readonly #ports: ForwardedChannelPorts
  readonly #reader = new FrameReader()
  readonly #sink: WindowedSink
  readonly #writer: FrameWriter
  #untoldBytes = 0
  #isClosed = false

  constructor(
    ends: Pick<ForwardedChannel, 'peer' | 'via' | 'path' | 'isDialled'>,
    ports: ForwardedChannelPorts,
  ) {
    this.peer = ends.peer
    this.via = ends.via
    this.path = ends.path
    this.isDialled = ends.isDialled
    this.#ports = ports
    this.#sink = new WindowedSink((bytes) => {
      if (!ports.send({ kind: 'bytes', bytes })) this.end()
    })
    this.#writer = new FrameWriter(this.#sink, {
      queueBytesMax,
      onOverflow: (bytes) => {
        ports.events.onOverflow(this, bytes)
      },
      onDrained: () => {
        ports.events.onDrained(this)
      },
      onFailed: (error) => {
        this.close(error.message)
      },
    })
  }

  get queueBytes(): number {
    return this.#writer.queueBytes + this.#sink.heldBytes
  }

  send(frame: Uint8Array, isBulk = false): boolean {
    return this.#writer.send(frame, isBulk)
  }

  sendAlways(frame: Uint8Array): void {
    this.#writer.sendAlways(frame)
  }

  close(_reason: string): void {
    this.#tellEnd('closed')
    this.end()
  }

  /** The path is over: nothing more is sent or taken. */
  end(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#writer.close()
    this.#sink.close()
    this.#ports.onClosed()
    this.#ports.events.onClosed(this)
  }

  /** Takes what the other end said. */
  take(content: ForwardContent): void {
    if (content.kind === 'bytes') this.#takeBytes(content.bytes)
    else if (content.kind === 'taken') {
      if (!this.#sink.taken(content.bytes)) this.#invalid('more was taken than sent')
    } else this.end()
  }

  #takeBytes(bytes: Uint8Array): void {
    this.#untoldBytes += bytes.length
    try {
      // A copy: the reader keeps rests, and must not keep the whole chunk that they came in.
      for (const frame of this.#reader.read(bytes.slice())) {
        this.#ports.events.onFrame(this, frame)
        // Handling a frame may have closed the channel.
        if (this.#isClosed) return
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#invalid(error.message)
      return
    }
    if (this.#untoldBytes < tellTakenBytes) return
    const taken = this.#untoldBytes
    this.#untoldBytes = 0
    if (!this.#ports.send({ kind: 'taken', bytes: taken })) this.end()
  }

  #invalid(reason: string): void {
    this.#ports.events.onInvalid(this, reason)
    this.close(reason)
  }

  #tellEnd(reason: ForwardEnd): void {
    if (!this.#isClosed) this.#ports.send({ kind: 'end', reason })
  }
}

/** Sends bytes in pieces, and no more than a window beyond what the other end has taken. */
class WindowedSink implements ByteSink {
  readonly #sendPiece: (bytes: Uint8Array) => void
  readonly #listeners: (() => void)[] = []
  /** What does not fit into the window: the rest of one `send`. */
  #held: Uint8Array = new Uint8Array(0)
  /** Invariant: from 0 to the window. */
  #outstandingBytes = 0
  #isClosed = false

  constructor(sendPiece: (bytes: Uint8Array) => void) {
    this.#sendPiece = sendPiece
  }

  get heldBytes(): number {
    return this.#held.length
  }

  get writableNeedsDrain(): boolean {
    return this.#held.length > 0
  }

  send(bytes: Uint8Array): boolean {
    this.#held = bytes
    this.#flush()
    return !this.writableNeedsDrain
  }

  addEventListener(_type: 'drain', listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** False when more is said to be taken than was sent. */
  taken(bytes: number): boolean {
    if (bytes > this.#outstandingBytes) return false
    this.#outstandingBytes -= bytes
    const hadWaiting = this.writableNeedsDrain
    this.#flush()
    if (hadWaiting && !this.writableNeedsDrain) for (const listener of this.#listeners) listener()
    return true
  }

  close(): void {
    this.#isClosed = true
    this.#held = new Uint8Array(0)
  }

  #flush(): void {
    while (this.#held.length > 0 && !this.#isClosed) {
      const room = forwardWindowBytes - this.#outstandingBytes
      if (room === 0) return
      const piece = this.#held.subarray(0, Math.min(room, forwardPieceBytes))
      this.#held = this.#held.subarray(piece.length)
      this.#outstandingBytes += piece.length
      this.#sendPiece(piece)
    }
  }
}
