import { invalidValue } from '@joinery/crdt-objects'
import { Reader, Slab, Writer, decodeValue, encodeValue } from '@joinery/crdt-objects/engine'
import type { CallCommand, Command, CommandBatch, Query } from './command.ts'
import { decodeSession, encodeSession, isSessionId } from './session-bytes.ts'

/*
 * Commands as bytes: in the log, between peers, and between a client and its gateway. A batch is its commands one behind
 * the other, each behind its length: a leader puts together what it got, and encodes nothing anew.
 */

/** The longest a command may be, encoded. */
export const COMMAND_BYTES_MAX = 1024 * 1024
/** The longest batch. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024

const VERSION = 1
const TEXT_BYTES_MAX = 64 * 1024
const PATH_LENGTH_MAX = 64
const ARGS_MAX = 65_536

const OPEN_SESSION = 1
const END_SESSIONS = 2
const OPEN_OBJECT = 3
const DELETE_OBJECT = 4
const END_SPACE = 5
const CALL = 6
const WITHDRAW = 7
const QUARANTINE = 8

/**
 * The bytes of one command.
 *
 * @throws JoineryError OBJECT_TOO_LARGE beyond {@link COMMAND_BYTES_MAX}, VALUE_INVALID for what has no encoding
 */
export function encodeCommand(command: Command): Uint8Array {
  shared.reset()
  writeCommand(shared, command)
  return shared.finishShort()
}

/**
 * Adds a command to the body of a batch; what it throws, as {@link encodeCommand} does, has added nothing.
 */
export function appendCommand(body: Writer, command: Command): void {
  shared.reset()
  writeCommand(shared, command)
  body.bytesOf(shared)
}

/** A buffer for each command would cost a leader more than all else that it does for it. */
const shared = new Writer(1024, COMMAND_BYTES_MAX)
const sharedBatch = new Writer(4096)

function writeCommand(writer: Writer, command: Command): void {
  switch (command.kind) {
    case 'open-session':
      writer.byte(OPEN_SESSION)
      writeSession(writer, command.session)
      writeCount(writer, command.leaseMs, 'a lease')
      return
    case 'end-sessions':
      writer.byte(END_SESSIONS)
      writer.byte(command.reason === 'closed' ? 0 : 1)
      writer.varint(command.sessions.length)
      for (const session of command.sessions) writeSession(writer, session)
      return
    case 'open-object':
      writer.byte(OPEN_OBJECT)
      writeText(writer, command.space)
      writeText(writer, command.name)
      writeText(writer, command.descriptor)
      return
    case 'delete-object':
      writer.byte(DELETE_OBJECT)
      writeText(writer, command.space)
      writeText(writer, command.name)
      return
    case 'end-space':
      writer.byte(END_SPACE)
      writeText(writer, command.space)
      return
    case 'call':
      writer.byte(CALL)
      writeCall(writer, command)
      return
    case 'withdraw':
      writer.byte(WITHDRAW)
      writeSession(writer, command.session)
      writeCount(writer, command.sequence, 'a sequence')
      return
    case 'quarantine':
      writer.byte(QUARANTINE)
      writeCount(writer, command.object, 'an object')
  }
}

function writeCall(writer: Writer, call: CallCommand): void {
  const { answered = [], vector } = call
  writeSession(writer, call.session)
  writeCount(writer, call.sequence, 'a sequence')
  writeCount(writer, call.acknowledged, 'a sequence')
  writer.byte((answered.length > 0 ? 1 : 0) | (vector === undefined ? 0 : 2))
  if (answered.length > 0) {
    writer.varint(answered.length)
    for (const sequence of answered) writeCount(writer, sequence, 'a sequence')
  }
  if (vector !== undefined) writer.bytes(vector)
  writeInvocation(writer, call)
}

function writeInvocation(writer: Writer, { object, path, method, args }: Query): void {
  writeCount(writer, object, 'an object')
  writer.varint(path.length)
  for (const key of path) writeText(writer, key)
  writeText(writer, method)
  writer.varint(args.length)
  for (const arg of args) encodeValue(writer, arg)
}

function writeSession(writer: Writer, session: string): void {
  if (!isSessionId(session)) throw invalidValue('a session is 32 lower-case hex digits', session)
  encodeSession(writer, session)
}

function writeCount(writer: Writer, count: number, what: string): void {
  if (!Number.isSafeInteger(count) || count < 0) throw invalidValue(`${what} is a number`, count)
  writer.varint(count)
}

/** Text that may hold lone surrogates is refused where values are: it has no UTF-8. */
function writeText(writer: Writer, text: string): void {
  if (!text.isWellFormed()) throw invalidValue('text must be well-formed Unicode', text)
  writer.text(text)
}

