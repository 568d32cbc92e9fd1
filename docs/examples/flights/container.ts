/**
 * A long-lived function container: its own process, with a peer embedded in it. The functions it runs work on a
 * replica in their own memory, and the peer brings what they wrote to the others. It also opens a gateway, through
 * which short-lived functions share the same objects.
 *
 * Started by main.ts with: container.ts <name> <rows> [<address of another peer>…]
 */
import { createPeer } from '@joinery/peer'
import { setImmediate } from 'node:timers/promises'
import { digestOf } from './aggregate.ts'
import {
  countFlight,
  finishPartition,
  measureFlights,
  operationsPerFlight,
  operationsPerPartition,
  operationsPerSlice,
  slicesOf,
} from './count.ts'
import { type Partition, readFlights } from './data.ts'
import { type Command, type Counted, type Reply, nowMs } from './messages.ts'
import { openTables, readTables, spaceName } from './schema.ts'

const [name = 'container', rows = '0', ...bootstrap] = process.argv.slice(2)
const flights = readFlights(Number(rows))
const peer = await createPeer({
  listen: ['/ip4/127.0.0.1/tcp/0'],
  bootstrap,
  gateway: { port: 0 },
  onReport: (report) => console.error(report),
})
const space = await peer.space(spaceName)
const tables = await openTables(space)

let lastChangeMs = nowMs()
const { hours, bands, delays, partitions, summaries } = tables
for (const table of [hours, bands, delays, partitions, summaries]) {
  if (!('subscribe' in table)) continue
  table.subscribe((change) => {
    if (change.origin === 'remote') lastChangeMs = nowMs()
  })
}

process.on('message', (command: Command) => {
  answer(command).then(send, fail)
})
// Ctrl-C reaches every process of the terminal; the coordinator decides when this one ends.
process.on('SIGINT', () => {})
process.on('disconnect', () => {
  fail(new Error('the coordinator is gone'))
})
if (peer.gatewayUrl === undefined) throw new Error('this peer opened no gateway')
send({ kind: 'ready', addresses: peer.addresses, gatewayUrl: peer.gatewayUrl })

async function answer(command: Command): Promise<Reply> {
  switch (command.kind) {
    case 'count':
      return await count(command.partition)
    case 'digest':
      return { kind: 'digest', digest: digestOf(await readTables(tables)), lastChangeMs }
    case 'figures':
      return { kind: 'figures', figures: await readTables(tables), sent: peer.statistics() }
    case 'stop':
      await peer.stop()
      return { kind: 'stopped' }
  }
}

async function count(part: Partition): Promise<Counted> {
  let operations = operationsPerPartition
  for (const slice of slicesOf(flights, part)) {
    // Nothing to wait for: on local handles each operation is done.
    for (const flight of slice) void countFlight(tables, flight)
    void measureFlights(tables, slice)
    operations += slice.length * operationsPerFlight + operationsPerSlice
    // The process answers its network and its gateway.
    await setImmediate()
  }
  await finishPartition(tables, part, flights, name)
  const lastWriteMs = nowMs()
  // What one other peer holds reaches all that live, whatever happens to this process.
  const { replicas } = await space.flush({ replicas: 2, timeoutMs: 20_000 })
  return {
    kind: 'counted',
    operations,
    replicas,
    lastWriteMs,
    sent: peer.statistics(),
  }
}

function send(reply: Reply): void {
  process.send!(reply, () => {
    if (reply.kind === 'stopped') process.exit(0)
  })
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
