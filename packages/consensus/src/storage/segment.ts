import { randomBytes } from 'node:crypto'
import { open, rename, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { storageCorrupt, storageFormatUnknown } from './errors.ts'
import { syncDirectory } from './directory.ts'

/** A page, so that records start on one. */
export const segmentHeaderBytes = 4096
export const segmentBytesMin = 2 * segmentHeaderBytes

const magic = Buffer.from('joinlog\n', 'latin1')
const version = 1
/** Magic, version, nonce, number, CRC of these. */
const usedHeaderBytes = 28
const chunkBytes = 1024 * 1024
const namePattern = /^segment-(\d{16})$/

/** One file of the log, of a size that never changes: a sync of it has no metadata to write. */
export interface Segment {
  /** Ascends from segment to segment, and is never used twice. */
  readonly number: number
  readonly path: string
  readonly bytesMax: number
  /** Random; what the checksums of its records start from. */
  readonly nonce: number
  /** Where the next record goes. */
  end: number
  /** The greatest index of an entry in it, 0 without one. */
  lastIndex: number
}

/** A segment that is written to. */
export interface OpenSegment extends Segment {
  readonly handle: FileHandle
}

export function segmentName(number: number): string {
  return `segment-${number.toString().padStart(16, '0')}`
}

/** The number in a segment's name; undefined for another file. */
export function segmentNumber(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * Makes a segment: filled with zeros, or with what `spare`, a file no longer needed, held. It is durable before it has
 * its name, so a segment's header is never half there.
 */
export async function createSegment(
  directory: string,
  number: number,
  bytesMax: number,
  spare?: string,
): Promise<OpenSegment> {
  const making = spare ?? join(directory, `${segmentName(number)}.making`)
  const nonce = randomBytes(4).readUInt32LE()
  const handle = await open(making, spare === undefined ? 'w+' : 'r+')
  try {
    const from = spare === undefined ? 0 : bytesMax
    // Blocks that were only reserved would cost a write of metadata when they are first used.
    for (let at = from; at < bytesMax; at += chunkBytes) {
      await handle.write(Buffer.alloc(Math.min(chunkBytes, bytesMax - at)), 0, undefined, at)
      // A little at a time: a sync of the segment in use waits for what the file system has to write then.
      await handle.datasync()
    }
    await handle.write(encodeHeader(number, nonce), 0, undefined, 0)
    await handle.sync()
    const path = join(directory, segmentName(number))
    await rename(making, path)
    await syncDirectory(directory)
    return { number, path, bytesMax, nonce, end: segmentHeaderBytes, lastIndex: 0, handle }
  } catch (error) {
    await handle.close()
    throw error
  }
}

function encodeHeader(number: number, nonce: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  magic.copy(header)
  header.writeUInt32LE(version, 8)
  header.writeUInt32LE(nonce, 12)
  header.writeBigUInt64LE(BigInt(number), 16)
  header.writeUInt32LE(crc32(header.subarray(0, usedHeaderBytes - 4)), usedHeaderBytes - 4)
  return header
}

/** The nonce of a segment that was read. @throws JoineryError STORAGE_CORRUPT, STORAGE_FORMAT_UNKNOWN */
export function readSegmentNonce(path: string, number: number, bytes: Buffer): number {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(magic)) {
    throw storageCorrupt(path, 0, 'it is no segment of a log')
  }
  const found = bytes.readUInt32LE(8)
  if (found > version) throw storageFormatUnknown(path, found)
  const checksum = crc32(bytes.subarray(0, usedHeaderBytes - 4))
  if (bytes.readUInt32LE(usedHeaderBytes - 4) !== checksum) {
    throw storageCorrupt(path, 0, "the header's checksum does not match")
  }
  if (bytes.readBigUInt64LE(16) !== BigInt(number)) {
    throw storageCorrupt(path, 16, 'the number in the header is not the one in the name')
  }
  return bytes.readUInt32LE(12)
}
