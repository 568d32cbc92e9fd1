/*
 * Ten thousand containers live against one space, some of which are killed. What they leave behind is then held against a
 * space with the same contents that three peers have written: metadata is to be as large as the number of peers alive.
 */
import { type ChurnOptions, type ChurnReport, runChurn, together } from './churn.ts'
import { Cluster } from './cluster.ts'
import { compare, type Costs } from './compare.ts'
import type { VoterSample } from './fixtures/voter.ts'
import { problemsOf } from './verify.ts'

export interface LifetimesOptions extends Omit<ChurnOptions, 'bootstrap' | 'onLived' | 'first'> {
  /** As many live once more, when the last of them are sealed: they take no slots but those that are free then. */
  readonly isTwice?: boolean | undefined
  readonly sampleEveryMs: number
  /** Joins to each of the two spaces; 0: nothing is compared. */
  readonly pairs: number
  readonly onProgress?: (lived: number, what: string) => void
}

/** What the voters were at one time, and how many had lived by then. */
export interface Moment {
  readonly atMs: number
  readonly lived: number
  readonly voters: readonly VoterSample[]
}

export interface LifetimesReport {
  readonly churn: ChurnReport
  /** From before the first lifetime to after the last seal. */
  readonly moments: readonly Moment[]
  readonly problems: readonly string[]
  /** Of the space that all have lived against, and of a fresh one. */
  readonly costs: readonly [lived: Costs, fresh: Costs] | undefined
}

export async function runLifetimes(options: LifetimesOptions): Promise<LifetimesReport> {
  const clusters: Cluster[] = []
  const start = async (): Promise<Cluster> => {
    const cluster = await Cluster.start()
    clusters.push(cluster)
    return cluster
  }
  const { pairs, onProgress, lifetimes } = options
  try {
    const cluster = await start()
    const watch = await Watch.begin(cluster, options)
    const live = async (first: number): Promise<ChurnReport> => {
      return await runChurn({
        ...{ ...options, first, bootstrap: cluster.addresses },
        onLived: (lived) => watch.onLived(first + lived),
      })
    }
    let churn = await live(0)
    if (options.isTwice === true) {
      await cluster.sealed()
      churn = together(churn, await live(lifetimes))
    }
    await watch.end()
    onProgress?.(lifetimes, 'sealing the last of them')
    const { contents, problems } = await cluster.settled()
    await watch.look()
    const all = [...problems, ...problemsOf(contents, churn.fates)]
    const report = { churn, moments: watch.moments, problems: all }
    if (pairs === 0) return { ...report, costs: undefined }
    onProgress?.(lifetimes, 'comparing to a fresh space')
    const fresh = await start()
    await fresh.fill(contents)
    const refilled = await fresh.settled()
    const costs = await compare([cluster, fresh], pairs)
    return { ...report, problems: [...all, ...refilled.problems], costs }
  } finally {
    await Promise.all(clusters.map(async (cluster) => await cluster.end()))
  }
}

/** Looks at the voters from time to time. */
class Watch {
  readonly moments: Moment[] = []
  readonly #cluster: Cluster
  readonly #options: LifetimesOptions
  readonly #startMs = performance.now()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> | undefined
  #lived = 0

  private constructor(cluster: Cluster, options: LifetimesOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#timer = setInterval(() => {
      this.#looking ??= this.look().finally(() => (this.#looking = undefined))
    }, options.sampleEveryMs)
  }

  static async begin(cluster: Cluster, options: LifetimesOptions): Promise<Watch> {
    const watch = new Watch(cluster, options)
    await watch.look()
    return watch
  }

  onLived(lived: number): void {
    this.#lived = lived
    const { usedSlots = 0, epoch = 0 } = this.moments.at(-1)?.voters[0]?.control ?? {}
    this.#options.onProgress?.(lived, `${usedSlots} slots in use, epoch ${epoch}`)
  }

  async look(): Promise<void> {
    const lived = this.#lived
    const voters = await this.#cluster.sample()
    this.moments.push({ atMs: performance.now() - this.#startMs, lived, voters })
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#looking
  }
}
