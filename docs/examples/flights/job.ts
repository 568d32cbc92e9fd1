import { connect } from '@joinery/client'
import type { Space } from '@joinery/crdt-objects'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, Container } from './cluster.ts'
import type { JobPartitions } from './data.ts'
import type { Done, Returned, Sent, Worked } from './messages.ts'
import { showProgress } from './progress.ts'
import type { ProcessLine } from './report.ts'
import { type Figures, Hours, spaceName } from './schema.ts'
import { openWork, type Publication, type Work } from './work.ts'

/** How many short functions there are, each its own process. */
export const shortFunctions = 6

const shortAtOnce = 2
/** The line that all short functions share in the report. */
const shortLine = `${shortFunctions} short functions`
/** So many partitions the container claims that is to be killed. */
const victimPartitions = 6
const votersMin = 3
const votersMsMax = 20_000
const meetingMsMax = 150_000
const progressMs = 200
const pollMs = 50

/** What came of the job. */
export interface Outcome {
  /** The figures of each replica that is left, read as soon as all had met, by the container that holds it. */
  readonly figuresByContainer: ReadonlyMap<string, Figures>
  /** What the future has. */
  readonly publication: Publication
  readonly processes: readonly ProcessLine[]
  /** Which process counted a partition, the last part of it at least. */
  readonly countedBy: ReadonlyMap<string, string>
  readonly killed: string
  /** The partitions that it had in its hands, and who looked what was missing of them. */
  readonly returned: readonly (Returned & { readonly by: string })[]
  readonly voters: number
  /** From the last write anywhere until every replica was read. */
  readonly readMs: number
}

/** What is known of the job, as its processes tell. */
class Book {
  readonly countedBy = new Map<string, string>()
  readonly lineByProcess = new Map<string, ProcessLine>()
  lastWriteMs = 0

  enter(process: string, line: string, done: Done, fate: string, sent?: Sent): void {
    for (const partition of done.partitions) this.countedBy.set(partition, process)
    this.lastWriteMs = Math.max(this.lastWriteMs, done.lastWriteMs)
    const before = this.lineByProcess.get(line) ?? { partitions: 0, operations: 0 }
    this.lineByProcess.set(line, {
      ...{ name: line, fate },
      partitions: before.partitions + done.partitions.length,
      operations: before.operations + done.operations,
      ...(sent === undefined ? {} : { sent }),
    })
  }
}

/**
 * Has containers and short functions count all partitions side by side, kills one container on the way and starts
 * another in its place, and waits for the result.
 */
export async function runJob(
  cluster: Cluster,
  partitions: JobPartitions,
  rows: number,
): Promise<Outcome> {
  await using client = await connect(cluster.containers[0]!.gatewayUrl)
  const voters = await votersOf(async () => (await client.inspect.groups())[0]?.voters.length ?? 0)
  const space = await client.space(spaceName)
  const work = await openWork(space, cluster.size)
  for (const size of ['large', 'small'] as const) {
    await work[size].putAll(partitions[size])
    await work[size].close()
  }
  const book = new Book()
  const victim = cluster.containers.at(-1)!
  const { worked, publication } = await withProgress(space, rows, async () => {
    return await workTogether(cluster, victim, work, book)
  })

  const figuresByContainer = new Map<string, Figures>()
  for (const [name, { done, sent, figures }] of worked) {
    figuresByContainer.set(name, figures)
    book.enter(name, name, done, '', sent)
  }
  const all = [...worked.values()]
  return {
    figuresByContainer,
    publication,
    processes: [...book.lineByProcess.values()].sort(byName),
    countedBy: book.countedBy,
    killed: victim.process.name,
    returned: [...worked].flatMap(([by, { returned }]) => returned.map((one) => ({ ...one, by }))),
    voters,
    readMs:
      Math.max(...all.map((each) => each.readMs)) -
      Math.max(...all.map(lastWriteOf), book.lastWriteMs),
  }
}

async function workTogether(
  cluster: Cluster,
  victim: Container,
  work: Work,
  book: Book,
): Promise<{ worked: ReadonlyMap<string, Worked>; publication: Publication }> {
  const survivors = cluster.containers.filter((each) => each !== victim)
  const worked = new Map<string, Worked>()
  const runContainer = async ({ process }: Container): Promise<void> => {
    worked.set(process.name, await process.ask({ kind: 'work' }, 'worked'))
  }
  // It claims its share before others can have taken all.
  const claimed = victim.process.reply('claimed')
  const dying = runVictim(cluster, victim, book)
  await Promise.race([claimed, dying])
  const [publication] = await Promise.all([
    runShortFunctions(cluster, survivors, book).then(async () => {
      // All short functions have ended: for them the coordinator is at the meeting, where nobody writes any more.
      await work.meeting.wait({ timeoutMs: meetingMsMax })
      await work.meeting.wait({ timeoutMs: meetingMsMax })
      return await work.result.wait({ timeoutMs: meetingMsMax })
    }),
    ...survivors.map(runContainer),
    dying.then(runContainer),
  ])
  return { worked, publication }
}

/** Kills the container in the middle of a partition. Gives the one that takes its place. */
async function runVictim(cluster: Cluster, victim: Container, book: Book): Promise<Container> {
  const command = { kind: 'work-and-stop', partitions: victimPartitions } as const
  const { done, sent } = await victim.process.ask(command, 'half-way')
  await cluster.kill(victim)
  const { name } = victim.process
  book.enter(name, name, done, 'killed with SIGKILL', sent)
  return await cluster.startContainer()
}

/** Starts one short function after the other, some side by side, each at the next gateway. */
async function runShortFunctions(
  cluster: Cluster,
  containers: readonly Container[],
  book: Book,
): Promise<void> {
  let started = 0
  const lane = async (): Promise<void> => {
    while (started < shortFunctions) {
      const { gatewayUrl } = containers[started % containers.length]!
      const name = `short-${++started}`
      book.enter(name, shortLine, await cluster.run(name, gatewayUrl), 'came and went')
    }
  }
  await Promise.all(Array.from({ length: shortAtOnce }, lane))
}

/** Waits until so many containers vote that the loss of one is borne. */
async function votersOf(count: () => Promise<number>): Promise<number> {
  const deadlineMs = performance.now() + votersMsMax
  for (;;) {
    const voters = await count()
    if (voters >= votersMin) return voters
    if (performance.now() > deadlineMs) {
      throw new Error(`only ${voters} containers vote after ${votersMsMax} ms`)
    }
    await sleep(pollMs)
  }
}

function lastWriteOf({ done }: Worked): number {
  return done.lastWriteMs
}

function byName(a: ProcessLine, b: ProcessLine): number {
  // The containers first: what they did tells more than the rest together.
  return Number(a.name === shortLine) - Number(b.name === shortLine) || a.name.localeCompare(b.name)
}

/** Runs `work` and shows how far it is: the coordinator, too, reads the shared objects, through a gateway. */
async function withProgress<R>(space: Space, rows: number, work: () => Promise<R>): Promise<R> {
  const view = showProgress(rows)
  const done = new AbortController()
  try {
    const hours = await space.open('hours', Hours)
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
    const [result] = await Promise.all([working, watch()])
    view.show(rows)
    return result
  } finally {
    view.end()
  }
}
