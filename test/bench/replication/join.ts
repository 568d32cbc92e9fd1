import { type Size } from '../benchmark.ts'
import { median, type Row, sizeText, timeText } from '../figure.ts'
import { Program } from '../program.ts'
import { type Fetched, type TlsReady } from '../programs/bare-tls.ts'
import { type PeerReady } from '../programs/peer.ts'
import { type Joined, type ReplicaOptions } from '../programs/replica.ts'

const blockedGoal = { atMost: 50, unit: 'ms' }

interface JoinRun extends Joined {
  readonly sourceBlockedMs: number
}

/** A peer opens a space that another one holds: against the same bytes over a bare socket, decoded from memory. */
export async function joinRows(size: Size): Promise<Row[]> {
  const objects = size === 'tiny' ? 300 : 100_000
  const rounds = size === 'tiny' ? 1 : 5
  const joins = await joinTimes(objects, rounds)
  const bare = await bareTimes(objects, rounds)
  const of = (pick: (run: JoinRun) => number): number => median(joins.map(pick))
  const transferMs = median(bare.map((run) => run.transferMs))
  const decodeMs = median(bare.map((run) => run.decodeMs))
  const subject = `join of a space of ${objects} objects`
  const blocked = (side: string, ms: number): Row => ({
    subject: `${subject}: the event loop stood still at most, ${side}`,
    regime: 'any',
    ours: timeText(ms * 1000),
    measured: ms,
    goal: blockedGoal,
  })
  return [
    {
      subject,
      regime: 'any',
      ours: `${timeText(of(({ joinMs }) => joinMs) * 1000)}, ${sizeText(of(({ bytesReceived }) => bytesReceived))}`,
      against:
        `transfer ${timeText(transferMs * 1000)} + decoding ${timeText(decodeMs * 1000)}, ` +
        sizeText(bare[0]?.bytes ?? NaN),
      ratio: of(({ joinMs }) => joinMs) / (transferMs + decodeMs),
      goal: { atMost: 1.5 },
    },
    blocked(
      'at the one that joins',
      of(({ blockedMs }) => blockedMs),
    ),
    blocked(
      'at the one that gives',
      of(({ sourceBlockedMs }) => sourceBlockedMs),
    ),
  ]
}

async function joinTimes(objects: number, rounds: number): Promise<JoinRun[]> {
  const dissemination = 'direct'
  const options: ReplicaOptions = { name: 'source', dissemination }
  const [source, { addresses }] = await Program.start<PeerReady>('replica', undefined, options)
  await using _source = source
  await source.ask({ kind: 'make-objects', count: objects })
  const runs: JoinRun[] = []
  for (let round = 0; round < rounds; round++) {
    const newcomer: ReplicaOptions = { name: 'newcomer', dissemination, bootstrap: addresses }
    const [program] = await Program.start('replica', undefined, newcomer)
    await using _program = program
    await source.ask({ kind: 'watch-loop' })
    const joined = await program.ask<Joined>({ kind: 'join', objects })
    const { blockedMs } = await source.ask<{ blockedMs: number }>({ kind: 'watch-loop' })
    if (joined.found !== objects) throw new Error(`${joined.found} of ${objects} objects arrived`)
    runs.push({ ...joined, sourceBlockedMs: blockedMs })
  }
  return runs
}

async function bareTimes(objects: number, rounds: number): Promise<Fetched[]> {
  const [server, { port }] = await Program.start<TlsReady>('bare-tls', undefined, { objects })
  await using _server = server
  const runs: Fetched[] = []
  for (let round = 0; round < rounds; round++) {
    // Fresh, as the one that joins is.
    const [client] = await Program.start('bare-tls', undefined, { dial: port })
    await using _client = client
    runs.push(await client.ask<Fetched>({ kind: 'fetch' }))
  }
  return runs
}
