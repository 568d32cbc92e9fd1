import type { Append } from '../raft/message.ts'
import type { NodeId } from '../raft/types.ts'
import type { MemberMessage } from './member-message.ts'
import { encodeFrame, messageBytes } from './message-codec.ts'
import type { GroupTransport } from './ports.ts'

interface Outgoing {
  readonly to: NodeId
  messages: MemberMessage[]
  /** An append without entries. It leaves in a turn after `heldTurn`, or waits for a tick. */
  held: Append | undefined
  heldTurn: number
  canWait: boolean
}

/** A frame is closed when it has grown beyond it. */
const FRAME_BYTES = 512 * 1024

/**
 * What leaves in a turn: all messages to one member go in one frame.
 *
 * Appends without entries are held back: nobody's answer waits for them, and as a rule the next entries say the same. Those
 * that only tell the commit index wait for a tick, others for a turn. A leader with one call in flight says half as
 * much that way.
 */
export class Outbox {
  readonly #transport: GroupTransport
  /** By the member that was spoken to first: few, and looked through for each message. */
  readonly #outgoing: Outgoing[] = []
  #holding = 0
  #turn = 0

  constructor(transport: GroupTransport) {
    this.#transport = transport
  }

  /** Whether something leaves in the next turn, for which one is due. */
  get isHolding(): boolean {
    return this.#holding > 0 && this.#outgoing.some(({ held, canWait }) => held && !canWait)
  }

  /** What waits for a tick leaves in the next turn. */
  tick(): void {
    for (const outgoing of this.#outgoing) outgoing.canWait = false
  }

  add(to: NodeId, message: MemberMessage, canWait = false): void {
    const outgoing = this.#find(to)
    if (!('type' in message)) {
      outgoing.messages.push(message)
      return
    }
    const isAppend = message.type === 'append'
    if (isAppend && message.entries.length === 0) {
      if (outgoing.held === undefined) this.#holding++
      outgoing.held = message
      outgoing.heldTurn = this.#turn
      outgoing.canWait = canWait
      return
    }
    const { held } = outgoing
    if (held !== undefined) {
      outgoing.held = undefined
      this.#holding--
      // Entries that follow say what was held, and more. A probe that was held is followed by nothing.
      if (!isAppend || message.term !== held.term) outgoing.messages.push(held)
    }
    outgoing.messages.push(message)
  }

  /** Sends what this turn has added so far, but for what is held. */
  send(): void {
    for (const outgoing of this.#outgoing) {
      const { to, messages } = outgoing
      if (messages.length === 0) continue
      outgoing.messages = []
      this.#send(to, messages)
    }
  }

  /** Sends what this turn has added, and what was held since the last. */
  flush(): void {
    if (this.#holding > 0) this.#letGo()
    this.#turn++
    this.send()
  }

  #letGo(): void {
    for (const outgoing of this.#outgoing) {
      const { held, heldTurn, canWait, messages } = outgoing
      if (held === undefined || canWait || heldTurn === this.#turn) continue
      outgoing.held = undefined
      this.#holding--
      messages.push(held)
    }
  }

  /** A part of a snapshot: by itself, out of the way of the rest. */
  sendBulk(to: NodeId, message: MemberMessage): void {
    this.#transport.send(to, encodeFrame([message]), true)
  }

  #find(to: NodeId): Outgoing {
    for (const outgoing of this.#outgoing) if (outgoing.to === to) return outgoing
    const outgoing: Outgoing = { to, messages: [], held: undefined, heldTurn: 0, canWait: false }
    this.#outgoing.push(outgoing)
    return outgoing
  }

  #send(to: NodeId, messages: readonly MemberMessage[]): void {
    if (messages.length === 1) return this.#transport.send(to, encodeFrame(messages), false)
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
