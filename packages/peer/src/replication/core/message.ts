import { Reader, type ReplicaId, VersionVector, Writer } from '@joinery/crdt-objects/engine'

/** What neighbours say to each other over a direct channel. */
export type Message =
  /** The hash of my vector: ask me, if yours differs. */
  | { readonly kind: 'digest'; readonly hash: bigint }
  /** I hold `vector`: give me what I lack. */
  | {
      readonly kind: 'ask'
      readonly vector: VersionVector
      /** Names the channel as the asker knows it; a new one makes the answerer forget what it sent. */
      readonly session: number
      /** How many answers of this session the asker has seen the end of. */
      readonly received: number
      /** The last answer held what did not decode: give a state, which needs no batch. */
      readonly whole: boolean
    }
  /** Some of the answer: batches, in an order in which they apply. */
  | { readonly kind: 'batches'; readonly batches: readonly Uint8Array[] }
  /** Some of the answer: a piece of what is too large for one message. */
  | {
      readonly kind: 'part'
      readonly of: 'batch' | 'state'
      readonly part: number
      readonly parts: number
      readonly bytes: Uint8Array
    }
  /** The end of the answer. `more` asks to be asked again. */
  | { readonly kind: 'answered'; readonly more: boolean }
  /** Tell me when you hold all of `origin` up to `last`. */
  | { readonly kind: 'probe'; readonly origin: ReplicaId; readonly last: number }
  /** I hold all of `origin` up to `last`. */
  | { readonly kind: 'held'; readonly origin: ReplicaId; readonly last: number }

const version = 1
const code = { digest: 0, ask: 1, batches: 2, part: 3, answered: 4, probe: 5, held: 6 } as const

/** Encodes `message`; `decodeMessage` is the inverse. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer()
  writer.byte(version)
  writer.byte(code[message.kind])
  switch (message.kind) {
    case 'digest':
      writer.u64(message.hash)
      break
    case 'ask':
      writer.varint(message.session)
      writer.varint(message.received)
      writer.byte(message.whole ? 1 : 0)
      message.vector.encode(writer)
      break
    case 'batches':
      writer.varint(message.batches.length)
      for (const batch of message.batches) writer.bytes(batch)
      break
    case 'part':
      writer.byte(message.of === 'batch' ? 0 : 1)
      writer.varint(message.part)
      writer.varint(message.parts)
      writer.bytes(message.bytes)
      break
    case 'answered':
      writer.byte(message.more ? 1 : 0)
      break
    case 'probe':
    case 'held':
      writer.u64(message.origin)
      writer.varint(message.last)
  }
  return writer.finish()
}

/**
 * Decodes what a neighbour sent.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes)
  const found = reader.byte()
  if (found !== version) reader.fail(`message version ${found}, expected ${version}`)
  const message = decodeBody(reader, reader.byte())
  reader.end()
  return message
}

function decodeBody(reader: Reader, kind: number): Message {
  switch (kind) {
    case code.digest:
      return { kind: 'digest', hash: reader.u64() }
    case code.ask: {
      const session = reader.varint()
      const received = reader.varint()
      const whole = decodeBit(reader)
      return { kind: 'ask', session, received, whole, vector: VersionVector.decode(reader) }
    }
    case code.batches: {
      const count = reader.varint()
      // Each batch takes a byte at least: a count beyond the input's size is refused before anything grows.
      if (count > reader.remaining) reader.fail('more batches than bytes')
      const batches: Uint8Array[] = []
      for (let i = 0; i < count; i++) batches.push(reader.bytes())
      return { kind: 'batches', batches }
    }
    case code.part: {
      const of = decodeBit(reader) ? 'state' : 'batch'
      return {
        kind: 'part',
        of,
        part: reader.varint(),
        parts: reader.varint(),
        bytes: reader.bytes(),
      }
    }
    case code.answered:
      return { kind: 'answered', more: decodeBit(reader) }
    case code.probe:
      return { kind: 'probe', origin: reader.u64(), last: reader.varint() }
    case code.held:
      return { kind: 'held', origin: reader.u64(), last: reader.varint() }
    default:
      return reader.fail(`unknown message ${kind}`)
  }
}

function decodeBit(reader: Reader): boolean {
  const bit = reader.byte()
  if (bit > 1) reader.fail(`expected 0 or 1, got ${bit}`)
  return bit === 1
}
