import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import { Random } from '#test/simulation/random.ts'
import type { ContainerCommand, Lived } from './fixtures/container.ts'
import type { Fate } from './verify.ts'

const containerProgram = fileURLToPath(new URL('./fixtures/container.ts', import.meta.url))
/** Who is killed before anybody was asked to hold what it wrote lives so long after the write, at the most. */
const killedWithinMs = 60

export interface ChurnOptions {
  readonly lifetimes: number
  /** The number of the first: none lives twice. Default 0. */
  readonly first?: number | undefined
  /** How many of them are processes that are killed: spread evenly over all. */
  readonly kills: number
  /** Processes in which the others live, and how many live in each at once. */
  readonly workers: number
  readonly atOnce: number
  /** Processes to be killed that are there at once. */
  readonly killsAtOnce: number
  readonly seed: number
  readonly bootstrap: readonly string[]
  readonly onLived?: (lived: number) => void
}

export interface ChurnReport {
  readonly fates: ReadonlyMap<number, Fate>
  readonly killed: number
  readonly killedUnflushed: number
  readonly failures: readonly string[]
  /** How often peers of containers reported each kind of thing. */
  readonly reports: ReadonlyMap<string, number>
  readonly openedMs: readonly number[]
  readonly flushedMs: readonly number[]
  readonly tookMs: number
  /** Of processors, by all containers. */
  readonly cpuMs: number
}

/** One after the other, as one. */
export function together(one: ChurnReport, other: ChurnReport): ChurnReport {
  const reports = new Map(one.reports)
  for (const [kind, count] of other.reports) reports.set(kind, (reports.get(kind) ?? 0) + count)
  return {
    fates: new Map([...one.fates, ...other.fates]),
    killed: one.killed + other.killed,
    killedUnflushed: one.killedUnflushed + other.killedUnflushed,
    failures: [...one.failures, ...other.failures],
    reports,
    openedMs: [...one.openedMs, ...other.openedMs],
    flushedMs: [...one.flushedMs, ...other.flushedMs],
    tookMs: one.tookMs + other.tookMs,
    cpuMs: one.cpuMs + other.cpuMs,
  }
}

/** Lifetimes of containers against one space, many at a time. */
export async function runChurn(options: ChurnOptions): Promise<ChurnReport> {
  const churn = new Churn(options)
  try {
    return await churn.run()
  } finally {
    await churn.end()
  }
}

class Churn {
  readonly #options: ChurnOptions
  readonly #random: Random
  readonly #processes = new Set<RemoteProcess<ContainerCommand>>()
  readonly #fates = new Map<number, Fate>()
  readonly #failures: string[] = []
  readonly #reports = new Map<string, number>()
  readonly #openedMs: number[] = []
  readonly #flushedMs: number[] = []
  readonly #counts = { killed: 0, killedUnflushed: 0, lived: 0 }
  readonly #cpuMsByProcess = new Map<object, number>()
  readonly #toKill: number[] = []
  readonly #toLive: number[] = []

  constructor(options: ChurnOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    const { lifetimes, kills, first = 0 } = options
    for (let i = 0; i < lifetimes; i++) {
      const isKilled =
        Math.floor(((i + 1) * kills) / lifetimes) > Math.floor((i * kills) / lifetimes)
      const list = isKilled ? this.#toKill : this.#toLive
      list.push(first + i)
    }
  }

  async run(): Promise<ChurnReport> {
    const { workers, atOnce, killsAtOnce } = this.#options
    const startMs = performance.now()
    const living = Array.from({ length: workers }, async () => {
      const worker = this.#start()
      await Promise.all(Array.from({ length: atOnce }, async () => await this.#liveAll(worker)))
    })
    const killing = Array.from({ length: killsAtOnce }, async () => await this.#killAll())
    await Promise.all([...living, ...killing])
    const { killed, killedUnflushed } = this.#counts
    return {
      ...{
        fates: this.#fates,
        killed,
        killedUnflushed,
        failures: this.#failures,
        reports: this.#reports,
      },
      ...{ openedMs: this.#openedMs, flushedMs: this.#flushedMs },
      tookMs: performance.now() - startMs,
      cpuMs: [...this.#cpuMsByProcess.values()].reduce((sum, each) => sum + each, 0),
    }
  }

  async end(): Promise<void> {
    await Promise.all([...this.#processes].map(async (process) => await process.kill()))
  }

  async #liveAll(worker: RemoteProcess<ContainerCommand>): Promise<void> {
    for (;;) {
      const lifetime = this.#toLive.shift()
      if (lifetime === undefined) return
      await this.#ask(worker, 'live', lifetime)
    }
  }

  async #killAll(): Promise<void> {
    for (;;) {
      const lifetime = this.#toKill.shift()
      if (lifetime === undefined) return
      const process = this.#start()
      const isFlushed = this.#random.chance(0.5)
      await this.#ask(process, isFlushed ? 'write and flush' : 'write', lifetime)
      if (!isFlushed) await sleep(this.#random.integer(0, killedWithinMs))
      await process.kill()
      this.#processes.delete(process)
      this.#counts.killed++
      if (!isFlushed) this.#counts.killedUnflushed++
    }
  }

  async #ask(
    process: RemoteProcess<ContainerCommand>,
    kind: ContainerCommand['kind'],
    lifetime: number,
  ): Promise<void> {
    const { bootstrap, onLived } = this.#options
    // Whatever becomes of it, it may have written.
    this.#fates.set(lifetime, 'unknown')
    try {
      const lived = await process.ask<Lived>({ kind, lifetime, bootstrap })
      this.#fates.set(lifetime, lived.fate)
      for (const kind of lived.reports) {
        this.#reports.set(kind, (this.#reports.get(kind) ?? 0) + 1)
      }
      this.#cpuMsByProcess.set(process, lived.cpuMs)
      this.#openedMs.push(lived.openedMs)
      if (kind !== 'write') this.#flushedMs.push(lived.flushedMs)
      if (kind !== 'write' && lived.fate === 'unknown') this.#failures.push('flush gave up')
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error))
    }
    onLived?.(++this.#counts.lived)
  }

  #start(): RemoteProcess<ContainerCommand> {
    const process = new RemoteProcess<ContainerCommand>(containerProgram)
    this.#processes.add(process)
    return process
  }
}
