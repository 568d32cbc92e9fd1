import { Reader, type ReplicaId, VersionVector, Writer } from '@joinery/crdt-objects/engine'
import { readRecord, writeRecord } from '../../identity/core/control-codec.ts'
import { type EpochRecord } from '../../identity/core/control-contract.ts'
import { type StagedEnd } from '../../identity/core/member-contract.ts'

/** Who speaks, and what it knows of the group. */
export interface Speaker {
  /** The id of its replica; 0 while it has none. */
  readonly sender: ReplicaId
  /** Whether its word counts. */
  readonly isMember: boolean
  readonly epoch: number
  /** The epoch that it has settled. */
  readonly settled: number
  /** The set of keepers that it knows. */
  readonly keepersVersion: number
  /** How new what it knows of the group is: who knows less may ask the group. */
  readonly revision: number
}

/** What one asks a neighbour for: what it lacks, a whole state to join, or one to begin with. */
export type Wanted = 'batches' | 'state' | 'snapshot'

/** What a whole state is for: to be joined, or to begin with. */
export type StateUse = 'state' | 'snapshot'

/** What neighbours say to each other over a direct channel. */
export type Message =
  /** The hash of my vector: ask me, if yours differs. */
  | { readonly kind: 'digest'; readonly speaker: Speaker; readonly hash: bigint }
  /** I hold `vector`: give me what I lack. */
  | {
      readonly kind: 'ask'
      readonly speaker: Speaker
      readonly vector: VersionVector
      /** Those of which it stages batches, or would. */
      readonly staged: readonly StagedEnd[]
      /** Names the channel as the asker knows it; a new one makes the answerer forget what it sent. */
      readonly session: number
      /** How many answers of this session the asker has seen the end of. */
      readonly received: number
      readonly wanted: Wanted
    }
  /** Some of the answer: epochs that the asker has not entered. */
  | { readonly kind: 'records'; readonly records: readonly EpochRecord[] }
  /** Some of the answer: batches, in an order in which they apply. */
  | { readonly kind: 'batches'; readonly batches: readonly Uint8Array[] }
  /** Some of the answer: a piece of a batch that is too large for one message. */
  | {
      readonly kind: 'part'
      readonly part: number
      readonly parts: number
      readonly bytes: Uint8Array
    }
  /** Some of the answer: a piece of a state, while its giver goes on. */
  | {
      readonly kind: 'piece'
      readonly use: StateUse
      readonly isFirst: boolean
      readonly bytes: Uint8Array
    }
  /** Some of the answer: a piece of the batches that go along with a state. */
  | { readonly kind: 'stock'; readonly bytes: Uint8Array }
  /** Some of the answer: the state is complete, and this is what its giver knows of seals. */
  | {
      readonly kind: 'offer'
      readonly use: StateUse
      readonly sender: ReplicaId
      readonly records: readonly EpochRecord[]
    }
  /** The end of the answer. `more` asks to be asked again. */
  | { readonly kind: 'answered'; readonly more: boolean }
  /** Tell me when you hold all of `origin` up to `last`. */
  | {
      readonly kind: 'probe'
      readonly speaker: Speaker
      readonly origin: ReplicaId
      readonly last: number
    }
  /** I hold all of `origin` up to `last`. */
  | {
      readonly kind: 'held'
      readonly speaker: Speaker
      readonly origin: ReplicaId
      readonly last: number
    }

const version = 2
const code = {
  ...{ digest: 0, ask: 1, batches: 2, part: 3, answered: 4, probe: 5, held: 6, records: 7 },
  ...{ piece: 8, offer: 9, stock: 10 },
} as const
// Their places are part of the protocol.
const wanteds: readonly Wanted[] = ['batches', 'state', 'snapshot']
const uses: readonly StateUse[] = ['state', 'snapshot']
const recordBytesMin = 3
const stagedBytesMin = 10

const bulk: ReadonlySet<Message['kind']> = new Set(['part', 'batches', 'piece', 'stock', 'offer'])

/** Whether it is to travel behind everything else. */
export function isBulk({ kind }: Message): boolean {
  return bulk.has(kind)
}

