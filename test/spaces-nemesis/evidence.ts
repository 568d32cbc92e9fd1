import { readLines } from '#test/nemesis/records.ts'
import type { Cluster } from './cluster.ts'
import type { Line } from './records.ts'
import {
  acknowledgedBy,
  checkEnd,
  checkObservation,
  checkReads,
  type Histories,
  type History,
  historyOf,
} from './verify.ts'

/** How much was written, and what was made of it. */
export interface Tally {
  readonly writers: number
  readonly written: number
  readonly acknowledged: number
  readonly refused: number
  readonly unacknowledged: number
  readonly reads: number
  readonly fenced: number
  /** How often each thing was reported. */
  readonly reports: ReadonlyMap<string, number>
}

/** What all writers of a cluster have written down, held against what replicas show. */
export class Evidence {
  readonly #violations = new Set<string>()
  #observations = 0

  /** What is wrong, each once: none if all is well. */
  get violations(): readonly string[] {
    return [...this.#violations]
  }

  /** How many times a replica was looked at. */
  get observations(): number {
    return this.#observations
  }

  /** Looks at all replicas, which have to show all that was acknowledged. */
  async check(cluster: Cluster): Promise<void> {
    const observations = await cluster.observe()
    const histories = historiesOf(cluster)
    for (const each of observations) this.#take(checkObservation(each, histories))
    this.#observations += observations.length
  }

  /** Ends all writing, and looks at everything. */
  async end(cluster: Cluster, timeoutMs: number): Promise<Tally> {
    const observations = await cluster.rest(timeoutMs)
    const histories = historiesOf(cluster)
    const living = cluster.slots.map(({ writer }) => writer)
    this.#take(checkEnd(observations, histories, living))
    for (const [writer, history] of histories) this.#take(checkReads(writer, history))
    this.#observations += observations.length
    return tallyOf(histories)
  }

  /** Not all saw what all had written after `faults`: with how many others each is connected says where to look. */
  async tellUnseen(cluster: Cluster, faults: string): Promise<void> {
    const connections = await cluster.connections()
    this.tell(`not all was seen by all after: ${faults}; connected to ${connections.join(', ')}`)
  }

  tell(problem: string): void {
    this.#take([problem])
  }

  #take(problems: readonly string[]): void {
    for (const problem of problems) this.#violations.add(problem)
  }
}

function historiesOf(cluster: Cluster): Histories {
  const histories = new Map<string, History>()
  for (const [writer, file] of cluster.fileByWriter) {
    histories.set(writer, historyOf(readLines<Line>(file)))
  }
  return histories
}

function tallyOf(histories: Histories): Tally {
  const all = [...histories.values()]
  const sum = (of: (history: History) => number): number =>
    all.reduce((total, history) => total + of(history), 0)
  const reports = new Map<string, number>()
  for (const history of all) {
    for (const [report, count] of history.reports) {
      reports.set(report, (reports.get(report) ?? 0) + count)
    }
  }
  return {
    writers: all.length,
    written: sum(({ written }) => written),
    acknowledged: sum((history) => acknowledgedBy(history, Infinity)),
    refused: sum(({ refused }) => refused),
    unacknowledged: sum(({ unacknowledged }) => unacknowledged),
    reads: sum(({ reads }) => reads.length),
    fenced: sum(({ fencedAt }) => fencedAt.length),
    reports,
  }
}
