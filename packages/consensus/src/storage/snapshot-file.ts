import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { Reader, Writer } from '@joinery/crdt-objects/engine'
import type { ConfState, HardState, Snapshot } from '../raft/types.ts'
import { syncDirectory } from './directory.ts'
import { storageCorrupt, storageFormatUnknown } from './errors.ts'
import type { LogBoundary } from './log-tail.ts'

/**
 * What a snapshot file holds: everything that is needed beside the segments from `segmentFrom` on. So the moment it gets
 * its name is the moment at which it holds, whatever became of the rest.
 */
export interface SnapshotContents {
  readonly snapshot: Snapshot
  readonly hardState: HardState
  /** Entries after it are in the segments. */
  readonly boundary: LogBoundary
  /** Segments before it are void. */
  readonly segmentFrom: number
}

const magic = Buffer.from('joinsnap', 'latin1')
const version = 1
/** Magic, version, bytes of the head, bytes of the data, CRC of head and data, CRC of these. */
const headerBytes = 36
const chunkBytes = 1024 * 1024
const namePattern = /^snapshot-(\d{16})$/

export function snapshotName(sequence: number): string {
  return `snapshot-${sequence.toString().padStart(16, '0')}`
}

/** The number in a snapshot's name; undefined for another file. */
export function snapshotSequence(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Writes a snapshot under a name of its own, and returns its path once it is durable. */
export async function writeSnapshotFile(
  directory: string,
  sequence: number,
  contents: SnapshotContents,
): Promise<string> {
  const path = join(directory, snapshotName(sequence))
  const making = `${path}.making`
  const { data } = contents.snapshot
  const head = encodeHead(contents)
  const handle = await open(making, 'w')
  try {
    await handle.write(head, 0, head.length, headerBytes)
    let checksum = crc32(head)
    // In pieces, so that the event loop does not wait for the checksum of a large one.
    for (let at = 0; at < data.length; at += chunkBytes) {
      const chunk = data.subarray(at, at + chunkBytes)
      checksum = crc32(chunk, checksum)
      await handle.write(chunk, 0, chunk.length, headerBytes + head.length + at)
    }
    const header = encodeHeader(head.length, data.length, checksum)
    await handle.write(header, 0, header.length, 0)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(making, path)
  await syncDirectory(directory)
  return path
}

/** @throws JoineryError STORAGE_CORRUPT, STORAGE_FORMAT_UNKNOWN */
export async function readSnapshotFile(path: string): Promise<SnapshotContents> {
  const bytes = await readFile(path)
  if (bytes.length < headerBytes || !bytes.subarray(0, 8).equals(magic)) {
    throw storageCorrupt(path, 0, 'it is no snapshot')
  }
  const found = bytes.readUInt32LE(8)
  if (found > version) throw storageFormatUnknown(path, found)
  if (bytes.readUInt32LE(headerBytes - 4) !== crc32(bytes.subarray(0, headerBytes - 4))) {
    throw storageCorrupt(path, 0, "the header's checksum does not match")
  }
  const dataStart = headerBytes + bytes.readUInt32LE(12)
  if (bytes.length !== dataStart + Number(bytes.readBigUInt64LE(16))) {
    throw storageCorrupt(path, bytes.length, 'it is not as long as it was')
  }
  if (bytes.readUInt32LE(24) !== crc32(bytes.subarray(headerBytes))) {
    throw storageCorrupt(path, headerBytes, 'the checksum does not match')
  }
  return decodeHead(bytes.subarray(headerBytes, dataStart), bytes.subarray(dataStart))
}

function encodeHeader(headLength: number, dataLength: number, checksum: number): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeUInt32LE(version, 8)
  header.writeUInt32LE(headLength, 12)
  header.writeBigUInt64LE(BigInt(dataLength), 16)
  header.writeUInt32LE(checksum, 24)
  header.writeUInt32LE(crc32(header.subarray(0, headerBytes - 4)), headerBytes - 4)
  return header
}

function encodeHead({ snapshot, hardState, boundary, segmentFrom }: SnapshotContents): Uint8Array {
  const writer = new Writer()
  for (const value of [
    ...[segmentFrom, boundary.index, boundary.term],
    ...[hardState.term, hardState.vote, hardState.commit],
    ...[snapshot.index, snapshot.term, snapshot.confState.autoLeave ? 1 : 0],
  ]) {
    writer.varint(value)
  }
  const { voters, votersOutgoing, learners, learnersNext } = snapshot.confState
  for (const ids of [voters, votersOutgoing, learners, learnersNext]) {
    writer.varint(ids.length)
    for (const id of ids) writer.varint(id)
  }
  return writer.finish()
}

function decodeHead(head: Uint8Array, data: Uint8Array): SnapshotContents {
  const reader = new Reader(head)
  const next = (): number => reader.varint()
  const ids = (): number[] => Array.from({ length: next() }, next)
  const segmentFrom = next()
  const boundary: LogBoundary = { index: next(), term: next() }
  const hardState: HardState = { term: next(), vote: next(), commit: next() }
  const [index, term, autoLeave] = [next(), next(), next() === 1]
  const confState: ConfState = {
    ...{ voters: ids(), votersOutgoing: ids() },
    ...{ learners: ids(), learnersNext: ids(), autoLeave },
  }
  return { snapshot: { index, term, confState, data }, hardState, boundary, segmentFrom }
}
