import type { Reader, Writer } from '@joinery/crdt-objects/engine'
import type { SessionId } from './command.ts'

const BYTES = 16
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const SESSION = /^[0-9a-f]{32}$/

/** The last session that was read or written: as a rule the next command is of the same. */
const lastBytes = new Uint8Array(BYTES)
let lastSession = '0'.repeat(2 * BYTES)

/** Whether it is the id of a session: 32 lower-case hex digits. */
export function isSessionId(text: unknown): text is SessionId {
  return typeof text === 'string' && (text === lastSession || SESSION.test(text))
}

/** Writes the 16 bytes of a session's id. */
export function encodeSession(writer: Writer, session: SessionId): void {
  if (session !== lastSession) {
    for (let i = 0; i < BYTES; i++) {
      lastBytes[i] = (digit(session.charCodeAt(2 * i)) << 4) | digit(session.charCodeAt(2 * i + 1))
    }
    lastSession = session
  }
  writer.raw(lastBytes)
}

function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeSession(reader: Reader): SessionId {
  if (reader.skip(lastBytes)) return lastSession
  const bytes = reader.raw(BYTES)
  let session = ''
  for (const byte of bytes) session += HEX[byte]!
  lastBytes.set(bytes)
  lastSession = session
  return session
}
