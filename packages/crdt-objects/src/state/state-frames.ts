import { Reader } from '../codec/reader.ts'
import { Writer } from '../codec/writer.ts'
import type { ReplicaId } from '../identity.ts'
import type { Seal } from './epochs.ts'

/**
 * A state in pieces is a row of frames, cut anywhere; each is its length, a byte that says what it is, and that:
 *
 *     OBJECTS  the state of some objects, as a whole state is encoded
 *     BATCH    what the replica has applied or written meanwhile, as far as it is of objects before it
 *     EPOCH    that it has entered an epoch: how many lives are sealed; slot, incarnation and last update of each; how
 *              many were born; these
 *     SETTLED  that it has settled this epoch
 *     ANEW     that all before is void
 *     END
 */
export const OBJECTS = 1
export const BATCH = 2
export const EPOCH = 3
export const SETTLED = 4
export const ANEW = 5
export const END = 6

const NO_BYTES = new Uint8Array()
/** The longest that a length is, and what a frame is. */
const HEAD_BYTES_MAX = 9

export interface Frame {
  readonly what: number
  readonly content: Uint8Array
}

export function encodeFrame(what: number, content: Uint8Array = NO_BYTES): Uint8Array {
  const writer = new Writer(content.length + HEAD_BYTES_MAX)
  writer.varint(content.length)
  writer.byte(what)
  writer.raw(content)
  return writer.written()
}

/** An epoch that was entered: the lives that it seals, and those leased in the epoch before that go on. */
export interface EpochFrame {
  readonly seals: readonly Seal[]
  readonly born: readonly ReplicaId[]
}

export function encodeEpoch({ seals, born }: EpochFrame): Uint8Array {
  const writer = new Writer()
  writer.varint(seals.length)
  for (const { slot, inc, m } of seals) for (const part of [slot, inc, m]) writer.varint(part)
  writer.varint(born.length)
  for (const id of born) writer.u64(id)
  return writer.finish()
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeEpoch(reader: Reader): EpochFrame {
  const seals: Seal[] = []
  for (let left = reader.count(3); left > 0; left--) {
    seals.push({ slot: reader.varint(), inc: reader.varint(), m: reader.varint() })
  }
  const born: ReplicaId[] = []
  for (let left = reader.count(8); left > 0; left--) born.push(reader.u64())
  reader.end()
  return { seals, born }
}

export function encodeSettled(epoch: number): Uint8Array {
  const writer = new Writer()
  writer.varint(epoch)
  return writer.finish()
}

/** Puts pieces together to frames. */
export class FrameBuffer {
  private pieces: Uint8Array[] = []
  private size = 0

  add(piece: Uint8Array): void {
    if (piece.length === 0) return
    this.pieces.push(piece)
    this.size += piece.length
  }

  get isEmpty(): boolean {
    return this.size === 0
  }

  /** The next frame, once all of it is here. Nothing is made room for before that. */
  take(): Frame | undefined {
    const start = this.first(HEAD_BYTES_MAX)
    const digits = start.findIndex((byte) => byte < 0x80) + 1
    if (digits === 0 && start.length < HEAD_BYTES_MAX) return undefined
    const length = new Reader(start).varint()
    const end = digits + 1 + length
    if (this.size < end) return undefined
    const bytes = this.first(end)
    this.drop(end)
    return { what: bytes[digits] ?? 0, content: bytes.subarray(digits + 1) }
  }

  /** The bytes that come first, at most so many: a copy only where several pieces have them. */
  private first(count: number): Uint8Array {
    const [piece = NO_BYTES] = this.pieces
    if (piece.length >= count || this.pieces.length < 2) return piece.subarray(0, count)
    const bytes = new Uint8Array(Math.min(count, this.size))
    let at = 0
    for (const each of this.pieces) {
      if (at === bytes.length) break
      const part = each.subarray(0, bytes.length - at)
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }

  private drop(count: number): void {
    let left = count
    let whole = 0
    for (const { length } of this.pieces) {
      if (length > left) break
      left -= length
      whole++
    }
    this.pieces = this.pieces.slice(whole)
    const [piece] = this.pieces
    if (piece !== undefined && left > 0) this.pieces[0] = piece.subarray(left)
    this.size -= count
  }
}
