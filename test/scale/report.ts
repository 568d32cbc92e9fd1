import { fitPower, type Point } from './fit.ts'
import { modelAt, type Modelled } from './model.ts'
import { type Panel } from './plot.ts'
import { type ScaleFigures } from './run-scale.ts'
import { type Adapter } from './scale-peer.ts'

const adapters: readonly Adapter[] = ['direct', 'gossip']
/** From so many peers on a power is fitted: below, windows gather much and hide it. */
const largeFrom = 30
/** For which a model on paper answers. */
const modelled = 1000

/*
 * What carries the messages, in us of processor time, measured apart from replication: a frame on a lane, a frame over
 * libp2p beyond the number of lanes that a peer has, and a copy of gossip with what its bytes add.
 */
const laneFrameUs = 5
const streamFrameUs = 60
const lanesMax = 128
const gossipCopyUs = 65
const gossipUsPerByte = 13 / 1024

type Measure = (figures: ScaleFigures) => number

const bytesOf: Measure = (one) => one.bytesSent + one.bytesReceived
const messagesOf: Measure = (one) => one.messagesSent + one.messagesReceived
const cpuOf: Measure = (one) => one.cpuUs

/** Of the transport on paper: see above. */
function transportUs({ adapter, peers, ...one }: ScaleFigures): number {
  if (adapter === 'gossip') {
    return one.messagesReceived * gossipCopyUs + one.bytesReceived * gossipUsPerByte
  }
  const onLanes = Math.min(1, lanesMax / (peers - 1))
  const frameUs = onLanes * laneFrameUs + (1 - onLanes) * streamFrameUs
  return (one.messagesSent + one.messagesReceived) * frameUs
}

export function renderTable(found: readonly ScaleFigures[]): string {
  const header = [
    ...['peers', 'by', 'kB', 'messages', 'repeated', 'CPU ms', '+ transport'],
    ...['batches', 'B each', 'named each', 'everywhere p50', 'p99', 'converged'],
  ]
  const rows = found.map((one) => [
    `${one.peers}`,
    one.adapter,
    (bytesOf(one) / 1000).toFixed(1),
    messagesOf(one).toFixed(0),
    one.repeated.toFixed(0),
    (one.cpuUs / 1000).toFixed(1),
    (transportUs(one) / 1000).toFixed(1),
    one.batches.toFixed(0),
    one.batchBytes.toFixed(0),
    one.dependencies.toFixed(1),
    `${one.everywhereMs.p50.toFixed(0)} ms`,
    `${one.everywhereMs.p99.toFixed(0)} ms`,
    `${one.convergedMs} ms`,
  ])
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all.map((row) => row.map((cell, i) => cell.padStart(widths[i]!)).join('  ')).join('\n')
}

/** How it grows, what most of it is, and what sizes would take that were not measured. */
export function renderConclusions(found: readonly ScaleFigures[]): string {
  const lines = ['', `growth from ${largeFrom} peers on, as a power of the number of peers`]
  for (const adapter of adapters) {
    const large = found.filter((one) => one.adapter === adapter && one.peers >= largeFrom)
    if (large.length < 2) continue
    const power = (of: Measure): string => fitPower(pointsOf(large, of)).toFixed(2)
    lines.push(
      `  ${adapter}: bytes ${power(bytesOf)}, messages ${power(messagesOf)}, CPU ${power(cpuOf)}`,
    )
    // What the model says of the largest size from the one before shows what it is worth.
    const [before, last] = [large.at(-2)!, large.at(-1)!]
    lines.push(
      `  ${last.peers} peers on paper, from ${before.peers}: ${modelText(before, last.peers)}`,
    )
    for (const peers of [300, modelled]) {
      if (peers > last.peers) lines.push(`  ${peers} peers on paper: ${modelText(last, peers)}`)
    }
  }
  return [...lines, ...bottleneckLines(found)].join('\n')
}

function modelText(measured: ScaleFigures, peers: number): string {
  const { bytes, messages, cpuUs } = modelAt(measured, peers)
  return `${(bytes / 1000).toFixed(1)} kB, ${messages.toFixed(0)} messages, ${(cpuUs / 1000).toFixed(1)} ms of CPU`
}

/** What a peer of the largest size does, by direct. */
function bottleneckLines(found: readonly ScaleFigures[]): string[] {
  const direct = found.filter(({ adapter }) => adapter === 'direct')
  const [smallest, largest] = [direct[0], direct.at(-1)]
  if (smallest === undefined || largest === undefined) return []
  const { peers, batchBytes, bytesReceived, messagesReceived } = largest
  const takenBy = (one: ScaleFigures): number => one.batches * (1 - 1 / one.peers)
  const cpuText = (one: ScaleFigures): string => (one.cpuUs / takenBy(one)).toFixed(0)
  const taken = takenBy(largest)
  return [
    '',
    `what it is at ${peers} peers, by direct`,
    `  each peer takes in ${taken.toFixed(0)} batches a second, all that there are: ${batchBytes.toFixed(0)} B each, of which ${largest.dependencies.toFixed(1)} others are named`,
    `  batches are ${percent((taken * batchBytes) / bytesReceived)} of the bytes that it gets, and ${percent(taken / messagesReceived)} of the messages; the rest are frames, digests, asks and answers`,
    `  ${cpuText(largest)} us of its CPU for each batch that it takes in; at ${smallest.peers} peers ${cpuText(smallest)} us`,
    '  the bottleneck: each peer takes in what all write, one message for each batch. Their number follows the load, and not the number of peers. ' +
      'What would lift it: longer windows, in which a batch carries more operations; several spaces, of which each peer holds those that it uses; ' +
      'fewer peers that hold the space, through whose gateways the others write.',
  ]
}

function pointsOf(figures: readonly ScaleFigures[], of: Measure): Point[] {
  return figures.map((one) => [one.peers, of(one)])
}

function percent(part: number): string {
  return `${(100 * Math.min(1, Math.max(0, part))).toFixed(0)} %`
}

const colors = { direct: '#1f77b4', gossip: '#d62728' } as const

export function scalePanels(found: readonly ScaleFigures[]): Panel[] {
  const panel = (
    title: string,
    of: Measure,
    modelledAs: (modelled: Modelled) => number,
  ): Panel => ({
    title,
    series: adapters.flatMap((adapter) => {
      const figures = found.filter((one) => one.adapter === adapter)
      const measured = {
        ...{ name: adapter, color: colors[adapter] },
        points: pointsOf(figures, of),
      }
      const last = figures.at(-1)
      if (last === undefined || last.peers >= modelled) return [measured]
      const model = {
        ...{ name: `${adapter}, model`, color: colors[adapter], isModel: true },
        points: [
          [last.peers, of(last)] as const,
          [modelled, modelledAs(modelAt(last, modelled))] as const,
        ],
      }
      return [measured, model]
    }),
  })
  return [
    panel('bytes of a peer in a second', bytesOf, ({ bytes }) => bytes),
    panel('messages of a peer in a second', messagesOf, ({ messages }) => messages),
    panel('CPU of a peer in a second, us', cpuOf, ({ cpuUs }) => cpuUs),
    {
      title: 'from a write until it is everywhere, p99, ms',
      series: adapters.map((adapter) => ({
        ...{ name: adapter, color: colors[adapter] },
        points: found
          .filter((one) => one.adapter === adapter)
          .map((one) => [one.peers, one.everywhereMs.p99] as const),
      })),
    },
  ]
}
