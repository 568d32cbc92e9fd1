import { fileURLToPath } from 'node:url'
import { median } from '#test/bench/figure.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import type { Cluster } from './cluster.ts'
import type { Probe, ProberCommand } from './fixtures/prober.ts'

const proberProgram = fileURLToPath(new URL('./fixtures/prober.ts', import.meta.url))
const operations = 20_000

/** What a space costs, at who has it open and at who joins. */
export interface Costs {
  readonly stateBytes: number
  readonly vectorEntries: number
  readonly syncMs: number
  readonly operationsPerSecond: number
  /** Of a process that has just started and opened the space; and what of it came by opening. */
  readonly heapBytes: number
  readonly openedBytes: number
}

/** Holds two spaces against each other: one after the other, in one process, by turns. */
export async function compare(
  [one, other]: readonly [Cluster, Cluster],
  pairs: number,
): Promise<readonly [Costs, Costs]> {
  const sizes = [await sizesOf(one), await sizesOf(other)] as const
  const heaps = [await readerOf(one), await readerOf(other)] as const
  const probes: [Probe[], Probe[]] = [[], []]
  const prober = new RemoteProcess<ProberCommand>(proberProgram)
  try {
    // Of the first the compiler has not seen enough.
    for (let pair = -1; pair < pairs; pair++) {
      const order = pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)
      for (const which of order) {
        const probe = await probeOf([one, other][which]!, prober)
        if (pair >= 0) probes[which].push(probe)
      }
    }
  } finally {
    await prober.kill()
  }
  return [
    { ...sizes[0], ...heaps[0], ...ratesOf(probes[0]) },
    { ...sizes[1], ...heaps[1], ...ratesOf(probes[1]) },
  ]
}

async function sizesOf(cluster: Cluster): Promise<Pick<Costs, 'stateBytes' | 'vectorEntries'>> {
  const samples = await cluster.sample()
  return {
    stateBytes: Math.max(...samples.map(({ stateBytes }) => stateBytes)),
    vectorEntries: Math.max(...samples.map(({ vectorEntries }) => vectorEntries)),
  }
}

async function readerOf(cluster: Cluster): Promise<Pick<Costs, 'heapBytes' | 'openedBytes'>> {
  const reader = new RemoteProcess<ProberCommand>(proberProgram)
  try {
    const { heapBytes, openedBytes } = await probeOf(cluster, reader)
    return { heapBytes, openedBytes }
  } finally {
    await reader.kill()
  }
}

async function probeOf(cluster: Cluster, prober: RemoteProcess<ProberCommand>): Promise<Probe> {
  return await prober.ask<Probe>({ bootstrap: cluster.addresses, operations })
}

function ratesOf(probes: readonly Probe[]): Pick<Costs, 'syncMs' | 'operationsPerSecond'> {
  return {
    syncMs: median(probes.map(({ syncMs }) => syncMs)),
    operationsPerSecond: median(probes.map((probe) => probe.operationsPerSecond)),
  }
}
