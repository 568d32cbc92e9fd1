/*
 * As much of protobuf as the benchmark's messages to etcd take: varints and length-delimited fields.
 * https://protobuf.dev/programming-guides/encoding
 */

/** A field of a message: a number, bytes or text, or a message; zero and nothing are left out, as proto3 asks. */
export type Field = readonly [
  number: number,
  value: number | bigint | Buffer | string | readonly Field[],
]

/** Encodes a message from its fields. */
export function encodeFields(fields: readonly Field[]): Buffer {
  const parts: Buffer[] = []
  for (const [number, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      parts.push(varint(number * 8), varint(value))
    } else {
      const bytes = Buffer.isBuffer(value) ? value : encodeValue(value)
      parts.push(varint(number * 8 + 2), varint(bytes.length), bytes)
    }
  }
  return Buffer.concat(parts)
}

function encodeValue(value: string | readonly Field[]): Buffer {
  return typeof value === 'string' ? Buffer.from(value) : encodeFields(value)
}

function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

/** The fields of a message, by number; the last of each stands. Numbers of 64 bits are kept whole. */
export function decodeFields(message: Buffer): ReadonlyMap<number, bigint | Buffer> {
  const fields = new Map<number, bigint | Buffer>()
  let offset = 0
  const read = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[offset++]
      if (byte === undefined) throw new Error('a message of etcd ends in the middle of a number')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (offset < message.length) {
    const key = Number(read())
    if (key % 8 === 0) {
      fields.set(key >> 3, read())
    } else if (key % 8 === 2) {
      const length = Number(read())
      fields.set(key >> 3, message.subarray(offset, offset + length))
      offset += length
    } else throw new Error(`a message of etcd has a field of wire type ${key % 8}`)
  }
  return fields
}
