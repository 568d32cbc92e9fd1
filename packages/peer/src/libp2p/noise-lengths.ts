import type { MessageStream } from '@libp2p/interface'

/** What this file knows of the streams of noise 17.0.3: it is not in their public type. */
interface NoiseStream {
  readonly decoder: { lengthDecoder: (data: Bytes) => number }
}

/** A list of chunks, as far as it is read here. */
interface Bytes {
  readonly length: number
  get(index: number): number
}

/**
 * Has a stream of noise find out without an error that it has read all there is.
 *
 * The decoder asks for the length of a next message until that throws: once for each chunk that arrives, and an error
 * with its stack trace costs more than decrypting a message. Of a length that is no number it finds that not enough has
 * come, and stops as well. A stream that is not of that shape is left as it is.
 */
export function spareStackTraces(connection: MessageStream): void {
  const { decoder } = connection as unknown as Partial<NoiseStream>
  if (typeof decoder?.lengthDecoder !== 'function') return
  decoder.lengthDecoder = (data) => {
    return data.length < 2 ? NaN : data.get(0) * 256 + data.get(1)
  }
}
