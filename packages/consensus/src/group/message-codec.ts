import { Reader, Slab, Writer } from '@joinery/crdt-objects/engine'
import type { Append } from '../raft/message.ts'
import type { ConfState, Entry, EntryType, NodeId } from '../raft/types.ts'
import type { MemberMessage, RaftMessage } from './member-message.ts'

/*
 * One frame is all that a member tells another in one turn: a version, then messages up to its end. Who sent it, and to
 * whom, is what the transport knows; nobody can say it of himself.
 */

const VERSION = 1

const code = {
  append: 0,
  'append-response': 1,
  vote: 2,
  'pre-vote': 3,
  'vote-response': 4,
  'pre-vote-response': 5,
  heartbeat: 6,
  'heartbeat-response': 7,
  'transfer-leader': 8,
  'timeout-now': 9,
  'snapshot-part': 10,
  'state-hashes': 11,
  'not-member': 12,
} as const

const entryTypes: readonly EntryType[] = ['normal', 'config', 'config-v2']

/** An entry of an append takes a byte for its type, one for its term, one for its length. */
const ENTRY_BYTES_MIN = 3

/** Encodes one frame; `decodeFrame` is the inverse, where the messages agree with `from` and `to`. */
export function encodeFrame(messages: readonly MemberMessage[]): Uint8Array {
  shared.reset()
  shared.byte(VERSION)
  for (const message of messages) writeMessage(shared, message)
  return shared.finishShort()
}

/** A buffer for each frame would cost more than its contents. */
const shared = new Writer(4096)

/** About so many bytes, never fewer. */
export function messageBytes(message: MemberMessage): number {
  if ('kind' in message) {
    switch (message.kind) {
      case 'snapshot-part':
        return 256 + message.bytes.length
      case 'state-hashes':
        return 16 + 16 * message.hashes.size
      case 'not-member':
        return 16
    }
  }
  let bytes = 48
  if (message.type === 'append') for (const { data } of message.entries) bytes += 16 + data.length
  return bytes
}

function writeMessage(writer: Writer, message: MemberMessage): void {
  if ('type' in message) {
    writer.byte(code[message.type])
    writer.varint(message.term)
    writeRaft(writer, message)
    return
  }
  writer.byte(code[message.kind])
  switch (message.kind) {
    case 'snapshot-part':
      writer.varint(message.term)
      writer.varint(message.transfer)
      writer.varint(message.snapshotIndex)
      writer.varint(message.snapshotTerm)
      writeConfState(writer, message.confState)
      writer.varint(message.bytesTotal)
      writer.varint(message.checksum)
      writer.varint(message.offset)
      writer.bytes(message.bytes)
      return
    case 'state-hashes':
      writer.varint(message.index)
      writer.varint(message.hashes.size)
      for (const [object, hash] of message.hashes) {
        writer.varint(object)
        writer.u64(hash)
      }
      return
    case 'not-member':
      writer.varint(message.index)
  }
}

function writeRaft(writer: Writer, message: RaftMessage): void {
  switch (message.type) {
    case 'append':
      return writeAppend(writer, message)
    case 'append-response':
      writer.varint(message.index)
      writer.byte(message.isRejected ? 1 : 0)
      if (!message.isRejected) return
      writer.varint(message.hintIndex)
      writer.varint(message.hintTerm)
      return
    case 'vote':
    case 'pre-vote':
      writer.varint(message.lastIndex)
      writer.varint(message.lastTerm)
      writer.byte(message.isTransfer ? 1 : 0)
      return
    case 'vote-response':
    case 'pre-vote-response':
      writer.byte(message.isRejected ? 1 : 0)
      return
    case 'heartbeat':
      writer.varint(message.commit)
      writer.bytes(message.context)
      return
    case 'heartbeat-response':
      writer.bytes(message.context)
      return
    case 'transfer-leader':
    case 'timeout-now':
  }
}

function writeAppend(writer: Writer, append: Append): void {
  writer.varint(append.previousIndex)
  writer.varint(append.previousTerm)
  writer.varint(append.commit)
  writer.varint(append.entries.length)
  // Their indexes follow from the first one's place.
  for (const { type, term, data } of append.entries) {
    writer.byte(entryTypes.indexOf(type))
    writer.varint(term)
    writer.bytes(data)
  }
}

function writeConfState(writer: Writer, confState: ConfState): void {
  writeIds(writer, confState.voters)
  writeIds(writer, confState.votersOutgoing)
  writeIds(writer, confState.learners)
  writeIds(writer, confState.learnersNext)
  writer.byte(confState.autoLeave ? 1 : 0)
}

function writeIds(writer: Writer, ids: readonly NodeId[]): void {
  writer.varint(ids.length)
  for (const id of ids) writer.varint(id)
}

