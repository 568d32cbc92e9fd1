/**
 * A short-lived function: a process that connects to a gateway, counts a few small partitions, and is gone.
 *
 * Started by main.ts with: worker.ts <name> <rows> <containers> <gateway URL>
 */
import { connect } from '@joinery/client'
import { readFlights } from './data.ts'
import { Ledger } from './ledger.ts'
import type { Reply } from './messages.ts'
import { openTables, spaceName } from './schema.ts'
import { leaseMs, openWork } from './work.ts'

const partitionsMax = 8

const [name = 'worker', rows = '0', containers = '1', gatewayUrl = ''] = process.argv.slice(2)
const flights = readFlights(Number(rows))
const client = await connect(gatewayUrl)
try {
  const space = await client.space(spaceName)
  const tables = await openTables(space)
  const { small } = await openWork(space, Number(containers))
  const ledger = new Ledger({ name, flights, space, tables })
  for await (const delivery of small.deliveries({ leaseMs })) {
    await ledger.count(delivery.item)
    await delivery.complete()
    if (ledger.done.partitions.length >= partitionsMax) break
  }
  await report({ kind: 'counted', done: ledger.done })
} finally {
  await client.close()
}

/** Tells the coordinator; run by hand, the terminal. */
async function report(reply: Reply): Promise<void> {
  if (process.send === undefined) console.log(reply)
  else await new Promise((resolve) => process.send!(reply, resolve))
}
