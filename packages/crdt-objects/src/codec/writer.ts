import { fromString } from 'uint8arrays/from-string'

const SHORT_TEXT = 64

/** Builds bytes. Grows by doubling; {@link Writer.finish} gives a copy of exactly what was written. */
export class Writer {
  private buffer: Uint8Array
  private view: DataView
  /** Bytes written so far. */
  length = 0

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity)
    this.view = new DataView(this.buffer.buffer)
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes
    if (needed <= this.buffer.length) return
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2))
    grown.set(this.buffer.subarray(0, this.length))
    this.buffer = grown
    this.view = new DataView(grown.buffer)
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1)
    this.buffer[this.length++] = value
  }

  /** An integer from 0 to 2^53 - 1, seven bits a byte, lowest first. */
  varint(value: number): void {
    this.reserve(8)
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
    this.reserve(8)
    this.view.setBigUint64(this.length, value)
    this.length += 8
  }

  float64(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value)
    this.length += 8
  }

  /** UTF-8, behind its length in bytes. The text must be well formed: callers refuse lone surrogates. */
  text(value: string): void {
    if (value.length <= SHORT_TEXT && this.shortAscii(value)) return
    this.bytes(fromString(value, 'utf8'))
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

  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
  }

  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  /** What was written, without a copy: valid until the next write. */
  written(): Uint8Array {
    return this.buffer.subarray(0, this.length)
  }
}
