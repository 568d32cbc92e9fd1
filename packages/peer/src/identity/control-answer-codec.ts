import { readLifetime, Reader, writeLifetime, Writer } from '@joinery/crdt-objects/engine'
import {
  readBit,
  readIds,
  readMany,
  readName,
  readOptional,
  readRefusal,
  readText,
  readVersion,
  readWord,
  writeBit,
  writeIds,
  writeOptional,
  writeRefusal,
  writeVersion,
} from './control-wire-parts.ts'
import {
  type KeeperView,
  type SealingView,
  type SpaceView,
  type Standing,
  type ViewAnswer,
} from './core/control-contract.ts'
import { readRecord, writeRecord } from './core/control-codec.ts'

/** Part of the protocol, as is the list below: words are only added, at the end. */
const kinds = ['view', 'refused'] as const satisfies readonly ViewAnswer['kind'][]

const statuses = [
  'leased',
  'active',
  'retiring',
  'sealing',
  'sealed',
] as const satisfies readonly Standing['status'][]

const bytesEach = { record: 3, sealing: 11 } as const

/** Encodes what the control group answers a question; `decodeViewAnswer` is the inverse. */
export function encodeViewAnswer(answer: ViewAnswer): Uint8Array {
  const writer = new Writer(256)
  writeVersion(writer)
  writer.byte(kinds.indexOf(answer.kind))
  if (answer.kind === 'view') writeView(writer, answer.view)
  else writeRefusal(writer, answer.reason)
  return writer.finish()
}

/**
 * Decodes an answer.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeViewAnswer(bytes: Uint8Array): ViewAnswer {
  const reader = new Reader(bytes)
  readVersion(reader)
  const kind = readWord(reader, kinds, 'kind of an answer')
  const answer: ViewAnswer =
    kind === 'view' ? { kind, view: readView(reader) } : { kind, reason: readRefusal(reader) }
  reader.end()
  return answer
}

function writeView(writer: Writer, view: SpaceView): void {
  writer.text(view.space)
  writer.u64(view.member)
  writer.varint(view.generation)
  writer.varint(view.founded)
  writeLifetime(writer, view.lifetime)
  writer.varint(view.revision)
  writer.varint(view.epoch)
  writer.varint(view.floor)
  writer.varint(view.settledFloor)
  writer.varint(view.records.length)
  for (const record of view.records) writeRecord(writer, record)
  writer.varint(view.sealings.length)
  for (const sealing of view.sealings) writeSealing(writer, sealing)
  writeIds(writer, view.members)
  writeIds(writer, view.unsealed)
  writeKeepers(writer, view.keepers)
  writeStanding(writer, view.standing)
  writer.varint(view.standingEpoch)
  writer.varint(view.standingSettled)
  writer.text(view.standingSession)
  writer.varint(view.standingNumber)
  writeBit(writer, view.standingIsUsed)
  writeOptional(writer, view.genesis, (ids) => writeIds(writer, ids))
}

function readView(reader: Reader): SpaceView {
  return {
    space: readName(reader),
    member: reader.u64(),
    generation: reader.varint(),
    founded: reader.varint(),
    lifetime: readLifetime(reader),
    revision: reader.varint(),
    epoch: reader.varint(),
    floor: reader.varint(),
    settledFloor: reader.varint(),
    records: readMany(reader, bytesEach.record, () => readRecord(reader)),
    sealings: readMany(reader, bytesEach.sealing, () => readSealing(reader)),
    members: readIds(reader),
    unsealed: readIds(reader),
    keepers: readKeepers(reader),
    standing: readStanding(reader),
    standingEpoch: reader.varint(),
    standingSettled: reader.varint(),
    standingSession: readText(reader),
    standingNumber: reader.varint(),
    standingIsUsed: readBit(reader),
    genesis: readOptional(reader, () => readIds(reader)),
  }
}

function writeSealing(writer: Writer, { incarnation, round, target, reported }: SealingView): void {
  writer.u64(incarnation)
  writer.varint(round)
  writer.varint(target)
  writeOptional(writer, reported, (last) => writer.varint(last))
}

function readSealing(reader: Reader): SealingView {
  const [incarnation, round, target] = [reader.u64(), reader.varint(), reader.varint()]
  return { incarnation, round, target, reported: readOptional(reader, () => reader.varint()) }
}

function writeKeepers(writer: Writer, view: KeeperView): void {
  writer.varint(view.version)
  writeIds(writer, view.keepers)
  writer.varint(view.durability)
  writeBit(writer, view.isUnderReplicated)
  writeOptional(writer, view.incoming, (id) => writer.u64(id))
  writeOptional(writer, view.outgoing, (id) => writer.u64(id))
}

function readKeepers(reader: Reader): KeeperView {
  const version = reader.varint()
  const keepers = readIds(reader)
  const durability = reader.varint()
  const isUnderReplicated = readBit(reader)
  const incoming = readOptional(reader, () => reader.u64())
  const outgoing = readOptional(reader, () => reader.u64())
  return {
    ...{ version, keepers, durability, isUnderReplicated },
    ...(incoming === undefined ? {} : { incoming }),
    ...(outgoing === undefined ? {} : { outgoing }),
  }
}

function writeStanding(writer: Writer, standing: Standing): void {
  writer.byte(statuses.indexOf(standing.status))
  if (standing.status !== 'sealed') return
  writeOptional(writer, standing.last, (last) => writer.varint(last))
}

function readStanding(reader: Reader): Standing {
  const status = readWord(reader, statuses, 'status of a member')
  if (status !== 'sealed') return { status }
  return { status, last: readOptional(reader, () => reader.varint()) }
}
