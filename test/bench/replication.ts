import { type Benchmark } from './benchmark.ts'
import { type Row } from './figure.ts'
import { joinRows } from './replication/join.ts'
import { loadLatencyRows } from './replication/load-latency.ts'
import { operationBytesRows } from './replication/operation-bytes.ts'
import { everyMs, propagationRows } from './replication/propagation.ts'
import { throughputRows } from './replication/throughput.ts'

/** From one peer to the others: how much, how soon, in how many bytes, and how long a newcomer takes. */
export const replication: Benchmark = {
  name: 'replication',
  title: 'From one process to others',
  method:
    `At idle: one \`map.set\` every ${everyMs} ms in one peer, until a listener in another peer's process has read it (one ` +
    'way); five times in turn, each in new processes. Against libp2p with nothing of ours on it, at the same pace and with as many bytes: the round trip on an open ' +
    'stream, and one way through gossipsub with the same settings; and against the round trip on a socket of TLS, which is ' +
    'what the lanes of peers are. Faster writers are gathered for 25 ms and more: see the architecture. ' +
    'Throughput: three peers write at the same time as fast as they can; the clock stops when each has read what all wrote. ' +
    'Bytes: of what is sealed for others (`takeBatch` here, the `update` event in Yjs); "sent in all" is all that was ' +
    'handed to connections, over all neighbours. Join: counters, registers and maps in turn, each with one value; from the ' +
    'call that opens the space until it resolves with all of them, against the same snapshot over a bare socket of TLS ' +
    'between two processes and its decoding from memory in one that is fresh. How long the event loop stood still: ' +
    '`monitorEventLoopDelay`, the longest of a run, the median of runs.',
  async run({ size, regimes }) {
    const rows: Row[] = []
    for (const regime of regimes) rows.push(...(await propagationRows(regime, size)))
    for (const adapter of ['direct', 'gossip'] as const) {
      rows.push(...(await loadLatencyRows(adapter, size)))
      rows.push(...(await throughputRows(adapter, size)))
    }
    return [...rows, ...(await operationBytesRows(size)), ...(await joinRows(size))]
  },
}
