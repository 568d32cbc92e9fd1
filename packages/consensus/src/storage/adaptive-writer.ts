import { writeSyncedBeside, writeSyncedHere, type WriteSynced } from './synced-writer.ts'

/** What an adaptive writer is made of; all of it can be virtual. */
export interface AdaptiveWriterParts {
  nowMs(): number
  readonly beside: WriteSynced
  readonly here: WriteSynced
}

/** More comes with many calls under way: then the event loop has other work while the disk does its own. */
const bytesHereMax = 4096
const quickMsMax = 1
/** So many in a row are to be quick before the event loop waits for one. */
const quickNeeded = 8
/** After a slow sync that the event loop waited for, none is waited for during so many times as long. */
const pauseFactor = 20

/**
 * Has the event loop wait for a sync where that is quicker than a trip through the thread pool and back: for small
 * writes, one at a time in the process, on a disk that has been quick. Commits with few calls under way take a tenth
 * less that way.
 *
 * Not even the system knows how long a sync will take. What bounds the harm of a wrong guess: the event loop never waits
 * on a disk that is always slow, and of the time, syncs that turn out slow take a twentieth at most. A single sync that
 * hangs stops heartbeats and all else in the process until it ends, and the next ones do not.
 *
 * One for a process: logs that share it share what it learns of the disk, and do not wait in a row for each other.
 */
export function createAdaptiveWriter(parts: Partial<AdaptiveWriterParts> = {}): WriteSynced {
  const { beside = writeSyncedBeside, here = writeSyncedHere } = parts
  const nowMs = parts.nowMs ?? (() => performance.now())
  let underWay = 0
  let quickInARow = 0
  let pausedUntilMs = -Infinity

  return (descriptor, bytes, position, done) => {
    const isAlone = underWay++ === 0
    const isHere =
      isAlone &&
      bytes.length <= bytesHereMax &&
      quickInARow >= quickNeeded &&
      nowMs() >= pausedUntilMs
    const sync = (): void => {
      const startMs = nowMs()
      const write = isHere ? here : beside
      write(descriptor, bytes, position, (error) => {
        const endMs = nowMs()
        const tookMs = endMs - startMs
        underWay--
        quickInARow = tookMs <= quickMsMax && error === null ? quickInARow + 1 : 0
        if (isHere && tookMs > quickMsMax) pausedUntilMs = endMs + pauseFactor * tookMs
        done(error)
      })
    }
    // What this turn sends is to leave first: others work on it while the event loop waits. And two writes are never in
    // one turn, so that a log that is always written to lets all else run.
    if (isHere) setImmediate(sync)
    else sync()
  }
}
