import type { Entry, EntryType, HardState } from '../raft/types.ts'

/** Where the segment before this one ended; segment 0 is none. */
export interface SegmentLink {
  readonly segment: number
  readonly end: number
}

/** What a record of the log says. Every one carries the hard state, so that older segments need not be kept for it. */
export interface LogRecord {
  /** In the first record of a segment. */
  readonly link?: SegmentLink | undefined
  readonly hardState: HardState
  readonly entries: readonly Entry[]
}

/** Kinds of records: the first of a segment says which one it follows. */
const continues = 1
const begins = 2

const entryTypes: readonly EntryType[] = ['normal', 'config', 'config-v2']
const integerBytes = 8
const fixedBytes = 4 * integerBytes + 4
const linkBytes = 2 * integerBytes
const entryBytesMin = 1 + 4 + integerBytes

/** What the payload takes without entries. */
export function emptyPayloadBytes(hasLink: boolean): number {
  return fixedBytes + (hasLink ? linkBytes : 0)
}

/** What one entry adds to a payload. */
export function entryPayloadBytes(entry: Entry): number {
  return entryBytesMin + entry.data.length
}

export function kindOfRecord(record: LogRecord): number {
  return record.link === undefined ? continues : begins
}

/** Writes the payload at `start`; there must be room. Gives its bytes. */
export function encodeLogRecord(record: LogRecord, bytes: Buffer, start: number): number {
  const { link, hardState, entries } = record
  let at = start
  if (link !== undefined) {
    at = writeInteger(bytes, link.segment, at)
    at = writeInteger(bytes, link.end, at)
  }
  at = writeInteger(bytes, hardState.term, at)
  at = writeInteger(bytes, hardState.vote, at)
  at = writeInteger(bytes, hardState.commit, at)
  at = writeInteger(bytes, entries[0]?.index ?? 0, at)
  at = bytes.writeUInt32LE(entries.length, at)
  for (const { type, term, data } of entries) {
    bytes[at] = entryTypes.indexOf(type)
    at = writeInteger(bytes, term, at + 1)
    at = bytes.writeUInt32LE(data.length, at)
    bytes.set(data, at)
    at += data.length
  }
  return at - start
}

/** Reads what {@link encodeLogRecord} wrote; entries share the payload's memory. Undefined: it is none. */
export function decodeLogRecord(kind: number, payload: Buffer): LogRecord | undefined {
  if (kind !== continues && kind !== begins) return undefined
  const hasLink = kind === begins
  if (payload.length < emptyPayloadBytes(hasLink)) return undefined
  const link = hasLink
    ? { segment: readInteger(payload, 0), end: readInteger(payload, integerBytes) }
    : undefined
  let at = hasLink ? linkBytes : 0
  const term = readInteger(payload, at)
  const vote = readInteger(payload, at + integerBytes)
  const commit = readInteger(payload, at + 2 * integerBytes)
  const first = readInteger(payload, at + 3 * integerBytes)
  const count = payload.readUInt32LE(at + 4 * integerBytes)
  at += fixedBytes
  const entries: Entry[] = []
  for (let n = 0; n < count; n++) {
    const start = at + entryBytesMin
    if (start > payload.length) return undefined
    const type = entryTypes[payload[at]!]
    const end = start + payload.readUInt32LE(at + 1 + integerBytes)
    if (type === undefined || end > payload.length) return undefined
    const data = payload.subarray(start, end)
    entries.push({ type, term: readInteger(payload, at + 1), index: first + n, data })
    at = end
  }
  return { link, hardState: { term, vote, commit }, entries }
}

function writeInteger(bytes: Buffer, value: number, at: number): number {
  bytes.writeUInt32LE(value % 2 ** 32, at)
  return bytes.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}

function readInteger(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) * 2 ** 32
}
