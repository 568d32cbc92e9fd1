/*
 * A peer of several that write at the same time, and one that brings up newcomers.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { createPeer, type PeerStatistics } from '@joinery/peer'
import { counter, map } from '@joinery/crdt-objects'
import { countObjects, makeObjects } from './many-objects.ts'
import { answer, nowNs, readOptions, serve } from './parent.ts'

/** What a replica is told. */
export type ReplicaCommand =
  /** Writes as fast as it can, `perTurn` operations in each turn of the event loop. */
  | {
      readonly kind: 'write'
      readonly verb: 'counter.add' | 'map.set'
      readonly count: number
      readonly perTurn: number
    }
  /** Reads until all that all of them wrote so far is here. */
  | { readonly kind: 'await-all'; readonly counted: number; readonly entries: number }
  | { readonly kind: 'statistics' }
  /** Writes the time under `keys` keys in turn, `perStep` of them in each step. */
  | {
      readonly kind: 'stamp'
      readonly steps: number
      readonly everyMs: number
      readonly perStep: number
    }
  | { readonly kind: 'receive-stamps'; readonly count: number }
  | { readonly kind: 'make-objects'; readonly count: number }
  | { readonly kind: 'join'; readonly objects: number }
  /** From now on, how long the event loop stands still is measured; tells the longest time before. */
  | { readonly kind: 'watch-loop' }

/** How a replica starts. */
export interface ReplicaOptions {
  readonly name: string
  readonly bootstrap?: readonly string[]
  readonly dissemination: 'direct' | 'gossip'
}

/** What a newcomer found. */
export interface Joined {
  /** From the call that opens the space until it resolves. */
  readonly joinMs: number
  /** That were there with their values. */
  readonly found: number
  readonly bytesReceived: number
  readonly blockedMs: number
}

const { name, bootstrap, dissemination } = readOptions<ReplicaOptions>()
const peer = await createPeer({
  clusterKey: 'the key of benchmarks on this machine',
  bootstrap,
  dissemination,
})
const space = await peer.space('bench')
const total = await space.open('total', counter())
const table = await space.open('table', map<number>())
const stamps = await space.open('stamps', map<number>())
const loop = monitorEventLoopDelay({ resolution: 1 })
let written = 0

serve<ReplicaCommand>(async (command) => {
  switch (command.kind) {
    case 'write':
      return await write(command)
    case 'await-all':
      while (total.value < command.counted || table.size < command.entries) await sleep(2)
      return { endNs: nowNs() }
    case 'statistics':
      return peer.statistics() satisfies PeerStatistics
    case 'stamp':
      return await stamp(command)
    case 'receive-stamps':
      return { samplesUs: await receiveStamps(command.count) }
    case 'make-objects': {
      const large = await peer.space('large')
      await makeObjects((object, schema) => large.open(object, schema), 0, command.count)
      return {}
    }
    case 'join':
      return await join(command.objects)
    case 'watch-loop':
      return { blockedMs: watchLoop() }
  }
})
answer({ addresses: peer.addresses })

async function write({
  verb,
  count,
  perTurn,
}: Extract<ReplicaCommand, { kind: 'write' }>): Promise<{ startNs: number }> {
  const startNs = nowNs()
  for (let done = 0; done < count; done += perTurn) {
    if (verb === 'counter.add') for (let i = 0; i < perTurn; i++) total.add(1)
    else for (let i = 0; i < perTurn; i++) table.set(`${name}-${written++}`, i)
    await turn()
  }
  return { startNs }
}

async function stamp({
  steps,
  everyMs,
  perStep,
}: Extract<ReplicaCommand, { kind: 'stamp' }>): Promise<object> {
  const startMs = performance.now()
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < perStep; i++) stamps.set(`${name}-${(step * perStep + i) % 1000}`, nowNs())
    // By the clock: late steps do not lower the rate.
    await sleep(Math.max(0, startMs + (step + 1) * everyMs - performance.now()))
  }
  return {}
}

async function receiveStamps(count: number): Promise<number[]> {
  const samplesUs: number[] = []
  for await (const { detail } of stamps.changes()) {
    const readNs = nowNs()
    for (const { path } of detail) {
      const [key = ''] = path
      samplesUs.push((readNs - (stamps.get(key) ?? readNs)) / 1000)
    }
    if (samplesUs.length >= count) break
  }
  return samplesUs
}

async function join(objects: number): Promise<Joined> {
  watchLoop()
  const before = peer.statistics().bytesReceived
  const startNs = nowNs()
  const large = await peer.space('large')
  const joinMs = (nowNs() - startNs) / 1e6
  const bytesReceived = peer.statistics().bytesReceived - before
  // The turn that brought the last of it is measured when the next one begins.
  await sleep(20)
  const blockedMs = watchLoop()
  const found = await countObjects((object, schema) => large.open(object, schema), objects)
  return { joinMs, found, bytesReceived, blockedMs }
}

function watchLoop(): number {
  const longestMs = loop.max / 1e6
  loop.disable()
  loop.reset()
  loop.enable()
  return longestMs
}
