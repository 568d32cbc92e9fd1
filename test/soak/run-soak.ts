/*
 * Some peers stay while others, and short functions, come and go all the time. What the survivors hold after the churn of
 * an hour is to be what they held after the churn of a minute.
 */
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@joinery/client'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import {
  type SurvivorCommand,
  type SurvivorReady,
  type SurvivorSample,
} from './fixtures/survivor.ts'
import { type VisitorCommand } from './fixtures/visitor.ts'
import { openWork, succeeds } from './fixtures/work.ts'
import { type Allowance, grows, type Sample, type Trend, trendOf } from './trend.ts'

export interface SoakOptions {
  readonly survivors: number
  /** Processes with a peer that are there at a time. */
  readonly visitors: number
  /** How long between two calls of short functions. */
  readonly functionEveryMs: number
  /** How long between two writes, each with a strong call, of a survivor. */
  readonly workEveryMs: number
  /** Batches that are written first, so that logs are as full as they get. */
  readonly fillBatches: number
  /**
   * It is warm after this, and once so many peers and functions came and went: what is compiled goes by what was done, and
   * a busy machine takes longer for it.
   */
  readonly warmUpMs: number
  readonly warmUpVisits: number
  readonly warmUpFunctions: number
  readonly sampledMs: number
  readonly sampleEveryMs: number
  readonly onProgress?: (elapsedMs: number, what: string) => void
}

/** What a short function does, in this order. */
export const steps = ['connect', 'open', 'write', 'order', 'close'] as const
export type Step = (typeof steps)[number]

/** What became of one thing that a survivor holds. */
export interface Verdict extends Trend {
  readonly survivor: number
  readonly name: string
  readonly isGrowing: boolean
}

export interface SoakReport {
  readonly verdicts: readonly Verdict[]
  readonly samples: number
  /** Peers that came and left, and that came and were killed. */
  readonly left: number
  readonly killed: number
  readonly functions: number
  /** How long each step of each short function took. */
  readonly functionMs: Readonly<Record<Step, readonly number[]>>
  readonly writes: number
  readonly orders: number
  /** Calls that failed, as some may where peers come and go; and peers that left without handing over. */
  readonly failures: number
  /** Strong calls at survivors, and at their gateways, that did not show in time what was written before them. */
  readonly late: number
}

const survivorProgram = fileURLToPath(new URL('./fixtures/survivor.ts', import.meta.url))
const visitorProgram = fileURLToPath(new URL('./fixtures/visitor.ts', import.meta.url))
const visitorWrites = 10

const mebibyte = 2 ** 20
/** Of what a thing may grow; what is not named is a number of things. */
const allowances: Readonly<Record<string, Allowance>> = {
  heap: { amount: 2 * mebibyte, part: 0.1 },
  buffers: { amount: 2 * mebibyte, part: 0.1 },
  // V8 goes on compiling what runs at times, but no more than there is.
  code: { amount: 4 * mebibyte, part: 0 },
  // The operating system's view of both, and of what the allocator has not given back.
  resident: { amount: 20 * mebibyte, part: 0.2 },
}
const ofThings: Allowance = { amount: 3, part: 0.1 }

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const soak = new Soak(options)
  try {
    return await soak.run()
  } finally {
    await soak.end()
  }
}