/**
 * Reads what {@link encodeCommand} wrote; the bytes are not trusted.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeCommand(bytes: Uint8Array): Command {
  const reader = new Reader(bytes)
  if (bytes.length > COMMAND_BYTES_MAX) reader.fail('command too long')
  const command = readCommand(reader)
  reader.end()
  return command
}

function readCommand(reader: Reader): Command {
  const tag = reader.byte()
  switch (tag) {
    case OPEN_SESSION:
      return {
        kind: 'open-session',
        session: decodeSession(reader),
        leaseMs: reader.varint(),
      }
    case END_SESSIONS: {
      const reason = reader.byte()
      if (reason > 1) reader.fail('reason of a session’s end')
      const sessions: string[] = []
      for (let left = reader.count(16); left > 0; left--) sessions.push(decodeSession(reader))
      return { kind: 'end-sessions', sessions, reason: reason === 0 ? 'closed' : 'expired' }
    }
    case OPEN_OBJECT: {
      const [space, name, descriptor] = [readText(reader), readText(reader), readText(reader)]
      return { kind: 'open-object', space, name, descriptor }
    }
    case DELETE_OBJECT: {
      const [space, name] = [readText(reader), readText(reader)]
      return { kind: 'delete-object', space, name }
    }
    case END_SPACE:
      return { kind: 'end-space', space: readText(reader) }
    case CALL:
      return readCall(reader)
    case WITHDRAW:
      return { kind: 'withdraw', session: decodeSession(reader), sequence: readSequence(reader) }
    case QUARANTINE:
      return { kind: 'quarantine', object: reader.varint() }
    default:
      return reader.fail(`unknown command ${tag}: is a newer version at work?`)
  }
}

function readCall(reader: Reader): CallCommand {
  const session = decodeSession(reader)
  const sequence = readSequence(reader)
  const acknowledged = reader.varint()
  const flags = reader.byte()
  if (flags > 3) reader.fail('flags of a call')
  const answered = (flags & 1) === 0 ? undefined : readSequences(reader)
  const vector = (flags & 2) === 0 ? undefined : reader.bytes().slice()
  const { object, path, method, args } = readInvocation(reader)
  // Written out: spread from parts it would cost more than all else here.
  return {
    kind: 'call',
    session,
    sequence,
    acknowledged,
    answered,
    object,
    path,
    method,
    args,
    vector,
  }
}

function readSequences(reader: Reader): readonly number[] {
  const sequences: number[] = []
  for (let left = reader.count(); left > 0; left--) sequences.push(readSequence(reader))
  if (sequences.length === 0) reader.fail('no sequences')
  return sequences
}

function readSequence(reader: Reader): number {
  const sequence = reader.varint()
  return sequence === 0 ? reader.fail('sequences begin at 1') : sequence
}

const NO_PATH: readonly string[] = Object.freeze([])

function readInvocation(reader: Reader): Query {
  const object = reader.varint()
  const length = reader.count()
  if (length > PATH_LENGTH_MAX) reader.fail('path too long')
  let path = NO_PATH
  if (length > 0) path = Array.from({ length }, () => readText(reader))
  const method = readText(reader)
  const count = reader.count()
  if (count > ARGS_MAX) reader.fail('too many arguments')
  const args: unknown[] = []
  for (let left = count; left > 0; left--) args.push(decodeValue(reader))
  return { object, path, method, args }
}

function readText(reader: Reader): string {
  const text = reader.text()
  return text.length > TEXT_BYTES_MAX ? reader.fail('text too long') : text
}

/** The bytes of a query. Throws as {@link encodeCommand} does. */
export function encodeQuery(query: Query): Uint8Array {
  const writer = new Writer(64, COMMAND_BYTES_MAX)
  writeInvocation(writer, query)
  return writer.finish()
}

/** @throws JoineryError ENCODING_INVALID */
export function decodeQuery(bytes: Uint8Array): Query {
  const reader = new Reader(bytes)
  const query = readInvocation(reader)
  reader.end()
  return query
}

/** A batch of commands that are encoded already. What it takes besides them is at most 32 bytes, and 4 for each. */
export function assembleBatch(
  timeMs: number,
  seed: number,
  commands: readonly Uint8Array[],
): Uint8Array {
  const body = new Writer(4096)
  for (const command of commands) body.bytes(command)
  return finishBatch({ timeMs, seed, count: commands.length, body, slab: new Slab() })
}

/**
 * A batch of `count` commands that {@link appendCommand} has put into `body`. It is put into `slab`, which is to be of one
 * log alone: a log drops batches in their order, and two logs do not.
 */
export function finishBatch({
  timeMs,
  seed,
  count,
  body,
  slab,
}: {
  readonly timeMs: number
  readonly seed: number
  readonly count: number
  readonly body: Writer
  readonly slab: Slab
}): Uint8Array {
  const writer = sharedBatch
  writer.reset()
  writer.byte(VERSION)
  writer.varint(Math.max(0, Math.floor(timeMs)))
  writer.varint(seed >>> 0)
  writer.varint(count)
  writer.rawOf(body)
  return writer.finishShort(slab)
}

/** Throws as {@link encodeCommand} does. */
export function encodeBatch({ timeMs, seed, commands }: CommandBatch): Uint8Array {
  return assembleBatch(timeMs, seed, commands.map(encodeCommand))
}

/**
 * Reads a batch; the bytes are not trusted.
 *
 * @throws JoineryError ENCODING_INVALID
 */
export function decodeBatch(bytes: Uint8Array): CommandBatch {
  const reader = new Reader(bytes)
  if (reader.byte() !== VERSION) reader.fail('another version of batches')
  const timeMs = reader.varint()
  if (timeMs > TIME_MS_MAX) reader.fail('time out of range')
  const seed = reader.varint()
  if (seed > 0xffffffff) reader.fail('seed of more than 32 bits')
  const commands: Command[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const end = reader.varint()
    if (end > COMMAND_BYTES_MAX) reader.fail('command too long')
    const rest = reader.remaining - end
    if (rest < 0) reader.fail('cut short')
    commands.push(readCommand(reader))
    if (reader.remaining !== rest) reader.fail('length of a command')
  }
  reader.end()
  return { timeMs, seed, commands }
}

/** The last day that a `Date` has. */
const TIME_MS_MAX = 8.64e15
