import { concat } from 'uint8arrays/concat'

/** The largest frame taken from a neighbour: a batch for gossip (256 KiB) and what wraps it fit well. */
export const frameBytesMax = 512 * 2 ** 10

const headerBytes = 4

/** Bytes that are no sequence of frames. The stream they came by cannot be read any further. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Joins frames for one write: each is preceded by its length in four bytes. */
export function encodeFrames(frames: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const frame of frames) length += frameLength(frame)
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const frame of frames) {
    writeLength(bytes, offset, frame.length)
    bytes.set(frame, offset + headerBytes)
    offset += headerBytes + frame.length
  }
  return bytes
}

/** The bytes that `frame` takes on the stream. */
export function frameLength(frame: Uint8Array): number {
  return headerBytes + frame.length
}

/**
 * Cuts a stream of bytes back into frames.
 *
 * Invariant: holds less than one frame of the largest size, whatever arrives.
 */
export class FrameReader {
  #chunks: Uint8Array[] = []
  #buffered = 0

  /**
   * Takes the next bytes of the stream, and returns the frames that are complete with them.
   *
   * @throws FrameError for a length beyond the largest
   */
  read(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < headerBytes) return []
    // A frame in many chunks is joined once, when it is whole, and not with every chunk.
    const wanted = headerBytes + this.#peekLength()
    if (this.#buffered < wanted) return []
    return this.#cut(this.#chunks.length === 1 ? this.#chunks[0]! : concat(this.#chunks))
  }

  #peekLength(): number {
    const first = this.#chunks[0]!
    if (first.length < headerBytes) this.#chunks = [concat(this.#chunks)]
    return lengthAt(this.#chunks[0]!, 0)
  }

  #cut(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    let offset = 0
    while (bytes.length - offset >= headerBytes) {
      const end = offset + headerBytes + lengthAt(bytes, offset)
      if (end > bytes.length) break
      frames.push(bytes.subarray(offset + headerBytes, end))
      offset = end
    }
    this.#buffered = bytes.length - offset
    // A copy, so that a few bytes of rest do not keep a large chunk alive.
    this.#chunks = this.#buffered === 0 ? [] : [bytes.slice(offset)]
    return frames
  }
}

function writeLength(bytes: Uint8Array, offset: number, length: number): void {
  bytes[offset] = length >>> 24
  bytes[offset + 1] = length >>> 16
  bytes[offset + 2] = length >>> 8
  bytes[offset + 3] = length
}

function lengthAt(bytes: Uint8Array, offset: number): number {
  const high = bytes[offset]! * 2 ** 24
  const length = high + (bytes[offset + 1]! << 16) + (bytes[offset + 2]! << 8) + bytes[offset + 3]!
  if (length > frameBytesMax) throw new FrameError(`a frame of ${length} bytes`)
  return length
}
