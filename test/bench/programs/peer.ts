import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { createPeer, type PeerStatistics } from '@joinery/peer'
import { counter, map } from '@joinery/crdt-objects'
import { nowNs, readOptions, answer, serve } from './parent.ts'

/** What a peer is told. */
export type PeerCommand =
  | { readonly kind: 'add'; readonly count: number; readonly perTurn: number }
  | { readonly kind: 'await-total'; readonly total: number }
  | { readonly kind: 'stamp'; readonly count: number; readonly everyMs: number }
  | { readonly kind: 'receive-stamps'; readonly count: number }
  | { readonly kind: 'flush-each'; readonly batches: number; readonly perBatch: number }

/** How a peer starts. */
export interface PeerOptions {
  readonly bootstrap?: readonly string[]
  readonly hasGateway?: boolean
  readonly dissemination?: 'direct' | 'gossip'
}

/** What a peer says when it is ready. */
export interface PeerReady {
  readonly addresses: readonly string[]
  readonly gatewayUrl: string
}

/** What a peer wrote and sent while it wrote. */
export type WireUse = Pick<PeerStatistics, 'updates' | 'batches' | 'bytes' | 'bytesSent'>

const { bootstrap, hasGateway, dissemination } = readOptions<PeerOptions>()
const peer = await createPeer({
  clusterKey: 'the key of benchmarks on this machine',
  bootstrap,
  dissemination,
  ...(hasGateway === true ? { gateway: {} } : {}),
})
const space = await peer.space('bench')
const total = await space.open('total', counter())
const table = await space.open('table', map<number>())

serve<PeerCommand>(async (command) => {
  switch (command.kind) {
    case 'add': {
      const startNs = nowNs()
      for (let done = 0; done < command.count; done += command.perTurn) {
        for (let i = 0; i < command.perTurn; i++) total.add(1)
        await turn()
      }
      return { startNs }
    }
    case 'await-total':
      await total.until((value) => value === command.total)
      return { endNs: nowNs() }
    case 'stamp': {
      const before = peer.statistics()
      for (let i = 0; i < command.count; i++) {
        await sleep(command.everyMs)
        table.set('stamp', nowNs())
      }
      await space.flush({ replicas: 2 })
      const after = peer.statistics()
      return { bytes: Math.round((after.bytes - before.bytes) / (after.batches - before.batches)) }
    }
    case 'receive-stamps': {
      const samplesUs: number[] = []
      for await (const _ of table.changes()) {
        samplesUs.push((nowNs() - (table.get('stamp') ?? 0)) / 1000)
        if (samplesUs.length === command.count) break
      }
      return { samplesUs }
    }
    case 'flush-each': {
      const before = peer.statistics()
      for (let batch = 0; batch < command.batches; batch++) {
        for (let i = 0; i < command.perBatch; i++) table.set(`key-${i % 1000}`, i)
        await space.flush({ replicas: 2 })
      }
      const after = peer.statistics()
      const use: WireUse = {
        updates: after.updates - before.updates,
        batches: after.batches - before.batches,
        bytes: after.bytes - before.bytes,
        bytesSent: after.bytesSent - before.bytesSent,
      }
      return use
    }
  }
})
const ready: PeerReady = { addresses: peer.addresses, gatewayUrl: peer.gatewayUrl ?? '' }
answer(ready)
