/*
 * What a size takes that is too large to be simulated, on paper, from constants measured at the largest that was. A peer
 * that writes at random, r times a second, with windows of w seconds, makes a batch every max(w, t) seconds, where t, the
 * time until its next write, is exponential: every w + e^(-rw) / r seconds on average. Every peer takes in each batch, which
 * names a few of those it comes after, however many write: what one batch costs does not depend on how many there are.
 */
import { windowMsFor } from '#peer/replication/seal-schedule.ts'
import { type ScaleFigures } from './run-scale.ts'

/** Of one peer in one second, sent and received together. */
export interface Modelled {
  readonly bytes: number
  readonly messages: number
  readonly cpuUs: number
}

export function modelAt(measured: ScaleFigures, peers: number): Modelled {
  const batches = peers * batchesPerSecond(measured.operationsPerSecond / peers, peers)
  // What one batch costs whoever gets it, extra copies, headers and anti-entropy included.
  const part = (batches * (1 - 1 / peers)) / (measured.batches * (1 - 1 / measured.peers))
  return {
    bytes: 2 * part * measured.bytesReceived,
    messages: 2 * part * measured.messagesReceived,
    cpuUs: part * measured.cpuUs,
  }
}

/** Of one peer that writes so many times a second. */
function batchesPerSecond(writesPerSecond: number, writers: number): number {
  const windowSeconds = windowMsFor(writers) / 1000
  return 1 / (windowSeconds + Math.exp(-writesPerSecond * windowSeconds) / writesPerSecond)
}
