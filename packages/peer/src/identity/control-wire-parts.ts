import { type Reader, type ReplicaId, type Writer } from '@joinery/crdt-objects/engine'
import { type ControlRefusal } from './core/control-contract.ts'

/** The first byte of every command, question and answer: peers of another version are told, and not misread. */
const VERSION = 1
/** Part of the protocol: words are only added, at the end. */
const refusals = [
  'unknown-space',
  'exists-otherwise',
  'too-many-spaces',
  'no-free-slot',
  'session-ended',
  'not-its-time',
  'not-a-member',
  'last-member',
  'change-under-way',
  'invalid',
] as const satisfies readonly ControlRefusal[]

const TEXT_LENGTH_MAX = 256
const ID_BYTES = 8

export function writeVersion(writer: Writer): void {
  writer.byte(VERSION)
}

/** @throws JoineryError ENCODING_INVALID */
export function readVersion(reader: Reader): void {
  const version = reader.byte()
  if (version !== VERSION) reader.fail(`version ${version} of the control group's messages`)
}

/** The name of a space, or a session: never empty, and short. */
export function readName(reader: Reader): string {
  const name = reader.text()
  if (name.length === 0 || name.length > TEXT_LENGTH_MAX) reader.fail('length of a name')
  return name
}

export function readText(reader: Reader): string {
  const text = reader.text()
  if (text.length > TEXT_LENGTH_MAX) reader.fail('length of a text')
  return text
}

export function writeBit(writer: Writer, bit: boolean): void {
  writer.byte(bit ? 1 : 0)
}

export function readBit(reader: Reader): boolean {
  const bit = reader.byte()
  if (bit > 1) reader.fail(`expected 0 or 1, got ${bit}`)
  return bit === 1
}

export function writeOptional<T>(
  writer: Writer,
  value: T | undefined,
  write: (value: T) => void,
): void {
  writeBit(writer, value !== undefined)
  if (value !== undefined) write(value)
}

export function readOptional<T>(reader: Reader, read: () => T): T | undefined {
  return readBit(reader) ? read() : undefined
}

export function writeIds(writer: Writer, ids: readonly ReplicaId[]): void {
  writer.varint(ids.length)
  for (const id of ids) writer.u64(id)
}

export function readIds(reader: Reader): ReplicaId[] {
  return readMany(reader, ID_BYTES, () => reader.u64())
}

/** A list whose items take `bytesEach` bytes at least: a count beyond what can follow is refused before anything is made. */
export function readMany<T>(reader: Reader, bytesEach: number, read: () => T): T[] {
  const items: T[] = []
  for (let left = reader.count(bytesEach); left > 0; left--) items.push(read())
  return items
}

/** One of a list of words, by its place. The lists are part of the protocol: words are only added, at their ends. */
export function readWord<Word extends string>(
  reader: Reader,
  words: readonly Word[],
  what: string,
): Word {
  return words[reader.byte()] ?? reader.fail(what)
}

export function writeRefusal(writer: Writer, reason: ControlRefusal): void {
  writer.byte(refusals.indexOf(reason))
}

export function readRefusal(reader: Reader): ControlRefusal {
  return readWord(reader, refusals, 'reason of a refusal')
}
