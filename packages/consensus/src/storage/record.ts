import { crc32 } from 'node:zlib'

/*
 * A record is what one sync makes durable, and one write puts into the file: so of two records, the first was durable
 * before the second was begun, and a bad one that is followed by a good one is damage, never a torn write.
 *
 *   u16 tag | u16 kind | u32 payload bytes | u32 CRC of the payload | u32 CRC of these twelve bytes | payload | zeros
 *
 * Little endian, at multiples of eight. The header's CRC starts from the segment's own random number and the record's
 * place: what an earlier use of the file left behind, and what a payload was made to look like, is no record here.
 */

export const recordHeaderBytes = 16
const alignment = 8
const tag = 0xa55e
const tagBytes = Buffer.of(tag & 0xff, tag >>> 8)

/** What a record occupies. */
export function recordBytes(payloadBytes: number): number {
  return align(recordHeaderBytes + payloadBytes)
}

/** Puts header and padding around a payload that stands at `recordHeaderBytes` in `bytes`; gives the whole. */
export function sealRecord(
  bytes: Buffer,
  kind: number,
  payloadBytes: number,
  place: { readonly nonce: number; readonly offset: number },
): Buffer {
  const end = recordHeaderBytes + payloadBytes
  const whole = bytes.subarray(0, align(end))
  whole.fill(0, end)
  whole.writeUInt16LE(tag, 0)
  whole.writeUInt16LE(kind, 2)
  whole.writeUInt32LE(payloadBytes, 4)
  whole.writeUInt32LE(crc32(whole.subarray(recordHeaderBytes, end)), 8)
  whole.writeUInt32LE(headerChecksum(whole, 0, place.nonce, place.offset), 12)
  return whole
}

export interface FoundRecord {
  readonly kind: number
  readonly payload: Buffer
  /** Where the next one stands. */
  readonly end: number
}

/** The record at `offset` of a segment, if a whole and good one is there. */
export function readRecord(
  segment: Buffer,
  offset: number,
  nonce: number,
): FoundRecord | undefined {
  const start = offset + recordHeaderBytes
  if (start > segment.length || segment.readUInt16LE(offset) !== tag) return undefined
  if (segment.readUInt32LE(offset + 12) !== headerChecksum(segment, offset, nonce, offset)) {
    return undefined
  }
  const payloadEnd = start + segment.readUInt32LE(offset + 4)
  const end = align(payloadEnd)
  if (end > segment.length) return undefined
  const payload = segment.subarray(start, payloadEnd)
  if (crc32(payload) !== segment.readUInt32LE(offset + 8)) return undefined
  for (let at = payloadEnd; at < end; at++) if (segment[at] !== 0) return undefined
  return { kind: segment.readUInt16LE(offset + 2), payload, end }
}

/** The place of the first good record at or after `from`. */
export function findRecord(segment: Buffer, from: number, nonce: number): number | undefined {
  let at = segment.indexOf(tagBytes, from)
  while (at >= 0) {
    if (at % alignment === 0 && readRecord(segment, at, nonce) !== undefined) return at
    at = segment.indexOf(tagBytes, at + 1)
  }
  return undefined
}

function headerChecksum(bytes: Buffer, at: number, nonce: number, offset: number): number {
  return crc32(bytes.subarray(at, at + 12), (nonce ^ Math.imul(offset, 0x9e3779b1)) >>> 0)
}

function align(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment
}
