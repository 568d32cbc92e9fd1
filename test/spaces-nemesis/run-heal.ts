/*
 * What links do to local writes, and how soon all is seen by all once they are well again: each fault by itself, with a rest
 * before and after.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '#test/simulation/random.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { Evidence, type Tally } from './evidence.ts'
import { type LinkFault, linkFaults, type LinkFaultName, type Scene } from './link-faults.ts'
import type { Traffic } from './traffic.ts'
import type { Mark } from './writer.ts'

export interface HealOptions extends ClusterOptions {
  readonly seed: number
  readonly traffic: Traffic
  /** Each in its turn, so often. */
  readonly faults: readonly LinkFaultName[]
  readonly repeats: number
  /** How long a fault lasts, and how long it is calm before and after it. */
  readonly faultMs: number
  readonly calmMs: number
  readonly onProgress?: (done: number, what: string) => void
}

/** What all peers wrote in some time. */
export interface Rate {
  /** A second, by each peer. */
  readonly perPeer: readonly number[]
  /** By one that nothing strikes, at the same time. */
  readonly beside: number
  /** What a write took, on average. */
  readonly microseconds: number
}

/** One fault, and what was measured. */
export interface Healing {
  readonly name: LinkFaultName
  readonly struck: readonly number[]
  readonly before: Rate
  readonly during: Rate
  readonly after: Rate
  /** Until all saw what all had written, while links were bad; undefined in a partition. */
  readonly seenMs: number | undefined
  /** The same, once they were well again. */
  readonly healedMs: number
}

export interface HealReport {
  readonly healings: readonly Healing[]
  readonly tally: Tally
  readonly violations: readonly string[]
  readonly observations: number
}

/** All that was written when links were well again is seen by all within this. */
export const healedWithinMs = 5_000
/** Beyond it nobody waits any more. */
const convergeMs = 60_000

/** Strikes with one fault after the other, and checks what replicas show. */
export async function runHeal(options: HealOptions): Promise<HealReport> {
  const { seed, traffic, faults, repeats, onProgress } = options
  const cluster = await Cluster.start(options)
  try {
    const evidence = new Evidence()
    const scene: Scene = { cluster, traffic, random: new Random(seed) }
    const healings: Healing[] = []
    const beside = await cluster.bystand()
    await cluster.converge(convergeMs)
    for (let turn = 0; turn < repeats; turn++) {
      for (const name of faults) {
        onProgress?.(healings.length, name)
        const healing = await strike(scene, name, options, beside)
        healings.push(healing)
        if (healing.healedMs > convergeMs) await evidence.tellUnseen(cluster, name)
        await evidence.check(cluster)
      }
    }
    const tally = await evidence.end(cluster, convergeMs)
    const { violations, observations } = evidence
    return { healings, tally, violations, observations }
  } finally {
    await cluster.kill()
  }
}

/** Which part of what they wrote before all peers wrote together, compared to what one wrote that nothing struck. */
export function partOf(rate: Rate, before: Rate): number {
  return sum(rate.perPeer) / sum(before.perPeer) / (rate.beside / before.beside)
}

/** The same of the peer that was held up most: next to nothing, if a write waits for others. */
export function leastPartOf(rate: Rate, before: Rate): number {
  const least = Math.min(...rate.perPeer.map((each, peer) => each / before.perPeer[peer]!))
  return least / (rate.beside / before.beside)
}

async function strike(
  scene: Scene,
  name: LinkFaultName,
  { faultMs, calmMs }: HealOptions,
  beside: () => Promise<Mark>,
): Promise<Healing> {
  const { cluster } = scene
  const before = await rateOver(cluster, beside, calmMs)
  const fault: LinkFault = linkFaults[name]
  const going = await fault.strike(scene)
  const during = await rateOver(cluster, beside, faultMs)
  const seenMs = fault.isPartition ? undefined : await cluster.converge(convergeMs)
  await going.end()
  const healedMs = await cluster.converge(convergeMs)
  const after = await rateOver(cluster, beside, calmMs)
  await going.clear?.()
  return { name, struck: going.struck, before, during, after, seenMs, healedMs }
}

async function rateOver(
  cluster: Cluster,
  beside: () => Promise<Mark>,
  delayMs: number,
): Promise<Rate> {
  const marks = async (): Promise<readonly Mark[]> =>
    await Promise.all([beside(), cluster.marks()]).then(([one, all]) => [one, ...all])
  const from = await marks()
  await sleep(delayMs)
  const to = await marks()
  const since = (of: (mark: Mark) => number): number[] =>
    to.map((mark, i) => of(mark) - of(from[i]!))
  const seconds = since(({ at }) => at / 1_000_000)
  const writes = since(({ seq }) => seq)
  const busyMs = since(({ busyMs }) => busyMs)
  const [besideRate, ...perPeer] = writes.map((count, i) => count / seconds[i]!)
  const microseconds = (sum(busyMs.slice(1)) / sum(writes.slice(1))) * 1000
  return { perPeer, beside: besideRate!, microseconds }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0)
}