class Soak {
  readonly #options: SoakOptions
  readonly #survivors: RemoteProcess<SurvivorCommand>[] = []
  readonly #ready: SurvivorReady[] = []
  readonly #visitors = new Set<RemoteProcess<VisitorCommand>>()
  readonly #samples: { readonly atMs: number; readonly of: readonly SurvivorSample[] }[] = []
  readonly #counts = { left: 0, killed: 0, functions: 0, failures: 0 }
  readonly #functionMs: Readonly<Record<Step, number[]>> = {
    ...{ connect: [], open: [], write: [], order: [], close: [] },
  }
  readonly #startMs = performance.now()
  #isOver = false

  constructor(options: SoakOptions) {
    this.#options = options
  }

  async run(): Promise<SoakReport> {
    const { survivors, visitors, fillBatches, sampledMs, sampleEveryMs } = this.#options
    for (let number = 0; number < survivors; number++) await this.#startSurvivor()
    this.#tell('filling logs')
    if (fillBatches > 0) {
      await this.#survivors[0]?.ask({ kind: 'fill', batches: fillBatches })
    }
    const churn = [
      ...Array.from({ length: visitors }, (_, number) => this.#visit(number)),
      this.#callFunctions(),
    ]
    this.#tell('warming up')
    await this.#orFailure(churn, this.#warmUp())
    for (let sampled = 0; sampled <= sampledMs; sampled += sampleEveryMs) {
      await this.#orFailure(churn, sleep(sampleEveryMs))
      await this.#sample()
    }
    this.#isOver = true
    await Promise.all(churn)
    return this.#report()
  }

  async end(): Promise<void> {
    this.#isOver = true
    await Promise.all([...this.#visitors].map(async (visitor) => await visitor.kill()))
    await Promise.all(this.#survivors.map(async (survivor) => await survivor.kill()))
  }

  async #startSurvivor(): Promise<void> {
    const survivor = new RemoteProcess<SurvivorCommand>(survivorProgram)
    this.#survivors.push(survivor)
    const [first] = this.#ready
    const { workEveryMs: everyMs } = this.#options
    const ready = await survivor.ask<SurvivorReady>({
      ...{ kind: 'start', everyMs },
      ...(first && { bootstrap: first.addresses }),
    })
    this.#ready.push(ready)
  }

  async #warmUp(): Promise<void> {
    const { warmUpMs, warmUpVisits, warmUpFunctions } = this.#options
    await sleep(warmUpMs)
    const isWarm = (): boolean =>
      this.#counts.left + this.#counts.killed >= warmUpVisits &&
      this.#counts.functions >= warmUpFunctions
    while (!isWarm()) await sleep(100)
  }

  /** What fails in the churn is a failure of the whole, at once. */
  async #orFailure(churn: readonly Promise<void>[], time: Promise<unknown>): Promise<void> {
    const failure = Promise.all(churn).then(() => time)
    await Promise.race([time, failure])
  }

  /** One peer after the other, every second of which is killed. */
  async #visit(number: number): Promise<void> {
    const bootstrap = this.#ready.flatMap(({ addresses }) => addresses)
    for (let visit = number; !this.#isOver; visit++) {
      const leaves = visit % 2 === 0
      const visitor = new RemoteProcess<VisitorCommand>(visitorProgram)
      this.#visitors.add(visitor)
      this.#counts.failures += await visitor.ask<number>({
        bootstrap,
        writes: visitorWrites,
        leaves,
      })
      await visitor.kill()
      this.#visitors.delete(visitor)
      this.#counts[leaves ? 'left' : 'killed']++
    }
  }

  /** Short functions, one after the other, by each of the gateways in turn. */
  async #callFunctions(): Promise<void> {
    for (let call = 0; !this.#isOver; call++) {
      const { gatewayUrl } = this.#ready[call % this.#ready.length]!
      const isAnswered = await succeeds(() => this.#callOnce(gatewayUrl))
      this.#counts[isAnswered ? 'functions' : 'failures']++
      await sleep(this.#options.functionEveryMs)
    }
  }

  async #callOnce(gatewayUrl: string): Promise<void> {
    let startMs = performance.now()
    const note = (step: Step): void => {
      const nowMs = performance.now()
      this.#functionMs[step].push(nowMs - startMs)
      startMs = nowMs
    }
    {
      await using client = await connect(gatewayUrl)
      note('connect')
      const work = await openWork(client)
      note('open')
      await work.write()
      note('write')
      await work.order()
      note('order')
    }
    note('close')
  }

  async #sample(): Promise<void> {
    const of = await Promise.all(
      this.#survivors.map((survivor) => survivor.ask<SurvivorSample>({ kind: 'sample' })),
    )
    this.#samples.push({ atMs: performance.now() - this.#startMs, of })
    const { left, killed, functions } = this.#counts
    this.#tell(`${left + killed} peers and ${functions} functions came and went`)
  }

  #report(): SoakReport {
    const last = this.#samples.at(-1)?.of ?? []
    const sum = (of: (sample: SurvivorSample) => number): number =>
      last.reduce((total, sample) => total + of(sample), 0)
    return {
      verdicts: this.#survivors.flatMap((_, survivor) => this.#judge(survivor)),
      samples: this.#samples.length,
      ...this.#counts,
      functionMs: this.#functionMs,
      writes: sum(({ writes }) => writes),
      orders: sum(({ orders }) => orders),
      failures: this.#counts.failures + sum(({ failures }) => failures),
      late: sum(({ late }) => late),
    }
  }

  #judge(survivor: number): Verdict[] {
    const usages = this.#samples.map(({ atMs, of }) => ({ atMs, usage: of[survivor]!.usage }))
    const names = new Set(usages.flatMap(({ usage }) => Object.keys(usage)))
    return [...names].map((name) => {
      const samples = usages.map(({ atMs, usage }): Sample => ({ atMs, value: usage[name] ?? 0 }))
      const trend = trendOf(samples)
      return { survivor, name, ...trend, isGrowing: grows(trend, allowances[name] ?? ofThings) }
    })
  }

  #tell(what: string): void {
    this.#options.onProgress?.(performance.now() - this.#startMs, what)
  }
}