/** Encodes `message`; `decodeMessage` is the inverse. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new Writer()
  writer.byte(version)
  writer.byte(code[message.kind])
  switch (message.kind) {
    case 'digest':
      encodeSpeaker(writer, message.speaker)
      writer.u64(message.hash)
      break
    case 'ask':
      encodeSpeaker(writer, message.speaker)
      writer.varint(message.session)
      writer.varint(message.received)
      writer.byte(wanteds.indexOf(message.wanted))
      message.vector.encode(writer)
      writer.varint(message.staged.length)
      for (const { origin, last, isFenced } of message.staged) {
        writer.u64(origin)
        writer.varint(last)
        writer.byte(isFenced ? 1 : 0)
      }
      break
    case 'records':
      writeRecords(writer, message.records)
      break
    case 'batches':
      writeBatches(writer, message.batches)
      break
    case 'piece':
      writer.byte(uses.indexOf(message.use))
      writer.byte(message.isFirst ? 1 : 0)
      writer.bytes(message.bytes)
      break
    case 'offer':
      writer.byte(uses.indexOf(message.use))
      writer.u64(message.sender)
      writeRecords(writer, message.records)
      break
    case 'stock':
      writer.bytes(message.bytes)
      break
    case 'part':
      writer.varint(message.part)
      writer.varint(message.parts)
      writer.bytes(message.bytes)
      break
    case 'answered':
      writer.byte(message.more ? 1 : 0)
      break
    case 'probe':
    case 'held':
      encodeSpeaker(writer, message.speaker)
      writer.u64(message.origin)
      writer.varint(message.last)
  }
  return writer.finish()
}

function encodeSpeaker(writer: Writer, speaker: Speaker): void {
  writer.u64(speaker.sender)
  writer.byte(speaker.isMember ? 1 : 0)
  writer.varint(speaker.epoch)
  writer.varint(speaker.settled)
  writer.varint(speaker.keepersVersion)
  writer.varint(speaker.revision)
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
      return { kind: 'digest', speaker: decodeSpeaker(reader), hash: reader.u64() }
    case code.ask:
      return decodeAsk(reader)
    case code.records:
      return { kind: 'records', records: readRecords(reader) }
    case code.batches:
      return { kind: 'batches', batches: readBatches(reader) }
    case code.part: {
      const [part, parts] = [reader.varint(), reader.varint()]
      return { kind: 'part', part, parts, bytes: reader.bytes() }
    }
    case code.piece: {
      const [use, isFirst] = [readUse(reader), decodeBit(reader)]
      return { kind: 'piece', use, isFirst, bytes: reader.bytes() }
    }
    case code.offer: {
      const [use, sender] = [readUse(reader), reader.u64()]
      return { kind: 'offer', use, sender, records: readRecords(reader) }
    }
    case code.stock:
      return { kind: 'stock', bytes: reader.bytes() }
    case code.answered:
      return { kind: 'answered', more: decodeBit(reader) }
    case code.probe:
      return { kind: 'probe', ...decodeHeld(reader) }
    case code.held:
      return { kind: 'held', ...decodeHeld(reader) }
    default:
      return reader.fail(`unknown message ${kind}`)
  }
}

function readUse(reader: Reader): StateUse {
  return uses[reader.byte()] ?? reader.fail('a state for nothing known')
}

function writeRecords(writer: Writer, records: readonly EpochRecord[]): void {
  writer.varint(records.length)
  for (const record of records) writeRecord(writer, record)
}

function readRecords(reader: Reader): EpochRecord[] {
  const records: EpochRecord[] = []
  for (let left = reader.count(recordBytesMin); left > 0; left--) records.push(readRecord(reader))
  return records
}

function writeBatches(writer: Writer, batches: readonly Uint8Array[]): void {
  writer.varint(batches.length)
  for (const batch of batches) writer.bytes(batch)
}

function readBatches(reader: Reader): Uint8Array[] {
  // Each batch takes a byte at least: a count beyond the input's size is refused before anything grows.
  const batches: Uint8Array[] = []
  for (let left = reader.count(1); left > 0; left--) batches.push(reader.bytes())
  return batches
}

function decodeAsk(reader: Reader): Extract<Message, { kind: 'ask' }> {
  const speaker = decodeSpeaker(reader)
  const session = reader.varint()
  const received = reader.varint()
  const wanted = wanteds[reader.byte()] ?? reader.fail('an ask for nothing known')
  const vector = VersionVector.decode(reader)
  const staged: StagedEnd[] = []
  for (let left = reader.count(stagedBytesMin); left > 0; left--) {
    staged.push({ origin: reader.u64(), last: reader.varint(), isFenced: decodeBit(reader) })
  }
  return { kind: 'ask', speaker, session, received, wanted, vector, staged }
}

function decodeHeld(reader: Reader): {
  readonly speaker: Speaker
  readonly origin: ReplicaId
  readonly last: number
} {
  return { speaker: decodeSpeaker(reader), origin: reader.u64(), last: reader.varint() }
}

function decodeSpeaker(reader: Reader): Speaker {
  return {
    sender: reader.u64(),
    isMember: decodeBit(reader),
    epoch: reader.varint(),
    settled: reader.varint(),
    keepersVersion: reader.varint(),
    revision: reader.varint(),
  }
}

function decodeBit(reader: Reader): boolean {
  const bit = reader.byte()
  if (bit > 1) reader.fail(`expected 0 or 1, got ${bit}`)
  return bit === 1
}
