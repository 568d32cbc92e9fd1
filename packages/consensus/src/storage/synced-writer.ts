import { fdatasync, fdatasyncSync, write, writeSync } from 'node:fs'

/** Writes all bytes at a place of a file, and makes them durable; then, and never at once unless it says so, calls `done`. */
export type WriteSynced = (
  descriptor: number,
  bytes: Uint8Array,
  position: number,
  done: (error: Error | null) => void,
) => void

/**
 * Up to here bytes go to the system's cache at once: it takes microseconds, and one trip less through the thread pool,
 * which costs as much as half the sync. What is longer goes by the pool.
 */
const bytesAtOnceMax = 128 * 1024

/** The sync runs beside the event loop: about 100 microseconds on a fast disk, and nothing else waits for it. */
export const writeSyncedBeside: WriteSynced = (descriptor, bytes, position, done) => {
  if (bytes.length > bytesAtOnceMax) {
    writeBeside(descriptor, bytes, position, done)
    return
  }
  try {
    writeAtOnce(descriptor, bytes, position)
  } catch (error) {
    queueMicrotask(() => done(error as Error))
    return
  }
  fdatasync(descriptor, done)
}

/** Writes and syncs before it returns, and says so before it returns as well: only for whoever is ready for that. */
export const writeSyncedHere: WriteSynced = (descriptor, bytes, position, done) => {
  let failure: Error | null = null
  try {
    writeAtOnce(descriptor, bytes, position)
    fdatasyncSync(descriptor)
  } catch (error) {
    failure = error as Error
  }
  done(failure)
}

/** The event loop waits for the disk: a slow one stops all else that the process does. */
export const writeSyncedBlocking: WriteSynced = (descriptor, bytes, position, done) => {
  writeSyncedHere(descriptor, bytes, position, (error) => {
    // Not a microtask: a log that is always written to would let nothing else run.
    setImmediate(done, error)
  })
}

function writeAtOnce(descriptor: number, bytes: Uint8Array, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(descriptor, bytes, written, bytes.length - written, position + written)
  }
}

function writeBeside(
  descriptor: number,
  bytes: Uint8Array,
  position: number,
  done: (error: Error | null) => void,
): void {
  write(descriptor, bytes, 0, bytes.length, position, (error, written) => {
    if (error !== null) done(error)
    else if (written === bytes.length) fdatasync(descriptor, done)
    else writeBeside(descriptor, bytes.subarray(written), position + written, done)
  })
}
