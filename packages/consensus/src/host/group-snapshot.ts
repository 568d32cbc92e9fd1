import { JoineryError, isJoineryError } from '@joinery/crdt-objects'
import {
  Reader,
  VersionVector,
  Writer,
  decodeValue,
  encodeValue,
} from '@joinery/crdt-objects/engine'
import type { AgreedEnvironment } from './agreed-environment.ts'
import type { ClassObject } from './class-object.ts'
import { GroupTables } from './group-tables.ts'
import { EndedSessions } from './ended-sessions.ts'
import { HostedEntry } from './hosted-entry.ts'
import type { HostedObject } from './hosted-object.ts'
import type { ObjectCall } from './object-call.ts'
import { readOutcome, writeOutcome } from './outcome-codec.ts'
import type { ParkedCall } from './parked-calls.ts'
import { readReads, writeReads } from './reads-codec.ts'
import { SequenceSet } from './sequence-set.ts'
import { Session } from './session.ts'
import { decodeSession, encodeSession } from './session-bytes.ts'
import type { Timer } from './timer-queue.ts'

/*
 * The state of a group as bytes. Maps are written in the order in which they are gone through, which is a function of the
 * commands alone: equal states have equal bytes, and what is read goes on as what was written would have.
 */

/** Half of the numbers that have an encoding: nothing real ever counts so far. */
const COUNTED_MAX = 2 ** 52
const VERSION = 1
const QUARANTINED = 1
const HAS_VECTOR = 2

/** How an object is made from what was kept of it. */
export type RestoreObject = (
  descriptor: string,
  state: Uint8Array,
  environment: AgreedEnvironment,
) => HostedObject

export function encodeTables(tables: GroupTables): Uint8Array {
  const writer = new Writer(4096)
  const { environment, sessions, objects, timers } = tables
  writer.byte(VERSION)
  writer.varint(environment.position)
  writer.varint(environment.nowMs)
  writer.varint(tables.nextObject)
  writer.varint(tables.nextArrival)
  writer.varint(tables.nextTimer)
  writer.varint(objects.size)
  for (const entry of objects.values()) writeEntry(writer, entry)
  writer.varint(sessions.size)
  for (const session of sessions.values()) writeSession(writer, session)
  tables.endedSessions.encode(writer)
  const inOrder = [...timers.all()].sort((a, b) => a.number - b.number)
  writer.varint(inOrder.length)
  for (const timer of inOrder) writeTimer(writer, timer)
  return writer.finish()
}

/** All that is kept of an object: what its replicas are compared by. */
export function encodeEntry(entry: HostedEntry): Uint8Array {
  const writer = new Writer(256)
  writeEntry(writer, entry)
  return writer.finish()
}

function writeEntry(writer: Writer, entry: HostedEntry): void {
  const { live, vectorBytes } = entry
  writer.varint(entry.number)
  writer.text(entry.space)
  writer.text(entry.name)
  writer.text(entry.descriptor)
  writer.varint(entry.changedAt)
  writer.byte(
    (entry.isQuarantined ? QUARANTINED : 0) | (vectorBytes === undefined ? 0 : HAS_VECTOR),
  )
  if (vectorBytes !== undefined) writer.raw(vectorBytes)
  writer.bytes(entry.hosted.encodeState())
  writer.varint(live?.parked.size ?? 0)
  for (const parked of live?.parked.all() ?? []) writeParked(writer, parked)
}

function writeParked(writer: Writer, { call, reads }: ParkedCall): void {
  writer.varint(call.arrival)
  encodeSession(writer, call.session)
  writer.varint(call.sequence)
  writer.text(call.method)
  encodeValue(writer, call.args)
  encodeValue(writer, call.kept)
  writeReads(writer, reads)
}

function writeSession(writer: Writer, session: Session): void {
  encodeSession(writer, session.id)
  writer.varint(session.leaseMs)
  writer.varint(session.acknowledged)
  session.forgotten.encode(writer)
  writer.varint(session.replies.size)
  for (const [sequence, outcome] of session.replies.entries()) {
    writer.varint(sequence)
    writeOutcome(writer, outcome)
  }
  writer.varint(session.objects.size)
  for (const object of session.objects) writer.varint(object)
}

function writeTimer(writer: Writer, timer: Timer): void {
  writer.varint(timer.number)
  writer.varint(timer.dueMs)
  writer.varint(timer.object)
  writer.text(timer.method)
  encodeValue(writer, timer.args)
}

/**
 * Reads what {@link encodeTables} wrote. The position and time of `environment` are set once all of it is read.
 *
 * @throws JoineryError ENCODING_INVALID, or OBJECT_TYPE_UNKNOWN for an object of a class that is not defined here
 */
