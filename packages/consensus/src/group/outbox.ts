import type { Append } from '../raft/message.ts'
import type { NodeId } from '../raft/types.ts'
import type { MemberMessage } from './member-message.ts'
import { encodeFrame, messageBytes } from './message-codec.ts'
import type { GroupTransport } from './ports.ts'

interface Held {
  readonly append: Append
  readonly turn: number
}

/** A frame is closed when it has grown beyond it. */
const FRAME_BYTES = 512 * 1024

/**
 * What leaves in a turn: all messages to one member go in one frame.
 *
 * Appends that only tell the commit index are held back for one turn: nobody's answer waits for them, and as a rule the
 * next entries carry the same index. A leader with one call in flight says half as much that way.
 */
export class Outbox {
  readonly #transport: GroupTransport
  readonly #messagesByMember = new Map<NodeId, MemberMessage[]>()
  readonly #heldByMember = new Map<NodeId, Held>()
  #turn = 0

  constructor(transport: GroupTransport) {
    this.#transport = transport
  }

  get isHolding(): boolean {
    return this.#heldByMember.size > 0
  }

  add(to: NodeId, message: MemberMessage): void {
    if (!('type' in message)) return this.#push(to, message)
    if (message.type === 'append' && message.entries.length === 0) {
      this.#heldByMember.set(to, { append: message, turn: this.#turn })
      return
    }
    const held = this.#heldByMember.get(to)
    if (held !== undefined) {
      this.#heldByMember.delete(to)
      // Entries that follow say what was held, and more. A probe that was held is followed by nothing.
      if (message.type !== 'append' || message.term !== held.append.term)
        this.#push(to, held.append)
    }
    this.#push(to, message)
  }

  /** Sends what this turn has added, and what was held since the last. */
  flush(): void {
    for (const [to, { append, turn }] of this.#heldByMember) {
      if (turn === this.#turn) continue
      this.#heldByMember.delete(to)
      this.#push(to, append)
    }
    this.#turn++
    for (const [to, messages] of this.#messagesByMember) {
      if (messages.length === 0) continue
      this.#messagesByMember.set(to, [])
      this.#send(to, messages)
    }
  }

  /** A part of a snapshot: by itself, out of the way of the rest. */
  sendBulk(to: NodeId, message: MemberMessage): void {
    this.#transport.send(to, encodeFrame([message]), true)
  }

  #push(to: NodeId, message: MemberMessage): void {
    const messages = this.#messagesByMember.get(to)
    if (messages === undefined) this.#messagesByMember.set(to, [message])
    else messages.push(message)
  }

  #send(to: NodeId, messages: readonly MemberMessage[]): void {
    let first = 0
    let bytes = 0
    messages.forEach((message, i) => {
      bytes += messageBytes(message)
      if (bytes < FRAME_BYTES && i < messages.length - 1) return
      this.#transport.send(to, encodeFrame(messages.slice(first, i + 1)), false)
      first = i + 1
      bytes = 0
    })
  }
}
