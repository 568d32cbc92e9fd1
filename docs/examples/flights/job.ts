import { connect } from '@joinery/client'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, Container } from './cluster.ts'
import type { Partition } from './data.ts'
import { type Counted, nowMs } from './messages.ts'
import { showProgress } from './progress.ts'
import type { ProcessLine } from './report.ts'
import { type Figures, Hours, spaceName } from './schema.ts'

/** How many partitions short functions take, each its own process. */
export const shortFunctions = 12
/** How many partitions there are in all. */
export const partitionCount = 60

const shortAtOnce = 2
/** The line that all short functions share in the report. */
const shortLine = `${shortFunctions} short functions`
/** So many partitions the container that is to be killed counts before that. */
const victimPartitions = 4
const progressMs = 200
const convergenceMsMax = 20_000
const digestMs = 10

/** What came of the job. */
export interface Outcome {
  /** The figures of each surviving replica, by the container that holds it. */
  readonly figuresByContainer: ReadonlyMap<string, Figures>
  readonly processes: readonly ProcessLine[]
  /** Which process counted a partition. */
  readonly countedBy: ReadonlyMap<string, string>
  readonly killed: string
  /** From the last write anywhere until every surviving replica read equal. */
  readonly convergenceMs: number
}

interface Ledger {
  readonly countedBy: Map<string, string>
  readonly lineByProcess: Map<string, ProcessLine>
  lastWriteMs: number
}

/**
 * Has containers and short functions count all partitions side by side, kills one container on the way, and waits
 * until the replicas of the others are equal.
 */
export async function runJob(
  cluster: Cluster,
  partitions: readonly Partition[],
  rows: number,
): Promise<Outcome> {
  const ledger: Ledger = { countedBy: new Map(), lineByProcess: new Map(), lastWriteMs: 0 }
  const forShort = partitions.slice(0, shortFunctions)
  const forContainers = partitions.slice(shortFunctions)
  const victim = cluster.containers.at(-1)!
  const survivors = cluster.containers.slice(0, -1)

  await withProgress(survivors[0]!.gatewayUrl, rows, async () => {
    await Promise.all([
      ...survivors.map(async (each) => await runContainer(cluster, each, forContainers, ledger)),
      runVictim(cluster, victim, forContainers, ledger),
      ...Array.from({ length: shortAtOnce }, async (_, i) => {
        const gateways = survivors.map((each) => each.gatewayUrl)
        await runShort(cluster, gateways, forShort, i, ledger)
      }),
    ])
  })

  const convergedMs = await converged(survivors)
  const figuresByContainer = new Map<string, Figures>()
  for (const { process } of survivors) {
    const { figures, sent } = await process.ask({ kind: 'figures' }, 'figures')
    figuresByContainer.set(process.name, figures)
    ledger.lineByProcess.set(process.name, { ...lineOf(ledger, process.name), sent })
  }
  return {
    figuresByContainer,
    processes: [...ledger.lineByProcess.values()].sort(byName),
    countedBy: ledger.countedBy,
    killed: victim.process.name,
    convergenceMs: Math.max(0, convergedMs - ledger.lastWriteMs),
  }
}

async function runContainer(
  cluster: Cluster,
  container: Container,
  queue: Partition[],
  ledger: Ledger,
): Promise<void> {
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    const counted = await cluster.count(container, part)
    ledger.countedBy.set(part.name, container.process.name)
    enter(ledger, container.process.name, counted)
  }
}

/** A container that counts like the others, until it is killed: what it had flushed must still be in the table. */
async function runVictim(
  cluster: Cluster,
  victim: Container,
  queue: Partition[],
  ledger: Ledger,
): Promise<void> {
  const share = queue.splice(0, victimPartitions)
  await runContainer(cluster, victim, share, ledger)
  await cluster.kill(victim)
  const { name } = victim.process
  ledger.lineByProcess.set(name, { ...lineOf(ledger, name), fate: 'killed with SIGKILL' })
}

/** Starts one short function after the other, each at the next gateway. */
async function runShort(
  cluster: Cluster,
  gateways: readonly string[],
  queue: Partition[],
  lane: number,
  ledger: Ledger,
): Promise<void> {
  let turn = lane
  for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
    const name = `short-${part.name}`
    const counted = await cluster.run(name, part, gateways[turn++ % gateways.length]!)
    ledger.countedBy.set(part.name, name)
    enter(ledger, shortLine, counted)
  }
}

function enter(ledger: Ledger, name: string, counted: Counted): void {
  const line = lineOf(ledger, name)
  ledger.lastWriteMs = Math.max(ledger.lastWriteMs, counted.lastWriteMs)
  ledger.lineByProcess.set(name, {
    ...line,
    partitions: line.partitions + 1,
    operations: line.operations + counted.operations,
    ...(counted.sent === undefined ? {} : { sent: counted.sent }),
  })
}

function lineOf(ledger: Ledger, name: string): ProcessLine {
  const fate = name === shortLine ? 'came and went' : ''
  return ledger.lineByProcess.get(name) ?? { name, fate, partitions: 0, operations: 0 }
}

function byName(a: ProcessLine, b: ProcessLine): number {
  // The containers first: what they did tells more than the rest together.
  return Number(a.name === shortLine) - Number(b.name === shortLine) || a.name.localeCompare(b.name)
}

/** Runs `work` and shows how far it is: the coordinator, too, reads the shared objects, through a gateway. */
async function withProgress(url: string, rows: number, work: () => Promise<void>): Promise<void> {
  const client = await connect(url)
  const view = showProgress(rows)
  const done = new AbortController()
  try {
    const hours = await (await client.space(spaceName)).open('hours', Hours)
    const watch = async (): Promise<void> => {
      while (!done.signal.aborted) {
        let counted = 0
        for (const tally of (await hours.read()).values()) counted += tally.flights
        view.show(counted)
        // The signal cuts the pause short; that is no failure.
        await sleep(progressMs, undefined, { signal: done.signal }).catch(() => {})
      }
    }
    const working = work().finally(() => done.abort())
    await Promise.all([working, watch()])
    view.show(rows)
  } finally {
    view.end()
    await client.close()
  }
}

/** Waits until all replicas are equal, and tells when the last of them changed. */
async function converged(containers: readonly Container[]): Promise<number> {
  const deadlineMs = nowMs() + convergenceMsMax
  for (;;) {
    const replicas = await Promise.all(
      containers.map(async (each) => await each.process.ask({ kind: 'digest' }, 'digest')),
    )
    if (replicas.every((each) => each.digest === replicas[0]!.digest)) {
      return Math.max(...replicas.map((each) => each.lastChangeMs))
    }
    if (nowMs() > deadlineMs) {
      // The comparison that follows names every figure that differs.
      console.error(`replicas still differ ${convergenceMsMax} ms after the last write`)
      return nowMs()
    }
    await sleep(digestMs)
  }
}
