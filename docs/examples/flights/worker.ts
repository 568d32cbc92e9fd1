/**
 * A short-lived function: a process that connects to a gateway, counts one partition, and is gone.
 *
 * Started by main.ts with: worker.ts <name> <rows> <gateway URL> <partition> <first> <step>
 */
import { connect } from '@joinery/client'
import {
  countFlight,
  finishPartition,
  measureFlights,
  operationsPerFlight,
  operationsPerPartition,
  operationsPerSlice,
  slicesOf,
} from './count.ts'
import { readFlights } from './data.ts'
import { type Counted, nowMs } from './messages.ts'
import { openTables, spaceName } from './schema.ts'
import { Window } from './window.ts'

/** How many calls may be under way: enough to fill frames, and half of what a gateway takes from one client. */
const callsMax = 512

const [name = 'worker', rows = '0', gatewayUrl = '', partition = '', first = '0', step = '1'] =
  process.argv.slice(2)
const part = { name: partition, first: Number(first), step: Number(step) }
const flights = readFlights(Number(rows))
const client = await connect(gatewayUrl)
try {
  const space = await client.space(spaceName)
  const tables = await openTables(space)
  const calls = new Window(callsMax)
  let operations = operationsPerPartition
  for (const slice of slicesOf(flights, part)) {
    for (const flight of slice) {
      for (const call of countFlight(tables, flight)) calls.add(call)
      if (calls.full) await calls.room()
    }
    for (const call of measureFlights(tables, slice)) calls.add(call)
    operations += slice.length * operationsPerFlight + operationsPerSlice
  }
  await calls.empty()
  await finishPartition(tables, part, flights, name)
  const lastWriteMs = nowMs()
  const { replicas } = await space.flush({ replicas: 2, timeoutMs: 20_000 })
  await report({ kind: 'counted', operations, replicas, lastWriteMs })
} finally {
  await client.close()
}

/** Tells the coordinator; run by hand, the terminal. */
async function report(counted: Counted): Promise<void> {
  if (process.send === undefined) console.log(counted)
  else await new Promise((resolve) => process.send!(counted, resolve))
}
