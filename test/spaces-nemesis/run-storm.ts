/*
 * A nemesis: in each round some faults overlap, and one process at most is killed; then all is mended, and all that was
 * acknowledged has to be everywhere. More kills in one round could take both peers that hold a write: that much is not promised.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '#test/simulation/random.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { Evidence, type Tally } from './evidence.ts'
import { type Scene } from './link-faults.ts'
import {
  killingFaults,
  type Severity,
  type StormFaultName,
  stormFaults,
  type Toll,
} from './storm-faults.ts'
import type { Traffic } from './traffic.ts'

export interface StormOptions extends ClusterOptions {
  readonly seed: number
  readonly traffic: Traffic
  readonly severity: Severity
  readonly seconds: number
  /** After a round in which one was killed, nobody is for so long: what it was needed for is to be another's by then. */
  readonly repairMs: number
  /** Each of these rounds once, however long that takes; then rounds as they are drawn, until the time is over. */
  readonly planned: readonly (readonly StormFaultName[])[]
  /** What is drawn from. */
  readonly faults: readonly StormFaultName[]
  readonly onProgress?: (seconds: number, what: string) => void
}

/** Faults that overlapped. */
export interface Round {
  readonly faults: readonly StormFaultName[]
  readonly lastedMs: number
  /** From when all was mended until all saw what all had written by then; `Infinity` if that took too long. */
  readonly healedMs: number
  /** Until writes of all were acknowledged again; `Infinity` if that took too long. */
  readonly acknowledgedMs: number
}

export interface StormReport {
  readonly rounds: readonly Round[]
  readonly toll: Toll
  readonly tally: Tally
  readonly violations: readonly string[]
  readonly observations: number
}

const atOnceMax = 3
const startWithinMs = 2_000
const calmMs = 1_000
const convergeMs = 60_000

/** Runs a cluster under a nemesis, and checks what replicas show after each round. */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const cluster = await Cluster.start(options)
  try {
    return await new Storm(options, cluster).run()
  } finally {
    for (const { process } of cluster.slots) if (process?.isFrozen === true) process.thaw()
    await cluster.kill()
  }
}

class Storm {
  readonly #options: StormOptions
  readonly #scene: Scene
  readonly #evidence = new Evidence()
  readonly #rounds: Round[] = []
  readonly #toll: Toll = { killed: 0, frozen: 0, visitors: 0, visitorsKilled: 0, late: 0 }
  readonly #startMs = performance.now()
  #killedMs = -Infinity

  constructor(options: StormOptions, cluster: Cluster) {
    this.#options = options
    const random = new Random(options.seed)
    this.#scene = { cluster, traffic: options.traffic, random }
  }

  async run(): Promise<StormReport> {
    const { cluster } = this.#scene
    const { seconds, planned } = this.#options
    const left = [...planned]
    await cluster.converge(convergeMs)
    while (this.#seconds() < seconds || left.length > 0) {
      await this.#round(left.shift() ?? this.#draw())
      await sleep(calmMs)
    }
    this.#progress('the end')
    const tally = await this.#evidence.end(cluster, convergeMs)
    const { violations, observations } = this.#evidence
    return { rounds: this.#rounds, toll: this.#toll, tally, violations, observations }
  }

  #draw(): StormFaultName[] {
    const { random } = this.#scene
    const isRepaired = performance.now() - this.#killedMs >= this.#options.repairMs
    const pool = this.#options.faults.filter((name) => isRepaired || !killingFaults.has(name))
    const chosen = new Set<StormFaultName>()
    for (let count = random.integer(1, atOnceMax); count > 0; count--) {
      const name = random.pick(pool)
      const hasKill = [...chosen].some((each) => killingFaults.has(each))
      if (!hasKill || !killingFaults.has(name)) chosen.add(name)
    }
    return [...chosen]
  }

  async #round(faults: readonly StormFaultName[]): Promise<void> {
    const { cluster, random } = this.#scene
    const { severity } = this.#options
    this.#progress(faults.join(', '))
    const startMs = performance.now()
    const free = new Set(cluster.slots)
    const delays = faults.map((_, i) => (i === 0 ? 0 : random.integer(0, startWithinMs)))
    await Promise.all(
      faults.map(async (name, i) => {
        await sleep(delays[i])
        await stormFaults[name]({ ...this.#scene, severity, free, toll: this.#toll })
      }),
    )
    const lastedMs = performance.now() - startMs
    const healedMs = await cluster.converge(convergeMs)
    const acknowledgedMs = await cluster.acknowledged(convergeMs)
    this.#rounds.push({ faults, lastedMs, healedMs, acknowledgedMs })
    if (faults.some((name) => killingFaults.has(name))) this.#killedMs = performance.now()
    if (healedMs === Infinity) await this.#evidence.tellUnseen(cluster, faults.join(', '))
    if (acknowledgedMs === Infinity)
      this.#evidence.tell(`not all were acknowledged anything after: ${faults.join(', ')}`)
    await this.#evidence.check(cluster)
    await cluster.healthy()
  }

  #seconds(): number {
    return (performance.now() - this.#startMs) / 1000
  }

  #progress(what: string): void {
    this.#options.onProgress?.(this.#seconds(), what)
  }
}
