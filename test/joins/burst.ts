/*
 * Many peers that join at once, in this process. Each connects to each other: what that costs grows with their square,
 * and is what the figures are for.
 */
import { performance } from 'node:perf_hooks'
import { PeerHost } from '#peer/peer-host.ts'
import { type Report } from '#peer/report.ts'

/** What a burst of joins came to. */
export interface JoinFigures {
  readonly peers: number
  /** From the first start until each peer is connected to each other. */
  readonly meshMs: number
  /** From the first start until each peer has joined: it is connected to somebody. */
  readonly joinedMs: number
  readonly connections: number
  readonly dials: number
  readonly dialsFailed: number
  /** Processor time of all peers, while they joined and while they then did nothing. */
  readonly joinCpuMs: number
  readonly idleCpuMsPerSecond: number
  readonly memoryBytes: number
  /** Of other kinds than those that say that this process, which is all peers at once, was held up. */
  readonly reports: readonly Report[]
}

const slow = new Set<Report['kind']>([
  ...(['not-joined', 'joined-late'] as const),
  ...(['peer-thawed', 'peer-suspected', 'peer-heard-again'] as const),
])

const key = 'a key for bursts of joins, and for them only'

/** Starts `count` peers, all but the founder at once. */
export async function joinBurst(count: number, timeoutMs: number): Promise<JoinFigures> {
  const reports: Report[] = []
  const onReport = (report: Report): void => {
    if (!slow.has(report.kind)) reports.push(report)
  }
  const options = { clusterKey: key, dissemination: 'direct', onReport } as const
  const founder = await PeerHost.start(options)
  const bootstrap = founder.addresses
  const startCpu = process.cpuUsage()
  const startMs = performance.now()
  const joiners = await Promise.all(
    Array.from({ length: count - 1 }, async () => await PeerHost.start({ ...options, bootstrap })),
  )
  const joinedMs = performance.now() - startMs
  const peers = [founder, ...joiners]
  try {
    const isWhole = (): boolean => peers.every((peer) => peer.statistics().peers === count - 1)
    while (!isWhole() && performance.now() - startMs < timeoutMs) await pause(50)
    const meshMs = isWhole() ? performance.now() - startMs : Number.POSITIVE_INFINITY
    const joinCpuMs = milliseconds(process.cpuUsage(startCpu))
    const idleCpu = process.cpuUsage()
    await pause(2000)
    const idleCpuMsPerSecond = milliseconds(process.cpuUsage(idleCpu)) / 2
    const all = peers.map((peer) => peer.statistics())
    const total = (of: (each: (typeof all)[number]) => number): number =>
      all.reduce((sum, each) => sum + of(each), 0)
    return {
      ...{ peers: count, meshMs, joinedMs, joinCpuMs, idleCpuMsPerSecond, reports },
      connections: total((each) => each.peers) / 2,
      dials: total((each) => each.dials),
      dialsFailed: total((each) => each.dialsFailed),
      memoryBytes: process.memoryUsage.rss(),
    }
  } finally {
    await Promise.all(peers.map(async (peer) => await peer.stop({ deadlineMs: 0 })))
  }
}

/** Figures as a line. */
export function lineOf(figures: JoinFigures): string {
  const { peers, joinedMs, meshMs, connections, dials, dialsFailed, joinCpuMs } = figures
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  return [
    `${peers} peers: joined after ${seconds(joinedMs)}, each connected to each after ${seconds(meshMs)}`,
    `${connections} connections by ${dials} dials, ${dialsFailed} failed`,
    `${seconds(joinCpuMs)} of processor time, ${(joinCpuMs / connections).toFixed(1)} ms a connection`,
    `idle ${figures.idleCpuMsPerSecond.toFixed(0)} ms a second`,
    `${(figures.memoryBytes / 2 ** 20).toFixed(0)} MB`,
  ].join('; ')
}

function milliseconds({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1000
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}
