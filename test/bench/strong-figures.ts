import { type Size } from './benchmark.ts'
import { median, rateText, type Row, spreadText } from './figure.ts'
import { type Program } from './program.ts'
import { type LoadResult } from './programs/load.ts'
import { type EtcdVerb, type StrongVerb } from './programs/strong-load.ts'

/** Who calls what. `from a follower`: embedded in a voter that does not lead. */
export type SideName = 'embedded' | 'from a follower' | 'remote' | 'etcd'
/** Figures by verb and number in flight: `set 64`. */
export type Results = ReadonlyMap<string, LoadResult>
type Durability = 'in memory' | 'synced'

/** What is run, and how often at the full size. */
interface Step<V extends string> {
  readonly verb: V
  readonly inFlight: number
  readonly count: number
}

const rounds = 3

/** What our side runs. */
export const ourPlan: readonly Step<StrongVerb>[] = [
  { verb: 'set', inFlight: 1, count: 3000 },
  { verb: 'cas', inFlight: 1, count: 3000 },
  { verb: 'get', inFlight: 1, count: 3000 },
  { verb: 'lock', inFlight: 1, count: 1500 },
  { verb: 'lock-after-write', inFlight: 1, count: 600 },
  { verb: 'set', inFlight: 64, count: 30_000 },
  { verb: 'set', inFlight: 256, count: 50_000 },
  { verb: 'get', inFlight: 64, count: 30_000 },
  { verb: 'increment', inFlight: 16, count: 20_000 },
]

/** What etcd runs: less of it, for it takes longer. */
export const etcdPlan: readonly Step<EtcdVerb>[] = [
  { verb: 'set', inFlight: 1, count: 1500 },
  { verb: 'cas', inFlight: 1, count: 1500 },
  { verb: 'get', inFlight: 1, count: 1500 },
  { verb: 'lock', inFlight: 1, count: 300 },
  { verb: 'lock-kept', inFlight: 1, count: 500 },
  { verb: 'set', inFlight: 64, count: 8000 },
  { verb: 'set', inFlight: 256, count: 12_000 },
  { verb: 'get', inFlight: 64, count: 8000 },
  { verb: 'increment', inFlight: 16, count: 6000 },
  { verb: 'increment-by-compare', inFlight: 16, count: 100 },
]

/** The plan at a size: syncing takes time, and tells as much from fewer calls. */
export function planOf<V extends string>(
  plan: readonly Step<V>[],
  size: Size,
  fsync: boolean,
): readonly Step<V>[] {
  const share = size === 'tiny' ? 0.02 : fsync ? 0.5 : 1
  const atLeast = size === 'tiny' ? 8 : 100
  return plan.map((step) => ({
    ...step,
    count: Math.max(Math.ceil(step.count * share), atLeast),
  }))
}

/**
 * Runs each step in rounds, the first of which warms up and does not count. Before that, all steps are run once: code that
 * they share is otherwise compiled at the cost of the one that comes first.
 */
export async function runPlan<V extends string>(
  program: Program,
  plan: readonly Step<V>[],
  more: object = {},
): Promise<Results> {
  const results = new Map<string, LoadResult>()
  for (const step of plan)
    await program.ask({ ...more, ...step, count: Math.ceil(step.count / rounds) })
  for (const step of plan) {
    const command = { ...more, ...step }
    // Of one call at a time it takes thousands until the code that runs is the code that stays.
    await program.ask({ ...command, count: Math.ceil(step.count / (step.inFlight === 1 ? 1 : 3)) })
    const runs: LoadResult[] = []
    for (let round = 0; round < rounds; round++)
      runs.push(
        await program.ask<LoadResult>({ ...command, count: Math.ceil(step.count / rounds) }),
      )
    results.set(`${step.verb} ${step.inFlight}`, {
      perSecond: median(runs.map(({ perSecond }) => perSecond)),
      samplesUs: runs.flatMap(({ samplesUs }) => samplesUs),
    })
  }
  return results
}

