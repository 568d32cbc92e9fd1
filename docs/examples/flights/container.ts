/**
 * A long-lived function container: its own process, with a peer embedded in it. The functions it runs work on a
 * replica in their own memory, and the peer brings what they wrote to the others. It votes in the group that keeps the
 * queue, the barrier and the future of the job, and opens a gateway, through which short functions share all of that.
 *
 * Started by main.ts with: container.ts <name> <rows> <containers> [<address of another peer>…]
 */
import { createPeer } from '@joinery/peer'
import { type Partition, readFlights, slicesOf } from './data.ts'
import { slicesCounted } from './count.ts'
import { type Command, type Reply, type Returned, nowMs } from './messages.ts'
import { Ledger } from './ledger.ts'
import { openTables, readTables, spaceName } from './schema.ts'
import { leaseMs, openWork } from './work.ts'

const meetingMsMax = 150_000

const [name = 'container', rows = '0', containers = '1', ...bootstrap] = process.argv.slice(2)
const flights = readFlights(Number(rows))
const peer = await createPeer({
  listen: ['/ip4/127.0.0.1/tcp/0'],
  bootstrap,
  voter: true,
  gateway: { port: 0 },
  onReport: (report) => console.error(report),
})
const space = await peer.space(spaceName)
const tables = await openTables(space)
const work = await openWork(space, Number(containers))
const ledger = new Ledger({ name, flights, space, tables })

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
    case 'work':
      return await workAndMeet()
    case 'work-and-stop':
      return await workAndStop(command.partitions)
    case 'stop':
      await peer.stop()
      return { kind: 'stopped' }
  }
}

async function workAndMeet(): Promise<Reply> {
  for await (const delivery of work.large.deliveries({ leaseMs })) {
    await ledger.count(delivery.item)
    // If the lease ran out meanwhile, the partition is among the dead: whoever looks will find that it is counted.
    await delivery.complete()
  }
  // From here on nobody writes, and everybody sees what anybody alive has.
  await work.meeting.wait({ timeoutMs: meetingMsMax })
  const returned = await countReturned()
  await work.meeting.wait({ timeoutMs: meetingMsMax })
  const figures = await readTables(tables)
  const readMs = nowMs()
  await work.result.resolve({ publishedBy: name, figures }) // the first to do so does
  return {
    kind: 'worked',
    done: ledger.done,
    returned,
    figures,
    readMs,
    sent: peer.statistics(),
  }
}

/** Counts what is missing of the partitions whose claimers died. Each goes to one of those who ask. */
async function countReturned(): Promise<Returned[]> {
  const returned: Returned[] = []
  const next = async (): Promise<Partition | undefined> => {
    return ((await work.large.tryTakeDead()) ?? (await work.small.tryTakeDead()))?.item
  }
  for (let part = await next(); part !== undefined; part = await next()) {
    const slices = slicesOf(flights, part).length
    const slicesFound = (await slicesCounted(tables, part)).size
    returned.push({ partition: part.name, slicesFound, slices })
    const isWhole = (await tables.partitions.get(part.name))?.done === true
    if (!isWhole) await ledger.count(part)
  }
  return returned
}

/** Ends with two partitions in its hands: one that is counted, though it did not say so, and one that is half counted. */
async function workAndStop(partitions: number): Promise<Reply> {
  const claims = Array.from({ length: partitions }, async () => await work.large.claim({ leaseMs }))
  const deliveries = await Promise.all(claims)
  send({ kind: 'claimed' })
  const half = deliveries.pop()!
  for (const [i, delivery] of deliveries.entries()) {
    await ledger.count(delivery.item)
    if (i < deliveries.length - 1) await delivery.complete()
  }
  await ledger.count(half.item, Math.floor(slicesOf(flights, half.item).length / 2))
  return { kind: 'half-way', done: ledger.done, sent: peer.statistics() }
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
