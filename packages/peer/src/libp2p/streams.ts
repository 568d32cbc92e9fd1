/*
 * One long-lived stream in each direction between two peers: a new stream for each message costs ten times as much.
 * Both directions belong to one connection, and live and die with it, so a channel that breaks never leaves half of
 * itself behind. Frames that arrive before the own stream stands wait in the stream that brings them, which pushes
 * back by itself.
 */
import '../polyfill.ts'
import type { Connection, Stream, StreamMessageEvent } from '@libp2p/interface'
import { type Channel, type ChannelEvents } from '../network.ts'
import { FrameError, FrameReader } from './frames.ts'
import { FrameWriter } from './frame-writer.ts'
import { plainBytes } from './plain-bytes.ts'
import { spareWindowUpdates } from './window-updates.ts'

/** The protocol of the direct streams. */
export const syncProtocol = '/joinery/sync/1.0.0'

/** How much may wait for one neighbour before it is dropped to anti-entropy. */
export const queueBytesMax = 8 * 2 ** 20

const openTimeoutMs = 10_000

/** Makes a channel of every connection. */
export class Streams {
  readonly #events: ChannelEvents
  readonly #channels = new Map<string, StreamChannel>()
  #bytesSentBefore = 0
  #bytesReceivedBefore = 0

  constructor(events: ChannelEvents) {
    this.#events = events
  }

  get bytesSent(): number {
    return sum(this.#channels.values(), (channel) => channel.bytesSent) + this.#bytesSentBefore
  }

  get bytesReceived(): number {
    const now = sum(this.#channels.values(), (channel) => channel.bytesReceived)
    return now + this.#bytesReceivedBefore
  }

  /** To be told of every new connection, whoever made it. */
  onConnection(connection: Connection): void {
    void this.#channelOf(connection).open()
  }

  /** To be told of every stream of the protocol that the other side opened. */
  onStream(stream: Stream, connection: Connection): void {
    this.#channelOf(connection).accept(stream)
  }

  onConnectionClosed(connection: Connection): void {
    const channel = this.#channels.get(connection.id)
    if (channel === undefined) return
    this.#channels.delete(connection.id)
    this.#bytesSentBefore += channel.bytesSent
    this.#bytesReceivedBefore += channel.bytesReceived
    channel.ended()
  }

  #channelOf(connection: Connection): StreamChannel {
    let channel = this.#channels.get(connection.id)
    if (channel === undefined) {
      channel = new StreamChannel(connection, this.#events)
      if (connection.status === 'open') this.#channels.set(connection.id, channel)
    }
    return channel
  }
}

class StreamChannel implements Channel {
  readonly peer: string
  readonly isDialled: boolean
  readonly #connection: Connection
  readonly #events: ChannelEvents
  readonly #reader = new FrameReader()
  #writer: FrameWriter | undefined
  #inbound: Stream | undefined
  #isOpening = false
  #isEnded = false
  bytesReceived = 0

  constructor(connection: Connection, events: ChannelEvents) {
    this.#connection = connection
    this.#events = events
    this.peer = connection.remotePeer.toString()
    this.isDialled = connection.direction === 'outbound'
  }

  get queueBytes(): number {
    return this.#writer?.queueBytes ?? 0
  }

  get bytesSent(): number {
    return this.#writer?.bytesSent ?? 0
  }

  async open(): Promise<void> {
    if (this.#isOpening) return
    this.#isOpening = true
    try {
      const stream = await this.#connection.newStream(syncProtocol, {
        signal: AbortSignal.timeout(openTimeoutMs),
      })
      this.#start(stream)
    } catch {
      this.close('the direct stream could not be opened')
    }
  }

  accept(stream: Stream): void {
    if (this.#inbound !== undefined || this.#isEnded) {
      stream.abort(new Error('one direct stream for each direction'))
      if (!this.#isEnded) this.#invalid('a second direct stream')
      return
    }
    this.#inbound = stream
    stream.addEventListener('remoteCloseWrite', () => {
      // A side that is left half open holds its place among the streams of the protocol for ever.
      this.close('the other side closed its stream')
    })
    stream.addEventListener('close', () => {
      this.close('the stream of the other side closed')
    })
    this.#listen()
  }

  send(frame: Uint8Array, isBulk = false): boolean {
    return this.#writer?.send(frame, isBulk) ?? false
  }

  sendAlways(frame: Uint8Array): void {
    this.#writer?.sendAlways(frame)
  }

  close(reason: string): void {
    if (this.#isEnded) return
    const connection = this.#connection
    connection.close({ signal: AbortSignal.timeout(1000) }).catch((error: unknown) => {
      connection.abort(error instanceof Error ? error : new Error(reason))
    })
    this.ended()
  }

  /** The connection is gone, or about to be: nothing more is sent or taken. */
  ended(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#writer?.close()
    if (this.#writer !== undefined) this.#events.onClosed(this)
  }

  #start(stream: Stream): void {
    if (this.#isEnded) {
      stream.abort(new Error('closed'))
      return
    }
    stream.addEventListener('close', () => {
      this.close('the stream closed')
    })
    this.#writer = new FrameWriter(stream, {
      queueBytesMax,
      onOverflow: (bytes) => {
        this.#events.onOverflow(this, bytes)
      },
      onDrained: () => {
        this.#events.onDrained(this)
      },
      onFailed: (error) => {
        this.close(error.message)
      },
    })
    this.#events.onOpened(this)
    this.#listen()
  }

  /** Reads once both directions stand, so that whatever is answered can be sent. */
  #listen(): void {
    const inbound = this.#inbound
    if (inbound === undefined || this.#writer === undefined) return
    spareWindowUpdates(inbound)
    inbound.addEventListener('message', (event: StreamMessageEvent) => {
      this.#take(plainBytes(event.data.subarray()))
    })
  }

  #take(chunk: Uint8Array): void {
    this.bytesReceived += chunk.length
    if (this.#isEnded) return
    try {
      for (const frame of this.#reader.read(chunk)) {
        this.#events.onFrame(this, frame)
        // Handling a frame may have closed the channel.
        if (this.#isEnded) return
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#invalid(error.message)
    }
  }

  #invalid(reason: string): void {
    this.#events.onInvalid(this, reason)
    this.close(reason)
  }
}

function sum<T>(items: Iterable<T>, amount: (item: T) => number): number {
  let total = 0
  for (const item of items) total += amount(item)
  return total
}
