import {
  readLifetime,
  Reader,
  type ReplicaId,
  writeLifetime,
  Writer,
} from '@joinery/crdt-objects/engine'
import {
  readBit,
  readIds,
  readMany,
  readName,
  readOptional,
  readVersion,
  readWord,
  writeBit,
  writeIds,
  writeOptional,
  writeVersion,
} from './control-wire-parts.ts'
import {
  type ControlCommand,
  type HeldReport,
  type MemberCommand,
  type ViewRequest,
} from './core/control-contract.ts'

/** Part of the protocol: kinds are only added, at the end. */
const kinds = [
  'found',
  'lease',
  'end-session',
  'activate',
  'report',
  'reinstate',
  'retire',
  'caught-up',
  'start-seal',
  'close-epoch',
  'appoint-keeper',
  'abandon-keeper',
  'replace-keepers',
  'declare-lost',
  'end-space',
  'dissolve',
  'leave',
  'use',
  'expire',
  'swept',
] as const satisfies readonly ControlCommand['kind'][]

const HELD_BYTES = 10

/** Encodes a command as the control group's log carries it; `decodeControlCommand` is the inverse. */
export function encodeControlCommand(command: ControlCommand): Uint8Array {
  const writer = new Writer(64)
  writeVersion(writer)
  writer.byte(kinds.indexOf(command.kind))
  if (command.kind === 'end-session') writer.text(command.session)
  else {
    writer.text(command.space)
    writeRest(writer, command)
  }
  return writer.finish()
}

function writeRest(
  writer: Writer,
  command: Exclude<ControlCommand, { kind: 'end-session' }>,
): void {
  switch (command.kind) {
    case 'found':
      writer.varint(command.keepers)
      writer.varint(command.durability)
      writeLifetime(writer, command.lifetime)
      return
    case 'lease':
      writer.text(command.session)
      writer.varint(command.request)
      writeBit(writer, command.isStable === true)
      writeBit(writer, command.isUsed === true)
      return
    case 'use':
      writer.u64(command.member)
      writeBit(writer, command.isUsed)
      writer.varint(command.number)
      return
    case 'activate':
    case 'report':
    case 'reinstate':
    case 'retire':
    case 'caught-up':
    case 'dissolve':
      writeMemberCommand(writer, command)
      return
    case 'start-seal':
    case 'leave':
      writer.u64(command.member)
      return
    case 'appoint-keeper':
      writer.u64(command.incoming)
      writeOptional(writer, command.outgoing, (id) => writer.u64(id))
      return
    case 'replace-keepers':
      writeIds(writer, command.keepers)
      return
    case 'declare-lost':
      writeOptional(writer, command.revision, (revision) => writer.varint(revision))
      return
    case 'end-space':
      writeOptional(writer, command.revision, (revision) => writer.varint(revision))
      writeOptional(writer, command.generation, (generation) => writer.varint(generation))
      return
    case 'swept':
      writer.varint(command.generation)
      return
    case 'close-epoch':
    case 'expire':
    case 'abandon-keeper':
  }
}

function writeMemberCommand(writer: Writer, command: MemberCommand): void {
  writer.u64(command.member)
  writer.varint(command.number)
  writer.varint(command.epoch)
  switch (command.kind) {
    case 'activate':
    case 'report':
      writeHeld(writer, command.held)
      writer.varint(command.settled)
      return
    case 'reinstate':
      writeHeld(writer, command.held)
      writer.varint(command.settled)
      writer.text(command.session)
      return
    case 'retire':
      writer.varint(command.claimed)
      return
    case 'caught-up':
      writer.varint(command.version)
      return
    case 'dissolve':
  }
}

/**
 * Decodes a command.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeControlCommand(bytes: Uint8Array): ControlCommand {
  const reader = new Reader(bytes)
  readVersion(reader)
  const kind = readWord(reader, kinds, 'kind of a command')
  const command = readCommand(reader, kind)
  reader.end()
  return command
}

function readCommand(reader: Reader, kind: ControlCommand['kind']): ControlCommand {
  if (kind === 'end-session') return { kind, session: readName(reader) }
  const space = readName(reader)
  switch (kind) {
    case 'found':
      return {
        ...{ kind, space, keepers: reader.varint(), durability: reader.varint() },
        lifetime: readLifetime(reader),
      }
    case 'lease':
      return {
        ...{ kind, space, session: readName(reader), request: reader.varint() },
        isStable: readBit(reader),
        isUsed: readBit(reader),
      }
    case 'use': {
      const member: ReplicaId = reader.u64()
      return { kind, space, member, isUsed: readBit(reader), number: reader.varint() }
    }
    case 'activate':
    case 'report':
    case 'reinstate':
    case 'retire':
    case 'caught-up':
    case 'dissolve':
      return readMemberCommand(reader, kind, space)
    case 'start-seal':
    case 'leave':
      return { kind, space, member: reader.u64() }
    case 'appoint-keeper': {
      const incoming = reader.u64()
      return { kind, space, incoming, outgoing: readOptional(reader, () => reader.u64()) }
    }
    case 'replace-keepers':
      return { kind, space, keepers: readIds(reader) }
    case 'declare-lost':
      return { kind, space, revision: readOptional(reader, () => reader.varint()) }
    case 'end-space':
      return {
        ...{ kind, space, revision: readOptional(reader, () => reader.varint()) },
        generation: readOptional(reader, () => reader.varint()),
      }
    case 'swept':
      return { kind, space, generation: reader.varint() }
    case 'close-epoch':
    case 'expire':
    case 'abandon-keeper':
      return { kind, space }
  }
}

function readMemberCommand(
  reader: Reader,
  kind: MemberCommand['kind'],
  space: string,
): MemberCommand {
  const member: ReplicaId = reader.u64()
  const of = { space, member, number: reader.varint(), epoch: reader.varint() }
  switch (kind) {
    case 'activate':
    case 'report':
      return { kind, ...of, held: readHeld(reader), settled: reader.varint() }
    case 'reinstate':
      return {
        ...{ kind, ...of, held: readHeld(reader) },
        ...{ settled: reader.varint(), session: readName(reader) },
      }
    case 'retire':
      return { kind, ...of, claimed: reader.varint() }
    case 'caught-up':
      return { kind, ...of, version: reader.varint() }
    case 'dissolve':
      return { kind, ...of }
  }
}

function writeHeld(writer: Writer, reports: readonly HeldReport[]): void {
  writer.varint(reports.length)
  for (const { incarnation, round, held } of reports) {
    writer.u64(incarnation)
    writer.varint(round)
    writer.varint(held)
  }
}

function readHeld(reader: Reader): HeldReport[] {
  return readMany(reader, HELD_BYTES, () => ({
    incarnation: reader.u64(),
    round: reader.varint(),
    held: reader.varint(),
  }))
}

/** Encodes a question; `decodeViewRequest` is the inverse. */
export function encodeViewRequest({ space, member, epoch }: ViewRequest): Uint8Array {
  const writer = new Writer(64)
  writeVersion(writer)
  writer.text(space)
  writer.u64(member)
  writer.varint(epoch)
  return writer.finish()
}

/**
 * Decodes a question.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeViewRequest(bytes: Uint8Array): ViewRequest {
  const reader = new Reader(bytes)
  readVersion(reader)
  const space = readName(reader)
  const request = { kind: 'view', space, member: reader.u64(), epoch: reader.varint() } as const
  reader.end()
  return request
}
