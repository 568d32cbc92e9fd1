/**
 * The same bytes as a `Uint8Array` that is no `Buffer`: libp2p hands out Buffers, whose `slice` does not copy, and
 * which tests and users' values would show as something else.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
