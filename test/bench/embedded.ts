import { type Benchmark, type Regime, type Surroundings } from './benchmark.ts'
import { median, rateText, type Row } from './figure.ts'
import { Program } from './program.ts'
import { type LoadResult } from './programs/load.ts'
import { type PeerReady } from './programs/peer.ts'
import { startRedis } from './redis.ts'

/** A counter in the process that counts, against a counter across a socket. */
export const embedded: Benchmark = {
  name: 'embedded',
  title: 'A counter embedded in the function',
  method:
    "`counter.add(1)` in a peer's process, 10,000 to a turn of the event loop; the clock stops when a second peer in " +
    'another process has read the final value. Against `INCR` through ioredis, one in flight, each answer awaited.',
  async run({ size, redis, regimes }) {
    const rows: Row[] = []
    for (const regime of regimes) {
      const perSecond = await countEmbedded(regime, size === 'tiny' ? 20_000 : 10_000_000)
      const row = {
        subject: '`counter.add`, until another process has read the total',
        regime: regime.name,
        ours: rateText(perSecond),
      }
      if (redis === undefined) {
        rows.push({ ...row, against: 'not measured' })
        continue
      }
      const reference = await countRedis(redis, regime, size === 'tiny' ? 200 : 10_000)
      rows.push({
        ...row,
        against: `ioredis INCR ${rateText(reference)}`,
        ratio: perSecond / reference,
        goal: { atLeast: 100 },
      })
    }
    return rows
  },
}

async function countEmbedded({ cores }: Regime, count: number): Promise<number> {
  const [writer, { addresses }] = await Program.start<PeerReady>('peer', cores[0])
  await using _writer = writer
  const [reader] = await Program.start('peer', cores[1], { bootstrap: addresses })
  await using _reader = reader
  const rates: number[] = []
  for (let round = 0, total = 0; round < 4; round++) {
    total += count
    const read = reader.ask<{ endNs: number }>({ kind: 'await-total', total })
    const { startNs } = await writer.ask<{ startNs: number }>({
      kind: 'add',
      count,
      perTurn: 10_000,
    })
    const { endNs } = await read
    rates.push((count * 1e9) / (endNs - startNs))
  }
  // The first round warms up.
  return median(rates.slice(1))
}

async function countRedis(
  file: NonNullable<Surroundings['redis']>,
  { cores }: Regime,
  count: number,
): Promise<number> {
  await using server = await startRedis(file, cores[1])
  const [client] = await Program.start('redis-client', cores[0], { port: server.port })
  await using _client = client
  const rates: number[] = []
  for (let round = 0; round < 4; round++) {
    const { perSecond } = await client.ask<LoadResult>({ verb: 'add', count, inFlight: 1 })
    rates.push(perSecond)
  }
  return median(rates.slice(1))
}
