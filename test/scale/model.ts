/*
 * What a size takes that is too large to be simulated, on paper, from constants measured at smaller ones. A peer that
 * writes at random, r times a second, with windows of w seconds, makes a batch every max(w, t) seconds, where t, the time
 * until its next write, is exponential: every w + e^(-rw) / r seconds on average. A batch names a part of the other
 * writers, which does not depend on how many there are, and takes bytes and time in proportion.
 */
import { windowMsFor } from '#peer/replication/seal-schedule.ts'
import { fitLine, type Point } from './fit.ts'
import { type ScaleFigures } from './run-scale.ts'

/** Of one peer in one second, sent and received together. */
export interface Modelled {
  readonly bytes: number
  readonly messages: number
  readonly cpuUs: number
}

/** `measured` are figures of one adapter, in the order of their sizes, two at least. */
export function modelAt(measured: readonly ScaleFigures[], peers: number): Modelled {
  const largest = measured.at(-1)!
  const batches = peers * batchesPerSecond(largest.operationsPerSecond / peers, peers)
  const names = (largest.dependencies / (largest.peers - 1)) * (peers - 1)
  const ofNames = (y: (one: ScaleFigures) => number): number => {
    const { base, slope } = fitLine(measured.map((one): Point => [one.dependencies, y(one)]))
    return base + slope * names
  }
  const received = batches * (1 - 1 / peers)
  // What one batch costs whoever gets it, extra copies, headers and anti-entropy included.
  return {
    bytes: 2 * received * ofNames((one) => one.bytesReceived / receivedBatches(one)),
    messages: 2 * received * (largest.messagesReceived / receivedBatches(largest)),
    cpuUs: received * ofNames((one) => one.cpuUs / receivedBatches(one)),
  }
}

function receivedBatches({ batches, peers }: ScaleFigures): number {
  return batches * (1 - 1 / peers)
}

/** Of one peer that writes so many times a second. */
function batchesPerSecond(writesPerSecond: number, writers: number): number {
  const windowSeconds = windowMsFor(writers) / 1000
  return 1 / (windowSeconds + Math.exp(-writesPerSecond * windowSeconds) / writesPerSecond)
}
