import { type Reader, type Writer } from '@joinery/crdt-objects/engine'
import type { SessionId } from './command.ts'
import { decodeSession, encodeSession } from './session-bytes.ts'

/** For so long, in agreed time, an ended session cannot be opened again. Far longer than any request is under way. */
const KEPT_MS = 600_000
const KEPT_MAX = 100_000

/**
 * The sessions that have ended of late. A request to open one may come late, or twice: were it granted, requests of the
 * session that come late as well would be carried out a second time, for what is known of them went with its end.
 *
 * Bound: 100,000 sessions and ten minutes, the oldest go first.
 */
export class EndedSessions {
  /** Invariant: in the order in which they ended. */
  private readonly endedMs = new Map<SessionId, number>()

  add(session: SessionId, nowMs: number): void {
    this.endedMs.delete(session)
    this.endedMs.set(session, nowMs)
    for (const [id, endedMs] of this.endedMs) {
      if (endedMs + KEPT_MS >= nowMs && this.endedMs.size <= KEPT_MAX) return
      this.endedMs.delete(id)
    }
  }

  has(session: SessionId, nowMs: number): boolean {
    const endedMs = this.endedMs.get(session)
    return endedMs !== undefined && endedMs + KEPT_MS >= nowMs
  }

  encode(writer: Writer): void {
    writer.varint(this.endedMs.size)
    for (const [session, endedMs] of this.endedMs) {
      encodeSession(writer, session)
      writer.varint(endedMs)
    }
  }

  /** @throws JoineryError ENCODING_INVALID */
  static decode(reader: Reader): EndedSessions {
    const ended = new EndedSessions()
    for (let left = reader.count(17); left > 0; left--) {
      const session = decodeSession(reader)
      if (ended.endedMs.has(session)) reader.fail('ended session named twice')
      ended.endedMs.set(session, reader.varint())
    }
    return ended
  }
}
