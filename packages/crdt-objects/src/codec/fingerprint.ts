import { encodeUtf8 } from './utf8.ts'

const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n

/** FNV-1a, 64 bits, as 16 hex digits: tells schemas apart; it is no protection against forgery, and needs none. */
export function encodeFingerprint(text: string): string {
  let hash = OFFSET
  for (const byte of encodeUtf8(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME)
  }
  return hash.toString(16).padStart(16, '0')
}
