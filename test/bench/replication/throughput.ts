import { type PeerStatistics } from '@joinery/peer'
import { type Size } from '../benchmark.ts'
import { median, rateText, type Row } from '../figure.ts'
import { type ReplicaCommand } from '../programs/replica.ts'
import { type Adapter, Replicas } from './replicas.ts'

type Verb = Extract<ReplicaCommand, { kind: 'write' }>['verb']

interface Load {
  readonly verb: Verb
  readonly subject: string
  /** At each peer, in each round. */
  readonly count: number
  readonly perTurn: number
}

interface Throughput {
  readonly perSecond: number
  readonly batchBytes: number
  readonly sentBytes: number
}

const peers = 3

/** Three peers write as fast as they can at the same time, until each of them holds all of it. */
export async function throughputRows(adapter: Adapter, size: Size): Promise<Row[]> {
  const part = size === 'tiny' ? 0.001 : 1
  const loads: readonly Load[] = [
    {
      verb: 'counter.add',
      subject: 'one counter',
      count: 10_000_000 * part,
      perTurn: 10_000,
    },
    {
      verb: 'map.set',
      subject: '`map.set` of distinct keys',
      count: 100_000 * part,
      perTurn: Math.min(500, 100_000 * part),
    },
  ]
  const rows: Row[] = []
  for (const load of loads) {
    const { perSecond, batchBytes, sentBytes } = await measure(load, adapter, size)
    rows.push({
      subject: `${peers} processes, ${load.subject}, until all hold all, by ${adapter}`,
      regime: 'any',
      ours: `${rateText(perSecond)}; ${bytesText(batchBytes)} an operation in batches, ${bytesText(sentBytes)} sent in all`,
    })
  }
  return rows
}

async function measure(load: Load, adapter: Adapter, size: Size): Promise<Throughput> {
  await using replicas = await Replicas.start(peers, adapter)
  const rounds = size === 'tiny' ? 1 : 4
  const all = peers * load.count
  const before = await replicas.askAll<PeerStatistics>({ kind: 'statistics' })
  const rates: number[] = []
  for (let round = 1; round <= rounds; round++) {
    const { verb, count, perTurn } = load
    const begun = await replicas.askAll<{ startNs: number }>({
      kind: 'write',
      verb,
      count,
      perTurn,
    })
    const ended = await replicas.askAll<{ endNs: number }>({
      kind: 'await-all',
      counted: verb === 'counter.add' ? round * all : 0,
      entries: verb === 'map.set' ? round * all : 0,
    })
    const startNs = Math.min(...begun.map((answer) => answer.startNs))
    const endNs = Math.max(...ended.map((answer) => answer.endNs))
    rates.push((all * 1e9) / (endNs - startNs))
  }
  const after = await replicas.askAll<PeerStatistics>({ kind: 'statistics' })
  const grown = (name: 'updates' | 'bytes' | 'bytesSent'): number =>
    after.reduce((sum, each, i) => sum + each[name] - (before[i]?.[name] ?? 0), 0)
  return {
    // The first round warms up.
    perSecond: median(rounds > 1 ? rates.slice(1) : rates),
    batchBytes: grown('bytes') / grown('updates'),
    sentBytes: grown('bytesSent') / grown('updates'),
  }
}

function bytesText(bytes: number): string {
  return `${bytes.toPrecision(3)} B`
}
