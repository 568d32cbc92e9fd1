import type { TLSSocket } from 'node:tls'
import type { ByteSink } from '../libp2p/frame-writer.ts'
import { plainBytes } from '../libp2p/plain-bytes.ts'

/** What happens on a lane. */
export interface LaneEvents {
  onBytes(bytes: Uint8Array): void
  /** It is of no use any more. Called once, and not when this side ended it. */
  onEnded(reason: string): void
}

/**
 * A socket between two peers that have proved to each other, over libp2p, who they are. Nothing is read from it before
 * `read`.
 */
export class Lane implements ByteSink {
  readonly #socket: TLSSocket
  readonly #atMs = performance.now()
  #events: LaneEvents | undefined
  #isEnded = false

  constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.pause()
    // A listener from the start: an error without one would end the process.
    socket.on('error', (error: Error) => this.#end(error.message))
    socket.on('close', () => this.#end('the lane closed'))
  }

  /** How long it has lived, in ms. */
  get ageMs(): number {
    return performance.now() - this.#atMs
  }

  get writableNeedsDrain(): boolean {
    return this.#socket.writableNeedDrain
  }

  send(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes)
  }

  addEventListener(type: 'drain', listener: () => void): void {
    this.#socket.on(type, listener)
  }

  /** Tells `events` of its end, also of one that has been. */
  watch(events: LaneEvents): void {
    this.#events = events
    if (this.#isEnded) queueMicrotask(() => events.onEnded('the lane closed at once'))
  }

  /** Has what arrives be handed on. */
  read(): void {
    this.#socket.on('data', (bytes: Buffer) => this.#events?.onBytes(plainBytes(bytes)))
    this.#socket.resume()
  }

  /** Ends it: what was sent still leaves, if the other side reads. Resolves when it is gone. */
  async end(timeoutMs: number): Promise<void> {
    this.#isEnded = true
    const socket = this.#socket
    if (socket.destroyed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), timeoutMs)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.end()
      // What still comes is for nobody; unread, it would keep the end from being seen.
      socket.resume()
    })
  }

  #end(reason: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#socket.destroy()
    this.#events?.onEnded(reason)
  }
}
