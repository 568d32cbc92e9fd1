/** 64 bits of some bytes: to find replicas that differ by mistake, not by malice. */
export function hashBytes(bytes: Uint8Array): bigint {
  let low = 0x811c9dc5 ^ bytes.length
  let high = 0x9e3779b9
  for (let i = 0; i < bytes.length; i++) {
    low = Math.imul(low ^ bytes[i]!, 0x01000193)
    high = Math.imul(high ^ low ^ (high >>> 15), 0x85ebca6b)
  }
  low = mix(low ^ (high >>> 7))
  high = mix(high ^ low)
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

/** So that each bit of the input has its say in each bit of the output. */
function mix(value: number): number {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b)
  return mixed ^ (mixed >>> 16)
}
