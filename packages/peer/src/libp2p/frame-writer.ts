import { encodeFrames, frameLength } from './frames.ts'

/** What a writer needs of a stream: a part of libp2p's, so that a lane, or a test, can stand in for it. */
export interface ByteSink {
  /** False means: not now; the 'drain' event says when. */
  readonly writableNeedsDrain: boolean
  send(bytes: Uint8Array): boolean
  addEventListener(type: 'drain', listener: () => void): void
}

/** The bounds of one neighbour's queue. */
export interface FrameWriterOptions {
  readonly queueBytesMax: number
  /** The queue, bulk not counted, was full and has been emptied; `send` takes nothing until `onDrained`. */
  readonly onOverflow: (bytes: number) => void
  /** After an overflow: everything written is on its way, and frames are taken again. */
  readonly onDrained: () => void
  readonly onFailed: (error: Error) => void
}

// One send is cut by the muxer; more than this at once would only be copied for nothing.
const sendBytesMax = 256 * 2 ** 10

/** The last frame on a stream whose next frames come by a lane: no other is empty. */
export const turnFrame = new Uint8Array(0)

interface Queued {
  readonly frame: Uint8Array
  readonly isBulk: boolean
}

/**
 * Writes frames to one stream, in order, and never more than it takes. It may go on to another one.
 *
 * The frames of one turn leave in one `send`, for the cost is by the send and not by the byte (13 times, measured).
 * What the stream does not take waits here, in a queue with a bound: a neighbour that does not read loses its queue,
 * and catches up by anti-entropy when it reads again, which costs less than a queue without end.
 *
 * Bulk, which is what a neighbour has asked for, does not count against the bound: a state is larger than any sensible
 * queue, and to drop it would only make the neighbour ask again. It has a bound of its own: one answer to one ask.
 */
export class FrameWriter {
  #sink: ByteSink
  /** Where to go on when everything that waits is on its way. */
  #nextSink: ByteSink | undefined
  readonly #options: FrameWriterOptions
  #queue: Queued[] = []
  #queueBytes = 0
  #bulkBytes = 0
  #isScheduled = false
  #isOverflown = false
  #isClosed = false
  bytesSent = 0

  constructor(sink: ByteSink, options: FrameWriterOptions) {
    this.#sink = sink
    this.#options = options
    this.#listen(sink)
  }

  /** Bytes that wait for the stream to take them. */
  get queueBytes(): number {
    return this.#queueBytes
  }

  /** Queues `frame`; false when it was dropped, because this neighbour does not read fast enough. */
  send(frame: Uint8Array, isBulk = false): boolean {
    if (this.#isOverflown || this.#isClosed) return false
    this.#push({ frame, isBulk })
    if (this.#queueBytes - this.#bulkBytes > this.#options.queueBytesMax) {
      this.#overflow()
      return false
    }
    this.#schedule()
    return true
  }

  /** Queues `frame` whatever waits already: for the few small frames without which the others mean nothing. */
  sendAlways(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#push({ frame, isBulk: false })
    this.#schedule()
  }

  /** Goes on with `sink` after what waits now, and after an empty frame that says so. */
  continueOn(sink: ByteSink): void {
    this.#nextSink = sink
    this.#listen(sink)
    this.#schedule()
  }

  close(): void {
    this.#isClosed = true
    this.#clear()
  }

  #listen(sink: ByteSink): void {
    // The event, and not `onDrain()`: that promise resolves at once, for ever, after it has resolved once.
    sink.addEventListener('drain', () => {
      // libp2p's own listener clears its flag and goes on with its own buffer in a microtask; ours comes after it.
      queueMicrotask(() => {
        this.#write()
      })
    })
  }

  #push(queued: Queued): void {
    this.#queue.push(queued)
    const bytes = frameLength(queued.frame)
    this.#queueBytes += bytes
    if (queued.isBulk) this.#bulkBytes += bytes
  }

  #clear(): void {
    this.#queue = []
    this.#queueBytes = 0
    this.#bulkBytes = 0
  }

  #overflow(): void {
    const bytes = this.#queueBytes
    this.#clear()
    this.#isOverflown = true
    this.#options.onOverflow(bytes)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#write()
    })
  }

  #write(): void {
    if (this.#isClosed) return
    try {
      this.#writeQueue()
      if (this.#nextSink !== undefined && this.#queue.length === 0) {
        this.#sendAll([turnFrame])
        this.#sink = this.#nextSink
        this.#nextSink = undefined
      }
    } catch (error) {
      // `send` throws at once when the stream is closing.
      this.close()
      this.#options.onFailed(error instanceof Error ? error : new Error(String(error)))
      return
    }
    if (this.#isOverflown && this.#queue.length === 0 && !this.#sink.writableNeedsDrain) {
      this.#isOverflown = false
      this.#options.onDrained()
    }
  }

  #writeQueue(): void {
    while (this.#queue.length > 0 && !this.#sink.writableNeedsDrain) {
      this.#sendAll(this.#takeFrames())
    }
  }

  #sendAll(frames: readonly Uint8Array[]): void {
    const bytes = encodeFrames(frames)
    this.bytesSent += bytes.length
    this.#sink.send(bytes)
  }

  #takeFrames(): Uint8Array[] {
    let bytes = 0
    let count = 0
    for (; count < this.#queue.length && bytes < sendBytesMax; count++) {
      const { frame, isBulk } = this.#queue[count]!
      bytes += frameLength(frame)
      if (isBulk) this.#bulkBytes -= frameLength(frame)
    }
    this.#queueBytes -= bytes
    return this.#queue.splice(0, count).map(({ frame }) => frame)
  }
}
