import { JoineryError } from '../errors.ts'
import type { Slab } from './slab.ts'
import { decodeUtf8 } from './utf8.ts'

/** Numbers of eight bytes pass through here. */
const EIGHT = new DataView(new ArrayBuffer(8))
const EIGHT_BYTES = new Uint8Array(EIGHT.buffer)

/** The last big number that was read: as a rule the next one is the same replica id. */
const LAST_BYTES = new Uint8Array(8)
let last = 0n

/** Texts up to here are made of their characters: faster than the decoder. */
const SHORT_TEXT = 32
/** Up to here a loop copies faster than a call that does. */
const SHORT_COPY = 48

/**
 * Reads bytes that are not trusted: every read is checked against what is left, nothing is allocated by an unchecked
 * length, and all that it throws is ENCODING_INVALID.
 */
export class Reader {
  private readonly buffer: Uint8Array
  private offset = 0

  constructor(bytes: Uint8Array) {
    this.buffer = bytes
  }

  /** How many bytes were read. */
  get position(): number {
    return this.offset
  }

  get remaining(): number {
    return this.buffer.length - this.offset
  }

  get done(): boolean {
    return this.offset === this.buffer.length
  }

  /** Throws ENCODING_INVALID, naming the place. */
  fail(reason: string): never {
    throw new JoineryError('ENCODING_INVALID', `not a valid encoding: ${reason}`, {
      reason,
      offset: this.offset,
    })
  }

  /** Asserts that nothing is left. */
  end(): void {
    if (!this.done) this.fail('bytes after the end')
  }

  private need(bytes: number): void {
    if (bytes > this.buffer.length - this.offset) this.fail('cut short')
  }

  byte(): number {
    const value = this.buffer[this.offset]
    if (value === undefined) return this.fail('cut short')
    this.offset++
    return value
  }

  varint(): number {
    const first = this.byte()
    if (first < 0x80) return first
    let value = first & 0x7f
    let scale = 0x80
    for (let i = 1; i < 8; i++) {
      const next = this.byte()
      value += (next & 0x7f) * scale
      if (next < 0x80) {
        if (next === 0) this.fail('number with a needless byte')
        if (value > Number.MAX_SAFE_INTEGER) this.fail('number beyond 2^53 - 1')
        return value
      }
      scale *= 0x80
    }
    return this.fail('number too long')
  }

  /** A count of things that take at least `bytesEach` bytes: more than can follow is refused at once. */
  count(bytesEach = 1): number {
    const count = this.varint()
    if (count * bytesEach > this.remaining) this.fail('count beyond the bytes that follow')
    return count
  }

  zigzag(): number {
    const first = this.byte()
    let size = first & 0x3f
    if ((first & 0x80) !== 0) {
      const high = this.varint()
      if (high === 0) this.fail('number with a needless byte')
      size += high * 0x40
      if (size > Number.MAX_SAFE_INTEGER) this.fail('number beyond 2^53 - 1')
    }
    if ((first & 0x40) === 0) return size
    return size === 0 ? this.fail('negative zero') : -size
  }

  u64(): bigint {
    if (this.skip(LAST_BYTES)) return last
    this.takeEight()
    LAST_BYTES.set(EIGHT_BYTES)
    last = EIGHT.getBigUint64(0)
    return last
  }

  float64(): number {
    this.takeEight()
    return EIGHT.getFloat64(0)
  }

  /** A copy of that many numbers of eight bytes each. */
  float64s(count: number): Float64Array<ArrayBuffer> {
    const bytes = this.raw(count * 8)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const values = new Float64Array(count)
    for (let i = 0; i < count; i++) values[i] = view.getFloat64(i * 8)
    return values
  }

  private takeEight(): void {
    this.need(8)
    for (let i = 0; i < 8; i++) EIGHT_BYTES[i] = this.buffer[this.offset + i] ?? 0
    this.offset += 8
  }

  /** Passes over `bytes` if exactly they follow; else stays. */
  skip(bytes: Uint8Array): boolean {
    if (bytes.length > this.remaining) return false
    for (let i = 0; i < bytes.length; i++) {
      if (this.buffer[this.offset + i] !== bytes[i]) return false
    }
    this.offset += bytes.length
    return true
  }

  text(): string {
    const length = this.varint()
    this.need(length)
    const start = this.offset
    this.offset += length
    if (length <= SHORT_TEXT) {
      const short = shortAscii(this.buffer, start, start + length)
      if (short !== undefined) return short
    }
    const value = decodeUtf8(this.buffer.subarray(start, start + length))
    return value ?? this.fail('text that is not UTF-8')
  }

  /** A view of the length-prefixed bytes, not a copy. */
  bytes(): Uint8Array {
    return this.raw(this.varint())
  }

  /** A copy of the length-prefixed bytes, in a slab. */
  bytesInto(slab: Slab): Uint8Array {
    const length = this.varint()
    this.need(length)
    const copied = slab.allocate(length)
    if (length > SHORT_COPY) copied.set(this.buffer.subarray(this.offset, this.offset + length))
    else for (let i = 0; i < length; i++) copied[i] = this.buffer[this.offset + i] ?? 0
    this.offset += length
    return copied
  }

  raw(length: number): Uint8Array {
    this.need(length)
    const value = this.buffer.subarray(this.offset, this.offset + length)
    this.offset += length
    return value
  }
}

/** The text, if all of it is ASCII. Several characters at once: one string less for each. */
function shortAscii(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  let i = start
  for (; i + 4 <= end; i += 4) {
    const [a, b, c, d] = [bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0, bytes[i + 3] ?? 0]
    if ((a | b | c | d) >= 0x80) return undefined
    text += String.fromCharCode(a, b, c, d)
  }
  for (; i < end; i++) {
    const code = bytes[i] ?? 0
    if (code >= 0x80) return undefined
    text += String.fromCharCode(code)
  }
  return text
}
