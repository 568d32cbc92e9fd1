import { type Benchmark, type Regime, type Size } from './benchmark.ts'
import { median, type Row, spreadText } from './figure.ts'
import { Program } from './program.ts'
import { type BareCommand } from './programs/bare-libp2p.ts'
import { type PeerCommand, type PeerReady } from './programs/peer.ts'

interface Samples {
  readonly samplesUs: readonly number[]
}

/** Longer than the window in which writes in a row are gathered: each of these leaves at once. */
const everyMs = 30

/** From a write in one process until it is read in another. */
export const propagation: Benchmark = {
  name: 'propagation',
  title: 'From one process to another',
  method:
    `One \`map.set\` every ${everyMs} ms in one peer, until a listener in another peer's process has read it (one way). ` +
    'Against libp2p with nothing of ours on it, at the same pace: the round trip of 64 bytes on an open stream, and one ' +
    'way through gossipsub with the same settings. Faster writers are gathered for 25 ms and more: see the ' +
    'architecture.',
  async run({ size, regimes }) {
    const rows: Row[] = []
    for (const regime of regimes) {
      const ours = await propagate(regime, size)
      const bare = await runBare(regime, size)
      const subject = 'a write, until it is read elsewhere'
      const row = { subject, regime: regime.name, ours: spreadText(ours) }
      rows.push(
        {
          ...row,
          against: `bare stream, round trip: ${spreadText(bare.echo)}`,
          ratio: median(ours) / median(bare.echo),
        },
        {
          ...row,
          against: `bare gossipsub, one way: ${spreadText(bare.gossip)}`,
          ratio: median(ours) / median(bare.gossip),
        },
      )
    }
    return rows
  },
}

function samples(size: Size): { warmUp: number; count: number } {
  return size === 'tiny' ? { warmUp: 2, count: 5 } : { warmUp: 20, count: 200 }
}

async function propagate({ cores }: Regime, size: Size): Promise<readonly number[]> {
  const [writer, { addresses }] = await Program.start<PeerReady>('peer', cores[0])
  await using _writer = writer
  const [reader] = await Program.start('peer', cores[1], { bootstrap: addresses })
  await using _reader = reader
  const { warmUp, count } = samples(size)
  const all = warmUp + count
  const received = reader.ask<Samples>({
    kind: 'receive-stamps',
    count: all,
  } satisfies PeerCommand)
  await writer.ask({ kind: 'stamp', count: all, everyMs } satisfies PeerCommand)
  return (await received).samplesUs.slice(warmUp)
}

async function runBare(
  { cores }: Regime,
  size: Size,
): Promise<{ echo: readonly number[]; gossip: readonly number[] }> {
  const [server, { addresses }] = await Program.start<PeerReady>('bare-libp2p', cores[1])
  await using _server = server
  const [client] = await Program.start('bare-libp2p', cores[0], { dial: addresses[0] })
  await using _client = client
  const { warmUp, count } = samples(size)
  const all = warmUp + count
  const echo = await client.ask<Samples>({
    kind: 'echo',
    count: all,
    everyMs,
  } satisfies BareCommand)
  const received = server.ask<Samples>({ kind: 'receive', count: all } satisfies BareCommand)
  await client.ask({ kind: 'publish', count: all, everyMs } satisfies BareCommand)
  const gossip = await received
  return { echo: echo.samplesUs.slice(warmUp), gossip: gossip.samplesUs.slice(warmUp) }
}
