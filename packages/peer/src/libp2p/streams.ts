/*
 * One long-lived stream in each direction between two peers: a new stream for each message costs ten times as much.
 * Both directions belong to one connection, and live and die with it, so a channel that breaks never leaves half of
 * itself behind. Frames that arrive before the own stream stands wait in the stream that brings them, which pushes
 * back by itself.
 *
 * A stream begins with a greeting, in which the side that was dialled offers a lane. Once that stands, each side ends its
 * stream with an empty frame, and goes on with the lane; what comes by the lane is read after the empty frame. So frames
 * keep their order, and none waits for the lane. From then on the lane, too, lives and dies with the connection.
 */
import '../polyfill.ts'
import type { Connection, Stream, StreamMessageEvent } from '@libp2p/interface'
import { isJoineryError } from '@joinery/crdt-objects'
import { decodeGreeting, encodeGreeting } from '../lanes/lane-offer.ts'
import { type Lane } from '../lanes/lane.ts'
import { type Lanes, type StandingOffer } from '../lanes/lanes.ts'
import { type Channel, type ChannelEvents } from '../network.ts'
import { hostOf } from './addresses.ts'
import { FrameError, FrameReader } from './frames.ts'
import { FrameWriter } from './frame-writer.ts'
import { plainBytes } from './plain-bytes.ts'

/** The protocol of the direct streams. */
export const syncProtocol = '/joinery/sync/1.0.0'

/** How much may wait for one neighbour before it is dropped to anti-entropy. */
export const queueBytesMax = 8 * 2 ** 20

const openTimeoutMs = 10_000
const laneEndMs = 1000

/** Makes a channel of every connection. */
export class Streams {
  readonly #events: ChannelEvents
  readonly #lanes: Lanes
  readonly #channels = new Map<string, StreamChannel>()
  #bytesSentBefore = 0
  #bytesReceivedBefore = 0

  constructor(events: ChannelEvents, lanes: Lanes) {
    this.#events = events
    this.#lanes = lanes
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
      channel = new StreamChannel(connection, this.#events, this.#lanes)
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
  readonly #lanes: Lanes
  readonly #streamReader = new FrameReader()
  readonly #laneReader = new FrameReader()
  #writer: FrameWriter | undefined
  #inbound: Stream | undefined
  #offer: StandingOffer | undefined
  #lane: Lane | undefined
  #isOpening = false
  #isGreeted = false
  /** The other side's stream has said that the rest comes by the lane. */
  #isTurned = false
  #isEnded = false
  bytesReceived = 0

  constructor(connection: Connection, events: ChannelEvents, lanes: Lanes) {
    this.#connection = connection
    this.#events = events
    this.#lanes = lanes
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
    this.#offer?.withdraw()
    void this.#lane?.end(laneEndMs)
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
    if (!this.isDialled) this.#offer = this.#lanes.offer(this.peer, (lane) => this.#turnTo(lane))
    this.#writer.sendAlways(encodeGreeting(this.#offer?.offer))
    this.#events.onOpened(this)
    this.#listen()
  }

  /** Reads once both directions stand, so that whatever is answered can be sent. */
  #listen(): void {
    const inbound = this.#inbound
    if (inbound === undefined || this.#writer === undefined) return
    inbound.addEventListener('message', (event: StreamMessageEvent) => {
      this.#take(this.#streamReader, plainBytes(event.data.subarray()))
    })
  }

  #take(reader: FrameReader, chunk: Uint8Array): void {
    this.bytesReceived += chunk.length
    if (this.#isEnded) return
    try {
      for (const frame of reader.read(chunk)) {
        if (reader === this.#laneReader) this.#events.onFrame(this, frame)
        else this.#takeFromStream(frame)
        // Handling a frame may have closed the channel.
        if (this.#isEnded) return
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#invalid(error.message)
    }
  }

  #takeFromStream(frame: Uint8Array): void {
    if (!this.#isGreeted) return this.#greeted(frame)
    if (this.#isTurned) return this.#invalid('a frame after the last one')
    if (frame.length > 0) return this.#events.onFrame(this, frame)
    this.#isTurned = true
    this.#lane?.read()
  }

  #greeted(greeting: Uint8Array): void {
    this.#isGreeted = true
    try {
      const offer = decodeGreeting(greeting)
      const host = hostOf(this.#connection.remoteAddr.toString())
      if (offer === undefined || host === undefined || !this.isDialled) return
      void this.#lanes.dial(this.peer, host, offer).then((lane) => {
        if (lane !== undefined) this.#turnTo(lane)
      })
    } catch (error) {
      if (!isJoineryError(error, 'ENCODING_INVALID')) throw error
      this.#invalid(error.message)
    }
  }

  /** Goes on with `lane`, in each direction when its stream has ended. */
  #turnTo(lane: Lane): void {
    if (this.#isEnded || this.#writer === undefined) {
      void lane.end(laneEndMs)
      return
    }
    this.#lane = lane
    lane.watch({
      onBytes: (bytes) => this.#take(this.#laneReader, bytes),
      onEnded: (reason) => {
        this.#lanes.broke(this.peer, lane)
        this.close(reason)
      },
    })
    this.#writer.continueOn(lane)
    if (this.#isTurned) lane.read()
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
