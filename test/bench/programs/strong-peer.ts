import { setTimeout as sleep } from 'node:timers/promises'
import { createPeer } from '@joinery/peer'
import { barrier } from '@joinery/consensus'
import { runLoad } from './load.ts'
import { answer, nowNs, readOptions, serve } from './parent.ts'
import { strongCalls, type StrongLoad } from './strong-load.ts'

/** What a voter is told. */
export type VoterCommand =
  | ({ readonly kind: 'load' } & StrongLoad)
  | { readonly kind: 'await-voters'; readonly voters: number }
  | { readonly kind: 'park'; readonly waiters: number }

/** What a voter says when it is ready. */
export interface VoterReady {
  readonly addresses: readonly string[]
  readonly gatewayUrl: string
}

/** What waiting cost. */
export interface ParkResult {
  /** From the last arrival to the last waiter that went on. */
  readonly releaseMs: number
  readonly bytesPerWaiter: number
}

const { bootstrap, directory } = readOptions<{ bootstrap?: string[]; directory?: string }>()
const peer = await createPeer({
  clusterKey: 'the key of benchmarks on this machine',
  voter: true,
  bootstrap,
  directory,
  gateway: {},
})
let opened: ReturnType<typeof strongCalls> | undefined

serve<VoterCommand>(async (command) => {
  switch (command.kind) {
    case 'await-voters':
      while (((await peer.groups())[0]?.voters.length ?? 0) < command.voters) await sleep(20)
      return {}
    case 'load': {
      const calls = await (opened ??= strongCalls(peer))
      return await runLoad(command, calls[command.verb])
    }
    case 'park':
      return await park(command.waiters)
  }
})
const ready: VoterReady = { addresses: peer.addresses, gatewayUrl: peer.gatewayUrl }
answer(ready)

/** All but one of a barrier's parties wait; then the last one comes. */
async function park(waiters: number): Promise<ParkResult> {
  const space = await peer.space('parked')
  const meeting = await space.open(`barrier of ${waiters}`, barrier(waiters + 1))
  const before = heapBytes()
  const waiting = Array.from({ length: waiters }, () => meeting.wait({ timeoutMs: 120_000 }))
  while ((await meeting.read()).arrived < waiters) await sleep(20)
  const bytesPerWaiter = (heapBytes() - before) / waiters
  const startNs = nowNs()
  await Promise.all([meeting.wait({ timeoutMs: 120_000 }), ...waiting])
  return { releaseMs: (nowNs() - startNs) / 1e6, bytesPerWaiter }
}

function heapBytes(): number {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
