import { type Benchmark, type Regime, type Size } from './benchmark.ts'
import { median, rateText, type Row, spreadText } from './figure.ts'
import { Program } from './program.ts'
import { type Load, type LoadResult } from './programs/load.ts'
import { type PeerReady } from './programs/peer.ts'
import { startRedis } from './redis.ts'

const verbs = ['add', 'set', 'get'] as const
const ourNames = { add: '`counter.add`', set: '`map.set`', get: '`map.get`' }
const redisNames = { add: 'INCR', set: 'SET', get: 'GET' }
const rounds = 3

/** Figures of one client, by operation and number in flight. */
type Results = Map<string, LoadResult>

/** A function without a peer of its own, against Redis. */
export const gateway: Benchmark = {
  name: 'gateway',
  title: 'Through a gateway',
  method:
    'A client process and a gateway process, against ioredis (as it comes, without automatic pipelining) and ' +
    'redis-server without persistence. Each answer is awaited; with 64 in flight, 64 such loops run at once. Texts of ' +
    '64 bytes, 1,000 keys.',
  async run({ size, redis, regimes }) {
    const rows: Row[] = []
    for (const regime of regimes) {
      const ours = await measureGateway(regime, size)
      const theirs = redis === undefined ? undefined : await measureRedis(redis, regime, size)
      for (const verb of verbs) {
        rows.push(latencyRow(regime, verb, ours, theirs), throughputRow(regime, verb, ours, theirs))
      }
    }
    return rows
  },
}

function latencyRow(
  { name }: Regime,
  verb: Load['verb'],
  ours: Results,
  theirs: Results | undefined,
): Row {
  const mine = ours.get(`${verb} 1`)?.samplesUs ?? []
  const row = { subject: `${ourNames[verb]}, one in flight`, regime: name, ours: spreadText(mine) }
  const reference = theirs?.get(`${verb} 1`)?.samplesUs
  if (reference === undefined) return { ...row, against: 'not measured' }
  return {
    ...row,
    against: `${redisNames[verb]} ${spreadText(reference)}`,
    ratio: median(mine) / median(reference),
    goal: { atMost: 1.5 },
  }
}

function throughputRow(
  { name }: Regime,
  verb: Load['verb'],
  ours: Results,
  theirs: Results | undefined,
): Row {
  const mine = ours.get(`${verb} 64`)?.perSecond ?? NaN
  const row = { subject: `${ourNames[verb]}, 64 in flight`, regime: name, ours: rateText(mine) }
  const reference = theirs?.get(`${verb} 64`)?.perSecond
  if (reference === undefined) return { ...row, against: 'not measured' }
  return {
    ...row,
    against: `${redisNames[verb]} ${rateText(reference)}`,
    ratio: mine / reference,
    goal: { atLeast: 0.8 },
  }
}

async function measureGateway({ cores }: Regime, size: Size): Promise<Results> {
  const [peer, { gatewayUrl }] = await Program.start<PeerReady>('peer', cores[1], {
    hasGateway: true,
  })
  await using _peer = peer
  const [client] = await Program.start('gateway-client', cores[0], { url: gatewayUrl })
  await using _client = client
  return await loadAll(client, size)
}

async function measureRedis(file: string, { cores }: Regime, size: Size): Promise<Results> {
  await using server = await startRedis(file, cores[1])
  const [client] = await Program.start('redis-client', cores[0], { port: server.port })
  await using _client = client
  return await loadAll(client, size)
}

async function loadAll(client: Program, size: Size): Promise<Results> {
  const results: Results = new Map()
  for (const inFlight of [1, 64]) {
    const count = size === 'tiny' ? 128 : inFlight === 1 ? 4000 : 40_000
    for (const verb of verbs) {
      const load: Load = { verb, count, inFlight }
      // The first warms up.
      await client.ask(load)
      const runs: LoadResult[] = []
      for (let round = 0; round < rounds; round++) runs.push(await client.ask<LoadResult>(load))
      results.set(`${verb} ${inFlight}`, {
        perSecond: median(runs.map(({ perSecond }) => perSecond)),
        samplesUs: runs.flatMap(({ samplesUs }) => samplesUs),
      })
    }
  }
  return results
}
