import { JoineryError } from '../errors.ts'
import { allocate, type Slab } from './slab.ts'
import { encodeUtf8, encodeUtf8Into } from './utf8.ts'

const SHORT_TEXT = 64
/** Up to here, room for the longest UTF-8 is held ready: cheaper than an array for each text. */
const MIDDLING_TEXT = 2048
const VARINT_BYTES_MAX = 8
/** Up to here a loop copies faster than a call that does. */
const SHORT_COPY = 48
/** A larger buffer is not kept for the next use. */
const KEPT_BYTES_MAX = 256 * 1024

/** Numbers of eight bytes pass through here. */
const EIGHT = new DataView(new ArrayBuffer(8))
const EIGHT_BYTES = new Uint8Array(EIGHT.buffer)

/**
 * Builds bytes. Grows by doubling; {@link Writer.finish} gives a copy of exactly what was written.
 *
 * @throws JoineryError OBJECT_TOO_LARGE when it would grow beyond the bytes it may take.
 */
export class Writer {
  private buffer: Uint8Array
  /** Bytes written so far. */
  length = 0

  private readonly bytesMax: number

  constructor(capacity = 256, bytesMax = Infinity) {
    this.bytesMax = bytesMax
    this.buffer = new Uint8Array(capacity)
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.buffer.length) return
    if (needed > this.bytesMax) this.refuse(needed)
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
    grown.set(this.buffer.subarray(0, this.length))
    this.buffer = grown
  }

  private refuse(bytes: number): never {
    const { bytesMax } = this
    throw new JoineryError(
      'OBJECT_TOO_LARGE',
      `a value takes more than ${bytesMax} bytes: split it over several keys`,
      { bytes, bytesMax },
    )
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1)
    this.buffer[this.length++] = value
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte, lowest first. */
  varint(value: number): void {
    this.reserve(VARINT_BYTES_MAX)
    let rest = value
    while (rest >= 0x80) {
      // Bitwise operators would cut to 32 bits.
      this.buffer[this.length++] = rest < 0x80000000 ? (rest & 0x7f) | 0x80 : (rest % 0x80) + 0x80
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80)
    }
    this.buffer[this.length++] = rest
  }

  /** An integer from -(2^53 - 1) to 2^53 - 1: a sign byte's bit beside six bits, then a varint. */
  zigzag(value: number): void {
    const negative = value < 0
    const size = negative ? -value : value
    const low = size % 0x40
    const high = (size - low) / 0x40
    this.byte((negative ? 0x40 : 0) | low | (high > 0 ? 0x80 : 0))
    if (high > 0) this.varint(high)
  }

  u64(value: bigint): void {
    EIGHT.setBigUint64(0, value)
    this.raw(EIGHT_BYTES)
  }

  float64(value: number): void {
    EIGHT.setFloat64(0, value)
    this.raw(EIGHT_BYTES)
  }

  /** Numbers of eight bytes in a row, behind no count. */
  float64s(values: Float64Array): void {
    const bytes = values.length * 8
    this.reserve(bytes)
    const view = new DataView(this.buffer.buffer, this.length, bytes)
    for (let i = 0; i < values.length; i++) view.setFloat64(i * 8, values[i] ?? 0)
    this.length += bytes
  }

  /** UTF-8, behind its length in bytes. The text must be well formed: callers refuse lone surrogates. */
  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.shortAscii(value)) return
    if (value.length <= MIDDLING_TEXT) this.middlingText(value)
    else this.bytes(encodeUtf8(value))
  }

  private middlingText(value: string): void {
    // One UTF-16 unit takes three bytes at the most. All room is made here: growing later would leave the text behind.
    this.reserve(value.length * 3 + VARINT_BYTES_MAX)
    const room = this.length + (value.length < 0x80 ? 1 : 2)
    const bytes = encodeUtf8Into(value, this.buffer.subarray(room))
    // The length takes a byte more than it would in ASCII.
    const late = value.length < 0x80 && bytes >= 0x80
    if (late) this.buffer.copyWithin(room + 1, room, room + bytes)
    this.varint(bytes)
    this.length += bytes
  }

  private shortAscii(value: string): boolean {
    const start = this.length
    this.reserve(value.length + 1)
    this.buffer[this.length++] = value.length
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) {
        this.length = start
        return false
      }
      this.buffer[this.length++] = code
    }
    return true
  }

  /** Bytes, behind their number. */
  bytes(value: Uint8Array): void {
    this.varint(value.length)
    this.raw(value)
  }

  /** What another writer has written, behind its number of bytes. */
  bytesOf(other: Writer): void {
    this.varint(other.length)
    this.rawOf(other)
  }

  /** What another writer has written. */
  rawOf(other: Writer): void {
    this.reserve(other.length)
    other.copyTo(this.buffer, this.length)
    this.length += other.length
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length)
    copy(value, value.length, this.buffer, this.length)
    this.length += value.length
  }

  /** Begins anew in the same buffer: bytes from {@link Writer.written} are void from here on. */
  reset(): void {
    this.length = 0
    if (this.buffer.length > KEPT_BYTES_MAX) this.buffer = new Uint8Array(256)
  }

  /** Writes what was written so far into `target`, from `offset` on. */
  copyTo(target: Uint8Array, offset: number): void {
    copy(this.buffer, this.length, target, offset)
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  /**
   * As {@link Writer.finish}, at a tenth of the cost where it is short: for what is dropped soon, or, in a `slab` of its
   * own, in the order in which it was made.
   */
  finishShort(slab?: Slab): Uint8Array {
    const bytes = slab === undefined ? allocate(this.length) : slab.allocate(this.length)
    this.copyTo(bytes, 0)
    return bytes
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}

function copy(source: Uint8Array, length: number, target: Uint8Array, offset: number): void {
  if (length > SHORT_COPY) target.set(source.subarray(0, length), offset)
  else for (let i = 0; i < length; i++) target[offset + i] = source[i] ?? 0
}
