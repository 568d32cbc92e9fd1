/** The first byte of a whole message of bytes. */
const wholeBinary = 0x82
const shortMax = 125
const twoBytesMax = 0xffff

/**
 * A message of bytes as a server sends it (RFC 6455, section 5.2): whole, not masked, copied behind its head. Ours, for
 * `ws` gives the socket head and content as two chunks, which costs more than the copy.
 */
export function encodeServerFrame(content: Uint8Array): Buffer {
  const { length } = content
  const headBytes = length <= shortMax ? 2 : length <= twoBytesMax ? 4 : 10
  const frame = Buffer.allocUnsafe(headBytes + length)
  frame[0] = wholeBinary
  if (headBytes === 2) {
    frame[1] = length
  } else if (headBytes === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.set(content, headBytes)
  return frame
}
