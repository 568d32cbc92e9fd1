import { open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { syncDirectory } from './directory.ts'
import { storageCorrupt } from './errors.ts'
import { decodeLogRecord, type LogRecord } from './log-record.ts'
import { LogTail } from './log-tail.ts'
import { findRecord, readRecord } from './record.ts'
import {
  readSegmentNonce,
  segmentHeaderBytes,
  segmentNumber,
  type OpenSegment,
  type Segment,
} from './segment.ts'
import { readSnapshotFile, snapshotSequence, type SnapshotContents } from './snapshot-file.ts'

/*
 * The state of a log is its newest snapshot, and the records of the segments from the one that this snapshot names.
 * What is found is made durable before anything is promised of it: after a crash of the process alone, the files show
 * what was written and not synced yet.
 *
 * The end of the log is the last good record. Nothing acknowledged can come after it if it is the last that was begun:
 * its write was torn, and it is dropped. A good record behind a bad one was begun when the bad one was durable: then the
 * file was damaged since, and what it lacks was promised to others. Of the very last record a flipped bit cannot be told
 * from a torn write; only when a snapshot reaches further than the log is its loss seen.
 */

export interface Recovered {
  readonly tail: LogTail
  /** Full ones, oldest first. */
  readonly sealed: readonly Segment[]
  /** The one that was written last, with room behind its end. */
  readonly active: OpenSegment | undefined
  /** No segment has had this number. */
  readonly nextSegment: number
  /** The file of the snapshot, if there is one. */
  readonly snapshotPath: string | undefined
  readonly nextSnapshot: number
}

interface ReadSegment {
  readonly segment: Segment
  readonly records: readonly LogRecord[]
}

/** @throws JoineryError STORAGE_CORRUPT, STORAGE_FORMAT_UNKNOWN */
export async function recover(directory: string): Promise<Recovered> {
  const names = await readdir(directory)
  const sequences = numbersOf(names, snapshotSequence)
  const snapshots = sequences.map(({ name }) => join(directory, name))
  const snapshotPath = snapshots.at(-1)
  const contents = snapshotPath === undefined ? undefined : await readSnapshotFile(snapshotPath)
  const numbers = numbersOf(names, segmentNumber)
  const used: ReadSegment[] = []
  const unused: string[] = []
  for (const { name, number } of numbers) {
    const path = join(directory, name)
    if (number < (contents?.segmentFrom ?? 0)) {
      unused.push(path)
      continue
    }
    const read = await readSegment(path, number)
    checkLink(read, used.at(-1)?.segment, contents)
    // Made ahead and never written to. The next one of the chain would name it if anything had been in it.
    if (read.records.length === 0) unused.push(path)
    else used.push(read)
  }
  const tail = replay(contents, used)
  const segments = used.map(({ segment }) => segment)
  const last = segments.pop()
  const active = last === undefined ? undefined : await reopen(last)
  await syncDirectory(directory)
  // Only now is anything thrown away.
  const rubbish = names.filter((name) => /^spare-|\.making$/.test(name))
  const dropped = rubbish.map((name) => join(directory, name))
  for (const path of [...dropped, ...unused, ...snapshots.slice(0, -1)]) {
    await rm(path, { force: true })
  }
  return {
    ...{ tail, sealed: segments, active, snapshotPath },
    nextSegment: Math.max(numbers.at(-1)?.number ?? 0, (contents?.segmentFrom ?? 1) - 1) + 1,
    nextSnapshot: (sequences.at(-1)?.number ?? 0) + 1,
  }
}

function numbersOf(
  names: readonly string[],
  numberOf: (name: string) => number | undefined,
): { readonly name: string; readonly number: number }[] {
  return names
    .flatMap((name) => {
      const number = numberOf(name)
      return number === undefined ? [] : [{ name, number }]
    })
    .sort((a, b) => a.number - b.number)
}

async function readSegment(path: string, number: number): Promise<ReadSegment> {
  const bytes = await readFile(path)
  const nonce = readSegmentNonce(path, number, bytes)
  const records: LogRecord[] = []
  let end = segmentHeaderBytes
  let lastIndex = 0
  for (;;) {
    const found = readRecord(bytes, end, nonce)
    if (found === undefined) break
    // A copy, or a few entries would keep the whole file in memory.
    const record = decodeLogRecord(found.kind, Buffer.from(found.payload))
    if (record === undefined) throw storageCorrupt(path, end, 'a record of no known kind')
    records.push(record)
    lastIndex = Math.max(lastIndex, record.entries.at(-1)?.index ?? 0)
    end = found.end
  }
  const next = findRecord(bytes, end + 1, nonce)
  if (next !== undefined) {
    throw storageCorrupt(path, end, `a bad record is followed by a good one at ${next}`)
  }
  const segment = { number, path, bytesMax: bytes.length, nonce, end, lastIndex }
  return { segment, records }
}

/** Invariant: every segment but the first names the one before it, and where this one ended. */
function checkLink(
  { segment, records }: ReadSegment,
  before: Segment | undefined,
  contents: SnapshotContents | undefined,
): void {
  const link = records[0]?.link
  for (const [place, record] of records.entries()) {
    if ((record.link !== undefined) !== (place === 0)) {
      throw storageCorrupt(segment.path, segmentHeaderBytes, 'records stand in the wrong order')
    }
  }
  if (link === undefined) return
  if (before === undefined) {
    if (contents !== undefined || link.segment === 0) return
    throw storageCorrupt(segment.path, segmentHeaderBytes, 'what stood before it is gone')
  }
  if (link.segment !== before.number || link.end !== before.end) {
    throw storageCorrupt(before.path, before.end, 'a bad record is followed by a good segment')
  }
}

function replay(contents: SnapshotContents | undefined, segments: readonly ReadSegment[]): LogTail {
  const tail = new LogTail()
  if (contents !== undefined) {
    tail.write({ hardState: contents.hardState, entries: [], mustSync: false })
    tail.reset(contents.snapshot)
    tail.restart(contents.boundary)
  }
  for (const { segment, records } of segments) {
    for (const { hardState, entries } of records) {
      if ((entries[0]?.index ?? 0) > tail.lastIndex() + 1) {
        throw storageCorrupt(segment.path, segmentHeaderBytes, 'entries before it are gone')
      }
      tail.append(entries)
      tail.write({ hardState, entries: [], mustSync: false })
    }
  }
  const { index } = tail.snapshot()
  const last = segments.at(-1)?.segment
  if (tail.lastIndex() < index) {
    // A snapshot is kept only once the entries up to it are durable.
    throw storageCorrupt(last?.path ?? 'the log', last?.end ?? 0, `it ends before entry ${index}`)
  }
  // A leader may commit an entry before its own disk has it, and the index of it is no promise.
  const { term, vote, commit } = tail.hardState
  const known = Math.min(Math.max(commit, index), tail.lastIndex())
  tail.write({ hardState: { term, vote, commit: known }, entries: [], mustSync: false })
  return tail
}

/** Opens the last segment for writing, with all that was read of it durable. */
async function reopen(segment: Segment): Promise<OpenSegment> {
  const handle: FileHandle = await open(segment.path, 'r+')
  await handle.sync()
  const { size } = await stat(segment.path)
  return { ...segment, bytesMax: size, handle }
}
