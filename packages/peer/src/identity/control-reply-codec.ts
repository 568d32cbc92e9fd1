import { Reader, Writer } from '@joinery/crdt-objects/engine'
import {
  readIds,
  readRefusal,
  readVersion,
  readWord,
  writeIds,
  writeRefusal,
  writeVersion,
} from './control-wire-parts.ts'
import { type ControlReply } from './core/control-contract.ts'

/** Part of the protocol: kinds are only added, at the end. */
const kinds = [
  'taken',
  'leased',
  'done',
  'replaced',
  'refused',
] as const satisfies readonly ControlReply['kind'][]

/** Encodes what came of a command; `decodeControlReply` is the inverse. */
export function encodeControlReply(reply: ControlReply): Uint8Array {
  const writer = new Writer(32)
  writeVersion(writer)
  writer.byte(kinds.indexOf(reply.kind))
  switch (reply.kind) {
    case 'leased':
      writer.varint(reply.request)
      writer.u64(reply.member)
      writer.varint(reply.epoch)
      break
    case 'replaced':
      writeIds(writer, reply.dropped)
      writeIds(writer, reply.mayLose)
      break
    case 'refused':
      writeRefusal(writer, reply.reason)
      break
    case 'taken':
    case 'done':
  }
  return writer.finish()
}

/**
 * Decodes a reply.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeControlReply(bytes: Uint8Array): ControlReply {
  const reader = new Reader(bytes)
  readVersion(reader)
  const reply = readReply(reader, readWord(reader, kinds, 'kind of a reply'))
  reader.end()
  return reply
}

function readReply(reader: Reader, kind: ControlReply['kind']): ControlReply {
  switch (kind) {
    case 'leased':
      return { kind, request: reader.varint(), member: reader.u64(), epoch: reader.varint() }
    case 'replaced':
      return { kind, dropped: readIds(reader), mayLose: readIds(reader) }
    case 'refused':
      return { kind, reason: readRefusal(reader) }
    case 'taken':
    case 'done':
      return { kind }
  }
}