export function decodeTables(
  bytes: Uint8Array,
  environment: AgreedEnvironment,
  restore: RestoreObject,
): GroupTables {
  const reader = new Reader(bytes)
  try {
    return readTables(reader, environment, restore)
  } catch (error) {
    if (isJoineryError(error, 'ENCODING_INVALID') || isJoineryError(error, 'OBJECT_TYPE_UNKNOWN')) {
      throw error
    }
    const reason = error instanceof Error ? error.message : 'an object cannot be made'
    const details = { reason, offset: bytes.length - reader.remaining }
    throw new JoineryError('ENCODING_INVALID', `not a snapshot of a group: ${reason}`, details, {
      cause: error,
    })
  }
}

function readTables(
  reader: Reader,
  environment: AgreedEnvironment,
  restore: RestoreObject,
): GroupTables {
  if (reader.byte() !== VERSION) reader.fail('another version of snapshots')
  const tables = new GroupTables(environment)
  const [position, nowMs] = [reader.varint(), reader.varint()]
  tables.nextObject = reader.varint()
  tables.nextArrival = reader.varint()
  tables.nextTimer = reader.varint()
  const counted = [position, nowMs, tables.nextObject, tables.nextArrival, tables.nextTimer]
  // What goes on from there would have no encoding any more.
  if (Math.max(...counted) > COUNTED_MAX) reader.fail('a number without room to grow')
  for (let left = reader.count(8); left > 0; left--) readEntry(reader, tables, restore)
  for (let left = reader.count(16); left > 0; left--) readSession(reader, tables)
  tables.endedSessions = EndedSessions.decode(reader)
  connectParked(reader, tables)
  for (let left = reader.count(4); left > 0; left--) readTimer(reader, tables)
  reader.end()
  environment.position = position
  environment.nowMs = nowMs
  return tables
}

function readEntry(reader: Reader, tables: GroupTables, restore: RestoreObject): void {
  const number = reader.varint()
  const [space, name, descriptor] = [reader.text(), reader.text(), reader.text()]
  const isTaken = tables.objects.has(number) || tables.find(space, name) !== undefined
  if (isTaken || number >= tables.nextObject) reader.fail('number or name of an object')
  const changedAt = reader.varint()
  const flags = reader.byte()
  if (flags > (QUARANTINED | HAS_VECTOR)) reader.fail('flags of an object')
  const vector = (flags & HAS_VECTOR) === 0 ? undefined : VersionVector.decode(reader)
  const hosted = restore(descriptor, reader.bytes(), tables.environment)
  const entry = new HostedEntry({ number, space, name }, descriptor, hosted, changedAt)
  if (vector !== undefined) entry.join(vector)
  entry.isQuarantined = (flags & QUARANTINED) !== 0
  tables.add(entry)
  for (let left = reader.count(16); left > 0; left--) readParked(reader, tables, entry.live)
}

function readParked(reader: Reader, tables: GroupTables, live: ClassObject | undefined): void {
  if (live === undefined) return reader.fail('parked call of an object that parks none')
  const arrival = reader.varint()
  const session = decodeSession(reader)
  const sequence = reader.varint()
  const method = reader.text()
  const args = decodeValue(reader)
  const kept = decodeValue(reader)
  if (!Array.isArray(args) || !Array.isArray(kept)) return reader.fail('arguments of a call')
  if (arrival >= tables.nextArrival || live.modeOf([], method) !== 'command') {
    return reader.fail('parked call')
  }
  const call: ObjectCall = {
    arrival,
    session,
    sequence,
    method,
    args,
    kept: [...(kept as unknown[])],
  }
  live.restoreParked(call, readReads(reader))
}

function readSession(reader: Reader, tables: GroupTables): void {
  const session = new Session(decodeSession(reader), reader.varint())
  if (tables.sessions.has(session.id)) reader.fail('session named twice')
  tables.sessions.set(session.id, session)
  session.acknowledged = reader.varint()
  session.forgotten = SequenceSet.decode(reader)
  for (let left = reader.count(3); left > 0; left--) {
    const sequence = reader.varint()
    session.replies.set(sequence, readOutcome(reader))
  }
  for (let left = reader.count(); left > 0; left--) {
    const entry = tables.objects.get(reader.varint())
    if (entry === undefined) return reader.fail('object of a session')
    tables.meet(session, entry)
  }
}

/** Sessions know of their parked calls, too: in the order in which they came. */
function connectParked(reader: Reader, tables: GroupTables): void {
  const all = [...tables.objects.values()].flatMap(({ number, live }) =>
    [...(live?.parked.all() ?? [])].map((parked) => ({ object: number, parked })),
  )
  all.sort((a, b) => a.parked.call.arrival - b.parked.call.arrival)
  for (const at of all) {
    const { session, sequence } = at.parked.call
    const known = tables.sessions.get(session)
    if (known === undefined || known.parked.has(sequence)) return reader.fail('call of no session')
    known.parked.set(sequence, at)
  }
}

function readTimer(reader: Reader, tables: GroupTables): void {
  const [number, dueMs, object] = [reader.varint(), reader.varint(), reader.varint()]
  const method = reader.text()
  const args = decodeValue(reader)
  if (!Array.isArray(args) || number >= tables.nextTimer || !tables.objects.has(object)) {
    return reader.fail('timer')
  }
  tables.timers.add({ number, dueMs, object, method, args })
}