/**
 * Decodes what `from` sent to `to`. Nothing in it is trusted but its shape, which is what this checks. The data of entries
 * are put into `slab`, which is to be of one log alone: a log drops them in their order, and two logs do not.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeFrame(
  bytes: Uint8Array,
  from: NodeId,
  to: NodeId,
  slab = new Slab(),
): MemberMessage[] {
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== VERSION) reader.fail(`frame version ${version}, expected ${VERSION}`)
  const messages: MemberMessage[] = []
  while (!reader.done) messages.push(readMessage(reader, { from, to, slab }))
  return messages
}

function readMessage(reader: Reader, { from, to, slab }: Context): MemberMessage {
  const kind = reader.byte()
  switch (kind) {
    case code['snapshot-part']:
      return readSnapshotPart(reader)
    case code['state-hashes']:
      return { kind: 'state-hashes', index: reader.varint(), hashes: readHashes(reader) }
    case code['not-member']:
      return { kind: 'not-member', index: reader.varint() }
    default:
      return readRaft(reader, kind, { from, to, term: reader.varint() }, slab)
  }
}

interface Context {
  readonly from: NodeId
  readonly to: NodeId
  readonly slab: Slab
}

interface Envelope {
  readonly from: NodeId
  readonly to: NodeId
  readonly term: number
}

function readRaft(reader: Reader, kind: number, envelope: Envelope, slab: Slab): MemberMessage {
  switch (kind) {
    case code.append:
      return readAppend(reader, envelope, slab)
    case code['append-response']: {
      const index = reader.varint()
      const isRejected = readBit(reader)
      const hintIndex = isRejected ? reader.varint() : 0
      const hintTerm = isRejected ? reader.varint() : 0
      // Written out, as all that comes with each command.
      const { from, to, term } = envelope
      const type = 'append-response'
      return { type, from, to, term, index, isRejected, hintIndex, hintTerm }
    }
    case code.vote:
    case code['pre-vote']: {
      const type = kind === code.vote ? 'vote' : 'pre-vote'
      const [lastIndex, lastTerm] = [reader.varint(), reader.varint()]
      return { type, ...envelope, lastIndex, lastTerm, isTransfer: readBit(reader) }
    }
    case code['vote-response']:
      return { type: 'vote-response', ...envelope, isRejected: readBit(reader) }
    case code['pre-vote-response']:
      return { type: 'pre-vote-response', ...envelope, isRejected: readBit(reader) }
    case code.heartbeat:
      return {
        type: 'heartbeat',
        ...envelope,
        commit: reader.varint(),
        context: reader.bytes().slice(),
      }
    case code['heartbeat-response']:
      return { type: 'heartbeat-response', ...envelope, context: reader.bytes().slice() }
    case code['transfer-leader']:
      return { type: 'transfer-leader', ...envelope }
    case code['timeout-now']:
      return { type: 'timeout-now', ...envelope }
    default:
      return reader.fail(`unknown message ${kind}: is a newer version at work?`)
  }
}

function readAppend(reader: Reader, envelope: Envelope, slab: Slab): Append {
  const previousIndex = reader.varint()
  const previousTerm = reader.varint()
  const commit = reader.varint()
  const count = reader.count(ENTRY_BYTES_MIN)
  if (previousIndex + count > Number.MAX_SAFE_INTEGER) reader.fail('index beyond 2^53 - 1')
  const entries: Entry[] = []
  for (let i = 1; i <= count; i++) {
    const type = entryTypes[reader.byte()] ?? reader.fail('unknown type of an entry')
    const entryTerm = reader.varint()
    // A copy: the log keeps it, and must not keep the whole frame with it.
    const data = reader.bytesInto(slab)
    entries.push({ type, term: entryTerm, index: previousIndex + i, data })
  }
  const { from, to, term } = envelope
  return { type: 'append', from, to, term, previousIndex, previousTerm, commit, entries }
}

function readSnapshotPart(reader: Reader): MemberMessage {
  return {
    kind: 'snapshot-part',
    term: reader.varint(),
    transfer: reader.varint(),
    snapshotIndex: reader.varint(),
    snapshotTerm: reader.varint(),
    confState: readConfState(reader),
    bytesTotal: reader.varint(),
    checksum: reader.varint(),
    offset: reader.varint(),
    bytes: reader.bytes(),
  }
}

function readConfState(reader: Reader): ConfState {
  return {
    voters: readIds(reader),
    votersOutgoing: readIds(reader),
    learners: readIds(reader),
    learnersNext: readIds(reader),
    autoLeave: readBit(reader),
  }
}

function readIds(reader: Reader): NodeId[] {
  const count = reader.count()
  const ids: NodeId[] = []
  for (let i = 0; i < count; i++) {
    const id = reader.varint()
    if (id <= (ids.at(-1) ?? 0)) reader.fail('ids that do not ascend')
    ids.push(id)
  }
  return ids
}

function readHashes(reader: Reader): Map<number, bigint> {
  const count = reader.count(9)
  const hashes = new Map<number, bigint>()
  for (let i = 0; i < count; i++) hashes.set(reader.varint(), reader.u64())
  return hashes
}

function readBit(reader: Reader): boolean {
  const byte = reader.byte()
  if (byte > 1) reader.fail('neither true nor false')
  return byte === 1
}
