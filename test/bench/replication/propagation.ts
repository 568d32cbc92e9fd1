import { type Regime, type Size } from '../benchmark.ts'
import { median, type Row, spreadText } from '../figure.ts'
import { Program } from '../program.ts'
import { type BareCommand, type BareOptions } from '../programs/bare-libp2p.ts'
import { type PeerCommand, type PeerOptions, type PeerReady } from '../programs/peer.ts'
import { type TlsCommand, type TlsReady } from '../programs/bare-tls.ts'

interface Samples {
  readonly samplesUs: readonly number[]
}

interface Stamped extends Samples {
  /** Of one batch. */
  readonly bytes: number
}

interface Round<Side extends string> {
  readonly samplesUs: Readonly<Record<Side, readonly number[]>>
  readonly bytes: number
}

type Adapter = NonNullable<PeerOptions['dissemination']>

/** Longer than the window in which writes in a row are gathered: each of these leaves at once. */
export const everyMs = 30

/** What gossip puts before a batch. */
const envelopeBytes = 17

const subject = (adapter: Adapter): string => `a write, until it is read elsewhere, by ${adapter}`

/** From a write in one process until it is read in another that has nothing else to do. */
export async function propagationRows(regime: Regime, size: Size): Promise<Row[]> {
  return [...(await directRows(regime, size)), ...(await gossipRows(regime, size))]
}

/**
 * Ours and the others' in turn, each time in new processes: what a machine gives changes from minute to minute, and from
 * process to process.
 */
async function inTurn<Side extends string>(
  size: Size,
  measure: () => Promise<Round<Side>>,
): Promise<{ readonly samplesUs: (side: Side) => number[]; readonly bytes: number }> {
  const rounds: Round<Side>[] = []
  while (rounds.length < (size === 'tiny' ? 1 : 5)) rounds.push(await measure())
  return {
    samplesUs: (side) => rounds.flatMap(({ samplesUs }) => samplesUs[side]),
    bytes: median(rounds.map(({ bytes }) => bytes)),
  }
}

async function directRows(regime: Regime, size: Size): Promise<Row[]> {
  const { samplesUs, bytes } = await inTurn(size, async () => {
    const { samplesUs: ours, bytes: ofBatch } = await propagate(regime, size, 'direct')
    const stream = await echoOfStream(regime, size, ofBatch)
    const socket = await echoOfSocket(regime, size, ofBatch)
    return { samplesUs: { ours, stream, socket }, bytes: ofBatch }
  })
  const ours = samplesUs('ours')
  const row = {
    subject: subject('direct'),
    regime: regime.name,
    ours: `${spreadText(ours)} (${bytes} B)`,
  }
  const stream = samplesUs('stream')
  const socket = samplesUs('socket')
  return [
    {
      ...row,
      against: `bare stream, round trip: ${spreadText(stream)}`,
      ratio: median(ours) / median(stream),
      goal: { atMost: 2 },
    },
    {
      ...row,
      against: `bare socket of TLS, round trip: ${spreadText(socket)}`,
      ratio: median(ours) / median(socket),
    },
  ]
}

async function gossipRows(regime: Regime, size: Size): Promise<Row[]> {
  const { samplesUs, bytes } = await inTurn(size, async () => {
    const { samplesUs: ours, bytes: ofBatch } = await propagate(regime, size, 'gossip')
    const inAll = ofBatch + envelopeBytes
    const bare = await publishBare(regime, size, inAll)
    return { samplesUs: { ours, bare }, bytes: inAll }
  })
  const ours = samplesUs('ours')
  const bare = samplesUs('bare')
  return [
    {
      subject: subject('gossip'),
      regime: regime.name,
      ours: `${spreadText(ours)} (${bytes} B)`,
      against: `bare gossipsub, one way: ${spreadText(bare)}`,
      ratio: median(ours) / median(bare),
      goal: { atMost: 1.5 },
    },
  ]
}

function samples(size: Size): { warmUp: number; all: number } {
  return size === 'tiny' ? { warmUp: 2, all: 7 } : { warmUp: 50, all: 130 }
}

async function propagate({ cores }: Regime, size: Size, dissemination: Adapter): Promise<Stamped> {
  const [writer, { addresses }] = await Program.start<PeerReady>('peer', cores[0], {
    dissemination,
  } satisfies PeerOptions)
  await using _writer = writer
  const [reader] = await Program.start('peer', cores[1], {
    bootstrap: addresses,
    dissemination,
  } satisfies PeerOptions)
  await using _reader = reader
  const { warmUp, all } = samples(size)
  const received = reader.ask<Samples>({
    kind: 'receive-stamps',
    count: all,
  } satisfies PeerCommand)
  const { bytes } = await writer.ask<{ bytes: number }>({
    kind: 'stamp',
    count: all,
    everyMs,
  } satisfies PeerCommand)
  return { samplesUs: (await received).samplesUs.slice(warmUp), bytes }
}

/** Gives what `measure` gets from two bare nodes that are connected, the first of them dialled by the second. */
async function betweenBareNodes<T>(
  { cores }: Regime,
  payloadBytes: number,
  measure: (server: Program, client: Program) => Promise<T>,
): Promise<T> {
  const [server, { addresses }] = await Program.start<PeerReady>('bare-libp2p', cores[1])
  await using _server = server
  const options: BareOptions = { dial: addresses[0], payloadBytes }
  const [client] = await Program.start('bare-libp2p', cores[0], options)
  await using _client = client
  return await measure(server, client)
}

async function echoOfStream(
  regime: Regime,
  size: Size,
  payloadBytes: number,
): Promise<readonly number[]> {
  const { warmUp, all } = samples(size)
  return await betweenBareNodes(regime, payloadBytes, async (_server, client) => {
    const command: BareCommand = { kind: 'echo', count: all, everyMs }
    return (await client.ask<Samples>(command)).samplesUs.slice(warmUp)
  })
}

async function echoOfSocket(
  { cores }: Regime,
  size: Size,
  payloadBytes: number,
): Promise<readonly number[]> {
  const [server, { port }] = await Program.start<TlsReady>('bare-tls', cores[1])
  await using _server = server
  const [client] = await Program.start('bare-tls', cores[0], { dial: port })
  await using _client = client
  const { warmUp, all } = samples(size)
  const command: TlsCommand = { kind: 'echo', count: all, everyMs, payloadBytes }
  return (await client.ask<Samples>(command)).samplesUs.slice(warmUp)
}

async function publishBare(
  regime: Regime,
  size: Size,
  payloadBytes: number,
): Promise<readonly number[]> {
  const { warmUp, all } = samples(size)
  return await betweenBareNodes(regime, payloadBytes, async (server, client) => {
    const received = server.ask<Samples>({ kind: 'receive', count: all } satisfies BareCommand)
    await client.ask({ kind: 'publish', count: all, everyMs } satisfies BareCommand)
    return (await received).samplesUs.slice(warmUp)
  })
}
