/*
 * What must be so, whatever was struck:
 *
 * - A write that was acknowledged, by a flush to two peers, is at every peer once all is well again; and in once: the writer's
 *   counter has been added to as often as the map has entries of it.
 * - A transaction is seen whole or not at all. What one writer wrote is seen in the order in which it was written, without a gap;
 *   of one that was fenced, once all of it has come again.
 * - What was taken out of the set does not come back, and what was not, stays.
 * - The counts that one replica shows never fall. They may at a replica that was told that it is fenced, once each time.
 * - In the end all replicas show the same, with all that those wrote that still live.
 */
import { membersKept } from './shared-objects.ts'
import { type HeldWrites, type Holdings, type Line, type Range, sizeOf } from './records.ts'

/** What one writer wrote down. */
export interface History {
  /** The number of its last write. */
  readonly written: number
  readonly refused: number
  readonly acknowledged: readonly { readonly seq: number; readonly at: number }[]
  /** Flushes that gave up. */
  readonly unacknowledged: number
  readonly reads: readonly Extract<Line, { kind: 'read' }>[]
  readonly fencedAt: readonly number[]
  readonly reports: ReadonlyMap<string, number>
}

/** What a replica showed when all was well. */
export interface Observation {
  /** The name of its writer. */
  readonly replica: string
  /** What was written by then has to be there. */
  readonly asOf: number
  readonly holdings: Holdings
}

export type Histories = ReadonlyMap<string, History>

const nothing: HeldWrites = { count: 0, entries: [], members: [] }

/** Puts together what a writer wrote down. */
export function historyOf(lines: Iterable<Line>): History {
  const acknowledged: { seq: number; at: number }[] = []
  const reads: Extract<Line, { kind: 'read' }>[] = []
  const fencedAt: number[] = []
  const reports = new Map<string, number>()
  let [written, refused, unacknowledged] = [0, 0, 0]
  for (const line of lines) {
    switch (line.kind) {
      case 'write':
        written = line.seq
        break
      case 'refused':
        written = line.seq - 1
        refused++
        break
      case 'acknowledged':
        acknowledged.push(line)
        break
      case 'unacknowledged':
        unacknowledged++
        break
      case 'read':
        reads.push(line)
        break
      case 'report':
        reports.set(line.report, (reports.get(line.report) ?? 0) + 1)
        if (line.report === 'space-fenced') fencedAt.push(line.at)
    }
  }
  return { written, refused, acknowledged, unacknowledged, reads, fencedAt, reports }
}

/** How many writes a writer was told of, by then, that two peers hold them. */
export function acknowledgedBy({ acknowledged }: History, at: number): number {
  return Math.max(0, ...acknowledged.filter((each) => each.at <= at).map(({ seq }) => seq))
}

/** What is wrong with what a replica showed, while others went on writing. */
export function checkObservation(observation: Observation, histories: Histories): string[] {
  return checkHoldings(observation, histories, [])
}

/** What is wrong with what all replicas showed when nothing was written any more: `living` are those who still run. */
export function checkEnd(
  observations: readonly Observation[],
  histories: Histories,
  living: readonly string[],
): string[] {
  const problems = observations.flatMap((each) => checkHoldings(each, histories, living))
  if (new Set(observations.map(({ holdings }) => holdings.digest)).size > 1)
    problems.push('not all replicas show the same in the end')
  for (const { replica, holdings } of observations) {
    for (const writer of living) {
      const { written } = histories.get(writer)!
      const lost = missing(holdings.writers[writer] ?? nothing, written)
      if (lost > 0) problems.push(`${replica}: ${lost} writes of ${writer}, which lives, are gone`)
    }
  }
  return problems
}

/** What is wrong with what a replica showed while it ran. */
export function checkReads(replica: string, { reads, fencedAt }: History): string[] {
  const problems: string[] = []
  const countByWriter = new Map<string, number>()
  const fences = [...fencedAt]
  let sum = 0
  for (const { at, total, counts } of reads) {
    let hasFallen = false
    for (const [writer, count] of Object.entries(counts)) {
      const before = countByWriter.get(writer) ?? 0
      if (count < before && !hasFallen) {
        hasFallen = true
        // A fence excuses what was read first after it.
        const fence = fences.findIndex((fencedAt) => fencedAt <= at)
        if (fence === -1)
          problems.push(`${replica}: the count of ${writer} went from ${before} to ${count}`)
        else fences.splice(fence, 1)
      }
      countByWriter.set(writer, count)
      sum += count - before
    }
    if (sum !== total) problems.push(`${replica}: showed a total of ${total}, and counts of ${sum}`)
  }
  return problems
}

/** `ended`: those who live, and have written all that they were going to write. */
function checkHoldings(
  { replica, asOf, holdings }: Observation,
  histories: Histories,
  ended: readonly string[],
): string[] {
  const problems: string[] = []
  const tell = (what: string): number => problems.push(`${replica}: ${what}`)
  let sum = 0
  for (const [writer, held] of Object.entries(holdings.writers)) {
    sum += held.count
    const history = histories.get(writer)
    if (history === undefined) tell(`${writer} has written, whom nobody knows`)
    else {
      // Those of a writer that was fenced come again one by one, and its end may come between.
      const isWhole = history.fencedAt.length === 0 || ended.includes(writer)
      for (const problem of checkWriter(writer, held, history, isWhole)) tell(problem)
    }
  }
  if (sum !== holdings.total) tell(`shows a total of ${holdings.total}, and counts of ${sum}`)
  for (const [writer, history] of histories) {
    const acknowledged = acknowledgedBy(history, asOf)
    const lost = missing(holdings.writers[writer] ?? nothing, acknowledged)
    if (lost > 0) tell(`LOST ${lost} of ${acknowledged} acknowledged writes of ${writer}`)
  }
  return problems
}

function checkWriter(
  writer: string,
  { count, entries, members }: HeldWrites,
  { written }: History,
  isWhole: boolean,
): string[] {
  const problems: string[] = []
  const size = sizeOf(entries)
  const last = entries.at(-1)?.[1] ?? 0
  if (last > written) problems.push(`has write ${last} of ${writer}, who made ${written}`)
  if (count > size) problems.push(`has ${count - size} writes of ${writer} in TWICE`)
  if (count < size) problems.push(`counts ${count} writes of ${writer}, and has entries of ${size}`)
  if (!isWhole) return problems
  if (size !== last)
    problems.push(`has write ${last} of ${writer}, and ${last - size} fewer before`)
  return [...problems, ...checkMembers(writer, members, last)]
}

/** The last ones are there; one more may be in already, and one not be out yet: they are no part of the transaction. */
function checkMembers(writer: string, members: readonly Range[], last: number): string[] {
  const oldest = Math.max(1, last - membersKept + 1)
  const problems: string[] = []
  for (const [first, end] of members) {
    if (first < oldest - 1) problems.push(`shows member ${first} of ${writer}, which was taken out`)
    if (end > last + 1) problems.push(`shows member ${end} of ${writer}, and only entry ${last}`)
  }
  const there = members.some(([first, end]) => first <= oldest && end >= last)
  if (last > 0 && !there)
    problems.push(`lacks some of the members ${oldest} to ${last} of ${writer}`)
  return problems
}

/** How many of the writes up to `last` are not there. */
function missing({ entries }: HeldWrites, last: number): number {
  return last - sizeOf(entries.flatMap(([a, b]) => (a > last ? [] : [[a, Math.min(b, last)] as const]))) // prettier-ignore
}