interface Question {
  readonly subject: string
  readonly ours: string
  readonly theirs: string
  readonly theirName: string
  /** Goals of the sides that have one: at most so much of etcd's latency, or at least so many times its throughput. */
  readonly goals: Readonly<Partial<Record<SideName, number>>>
}

function latencies(durability: Durability): Question[] {
  const calls =
    durability === 'in memory' ? { embedded: 0.2, remote: 0.333 } : { embedded: 0.4, remote: 0.5 }
  const locks = durability === 'in memory' ? { embedded: 0.1 } : { embedded: 0.2 }
  return [
    question('`map.set`', 'set 1', 'put', 'set 1', calls),
    question('`map.compareAndSet`', 'cas 1', 'compare and put', 'cas 1', calls),
    question('`map.get`', 'get 1', 'get', 'get 1', calls),
    question('lock and unlock', 'lock 1', 'lease, create, revoke', 'lock 1', locks),
    question('lock and unlock', 'lock 1', 'create and delete, kept lease', 'lock-kept 1', locks),
  ]
}

const throughputs: readonly Question[] = [
  question('`map.set`, 64 in flight', 'set 64', 'put', 'set 64', { embedded: 8, remote: 8 }),
  question('`map.set`, 256 in flight', 'set 256', 'put', 'set 256', { embedded: 8, remote: 8 }),
  question('`map.get`, 64 in flight', 'get 64', 'get', 'get 64', {}),
  question('16 clients, one number', 'increment 16', 'plain puts', 'increment 16', {
    ...{ embedded: 8, remote: 8 },
  }),
  question(
    '16 clients, one number',
    'increment 16',
    'get and conditional put',
    'increment-by-compare 16',
    {},
  ),
]

function question(
  subject: string,
  ours: string,
  theirName: string,
  theirs: string,
  goals: Question['goals'],
): Question {
  return { subject, ours, theirName, theirs, goals }
}

/** The lines of one regime and durability. */
export function strongRows(
  regime: string,
  durability: Durability,
  sides: ReadonlyMap<SideName, Results>,
): Row[] {
  const etcd = sides.get('etcd')
  const rows: Row[] = []
  for (const side of ['embedded', 'from a follower', 'remote'] as const) {
    const ours = sides.get(side)
    if (ours === undefined) continue
    const rowsOf = (asked: readonly Question[], isLatency: boolean): void => {
      for (const each of asked) rows.push(rowOf(each, isLatency, regime, side, ours, etcd))
    }
    rowsOf(latencies(durability), true)
    rows.push(visibilityRow(regime, side, ours))
    rowsOf(throughputs, false)
  }
  return rows
}

/** What it costs that a lock shows what was written before it: against the same lock with nothing written. */
function visibilityRow(regime: string, side: SideName, ours: Results): Row {
  const [after, bare] = [ours.get('lock-after-write 1')!, ours.get('lock 1')!]
  return {
    subject: `lock and unlock after an eventual write, ${side}`,
    regime,
    ours: spreadText(after.samplesUs),
    against: `nothing written ${spreadText(bare.samplesUs)}`,
    ratio: median(after.samplesUs) / median(bare.samplesUs),
  }
}

function rowOf(
  { subject, ours: key, theirs: theirKey, theirName, goals }: Question,
  isLatency: boolean,
  regime: string,
  side: SideName,
  ours: Results,
  etcd: Results | undefined,
): Row {
  const textOf = (result: LoadResult): string =>
    isLatency ? spreadText(result.samplesUs) : rateText(result.perSecond)
  const figureOf = (result: LoadResult): number =>
    isLatency ? median(result.samplesUs) : result.perSecond
  const mine = ours.get(key)!
  const row = { subject: `${subject}, ${side}`, regime, ours: textOf(mine) }
  const reference = etcd?.get(theirKey)
  if (reference === undefined) return { ...row, against: 'not measured' }
  const goal = goals[side]
  return {
    ...row,
    against: `${theirName} ${textOf(reference)}`,
    ratio: figureOf(mine) / figureOf(reference),
    ...(goal === undefined ? {} : { goal: isLatency ? { atMost: goal } : { atLeast: goal } }),
  }
}
