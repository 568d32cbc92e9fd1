import { type Size } from '../benchmark.ts'
import { type Row, spreadText } from '../figure.ts'
import { type ReplicaCommand } from '../programs/replica.ts'
import { type Adapter, Replicas } from './replicas.ts'

const everyMs = 5

/** Two peers write at a steady rate; how long until a third one has read what they wrote. */
export async function loadLatencyRows(adapter: Adapter, size: Size): Promise<Row[]> {
  const rows: Row[] = []
  for (const perStep of [1, 50]) {
    const steps = size === 'tiny' ? 10 : 800
    const samplesUs = await measure({ kind: 'stamp', steps, everyMs, perStep }, adapter)
    const perSecond = (1000 / everyMs) * perStep
    rows.push({
      subject: `a write, until it is read elsewhere, while 2 peers write ${perSecond} a second each, by ${adapter}`,
      regime: 'any',
      ours: spreadText(samplesUs),
    })
  }
  return rows
}

async function measure(
  command: Extract<ReplicaCommand, { kind: 'stamp' }>,
  adapter: Adapter,
): Promise<readonly number[]> {
  await using replicas = await Replicas.start(3, adapter)
  const [reader, ...writers] = replicas.programs
  if (reader === undefined) throw new Error('no reader')
  const { steps, perStep } = command
  // Writes to one key that are gathered in one window show as one: the keys are so many that this does not happen.
  const count = Math.floor(writers.length * steps * perStep * 0.9)
  const received = reader.ask<{ samplesUs: readonly number[] }>({ kind: 'receive-stamps', count })
  await Promise.all(writers.map((writer) => writer.ask(command)))
  const { samplesUs } = await received
  return samplesUs.slice(Math.floor(samplesUs.length / 4))
}
