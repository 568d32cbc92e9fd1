import { type Benchmark, type Size, type Surroundings } from './benchmark.ts'
import { ByteCounter } from './byte-counter.ts'
import { median, type Row } from './figure.ts'
import { Program } from './program.ts'
import { type Load } from './programs/load.ts'
import { type PeerReady, type WireUse } from './programs/peer.ts'
import { type Imported, type StartTime } from './programs/start-time.ts'

/** What it takes to begin, and what goes over the wire. */
export const footprint: Benchmark = {
  name: 'footprint',
  title: 'Start, and bytes on the wire',
  method:
    'Import and start: in fresh processes, from the first line of the program, median of several. Bytes between peers: ' +
    '`map.set` with keys `key-0` to `key-999`, as batches and as all that was handed to the connection with one other ' +
    'peer (replication included, encryption and TCP not), each flush awaited until the other peer holds it. Bytes through a ' +
    'gateway: all that TCP carried, both ways.',
  async run(surroundings) {
    return [
      ...(await startRows(surroundings)),
      ...(await peerRows(surroundings.size)),
      ...(await gatewayRows(surroundings.size)),
    ]
  },
}

async function startRows({ size, regimes }: Surroundings): Promise<Row[]> {
  const rows: Row[] = []
  for (const { name, cores } of regimes) {
    const core = cores[0] === cores[1] ? cores[0] : undefined
    const client = await startTimes('@joinery/client', core, size)
    const peer = await startTimes('@joinery/peer', core, size)
    const yjs = await startTimes('yjs', core, size)
    const importMs = (times: readonly StartTime[]): number =>
      median(times.map((time) => time.importMs))
    rows.push(
      {
        subject: 'import of the client',
        regime: name,
        ours: `${importMs(client).toFixed(1)} ms`,
        against: `import of yjs ${importMs(yjs).toFixed(1)} ms`,
        ratio: importMs(client) / importMs(yjs),
      },
      { subject: 'import of the peer', regime: name, ours: `${importMs(peer).toFixed(0)} ms` },
      {
        subject: 'start of a peer, import not counted',
        regime: name,
        ours: `${median(peer.map((time) => time.startMs ?? NaN)).toFixed(0)} ms`,
      },
    )
  }
  return rows
}

/** Fresh processes that import one module. */
export async function startTimes(
  module: Imported,
  core: number | undefined,
  size: Size,
): Promise<StartTime[]> {
  const times: StartTime[] = []
  for (let left = size === 'tiny' ? 1 : 7; left > 0; left--) {
    const [program, time] = await Program.start<StartTime>('start-time', core, { module })
    await program[Symbol.asyncDispose]()
    times.push(time)
  }
  return times
}

async function peerRows(size: Size): Promise<Row[]> {
  const [writer, { addresses }] = await Program.start<PeerReady>('peer', undefined)
  await using _writer = writer
  const [reader] = await Program.start('peer', undefined, { bootstrap: addresses })
  await using _reader = reader
  const batches = size === 'tiny' ? 3 : 100
  const rows: Row[] = []
  for (const perBatch of [1, 100]) {
    const use = await writer.ask<WireUse>({ kind: 'flush-each', batches, perBatch })
    const batch = (use.bytes / use.updates).toFixed(1)
    const sent = (use.bytesSent / use.updates).toFixed(1)
    rows.push({
      subject: `\`map.set\` between peers, ${perBatch} to a flush`,
      regime: 'any',
      ours: `${batch} B an operation in batches, ${sent} B in all`,
    })
  }
  return rows
}

async function gatewayRows(size: Size): Promise<Row[]> {
  const [peer, { gatewayUrl }] = await Program.start<PeerReady>('peer', undefined, {
    hasGateway: true,
  })
  await using _peer = peer
  await using wire = await ByteCounter.start(new URL(gatewayUrl))
  const [client] = await Program.start('gateway-client', undefined, { url: wire.url.href })
  await using _client = client
  const rows: Row[] = []
  const count = size === 'tiny' ? 64 : 2048
  for (const inFlight of [1, 64]) {
    const load: Load = { verb: 'add', count, inFlight }
    await client.ask(load)
    const before = wire.bytes
    await client.ask(load)
    rows.push({
      subject: `\`counter.add\` through a gateway, ${inFlight} in flight`,
      regime: 'any',
      ours: `${((wire.bytes - before) / count).toFixed(1)} B an operation, both ways`,
    })
  }
  return rows
}
