/**
 * The main job: functions in many processes compute over shared objects on real data.
 *
 *   npm start                  count 200,000 flights, compare, report
 *   npm start -- --rows 5000   the same with fewer flights
 *   npm start -- --serve       leave the cluster up, to look into it with the inspector
 */
import { once } from 'node:events'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { aggregate, differencesOf } from './aggregate.ts'
import { Cluster } from './cluster.ts'
import {
  type Flight,
  jobPartitions,
  type Partition,
  readFlights,
  rowsMax,
  rowsMin,
} from './data.ts'
import { type Outcome, runJob, shortFunctions } from './job.ts'
import {
  chartOf,
  comparisonOf,
  distributionOf,
  estimatesTableOf,
  processesOf,
  returnsOf,
  verdictOf,
} from './report.ts'
import { spaceName } from './schema.ts'

const containerCount = 4

/** Runs the job. Returns the exit code: 0 when every figure of the result and of every replica is right. */
async function main(): Promise<number> {
  const { rows, serve, help } = readOptions()
  if (help) {
    console.log(usage)
    return 0
  }
  const startedMs = performance.now()
  const flights = readFlights(rows)
  const partitions = jobPartitions()
  const all = [...partitions.large, ...partitions.small]
  const cluster = new Cluster(rows, containerCount)
  const interrupted = Promise.race(
    (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
      await once(process, signal)
      return signal
    }),
  )
  try {
    console.log(
      `${rows.toLocaleString('en')} flights in ${all.length} partitions, claimed from a queue and counted by ` +
        `${containerCount} containers that embed a peer and ${shortFunctions} short functions`,
    )
    const work = async (): Promise<Outcome> => {
      await cluster.start()
      return await runJob(cluster, partitions, rows)
    }
    const outcome = await Promise.race([work(), interrupted])
    if (typeof outcome === 'string') {
      console.error(`interrupted by ${outcome}`)
      return 128 + constants.signals[outcome]
    }
    const right = report(outcome, flights, all)
    console.log(`The whole run took ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`)
    if (serve) {
      console.log(invitationOf(cluster.containers[0]!.gatewayUrl))
      await interrupted
    }
    return right ? 0 : 1
  } finally {
    await cluster.stop()
  }
}

const usage = `Functions in many processes compute over shared objects, on ${rowsMax.toLocaleString('en')} real flights.

  npm start                  count them, compare, report
  npm start -- --rows 5000   the same with fewer flights
  npm start -- --serve       leave the cluster up, to look into it with the inspector
  npm start -- --help        this`

function readOptions(): { rows: number; serve: boolean; help: boolean } {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: `${rowsMax}` },
      serve: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const rows = Number(values.rows)
  if (!Number.isSafeInteger(rows) || rows < rowsMin || rows > rowsMax) {
    throw new Error(`--rows takes ${rowsMin} to ${rowsMax}, got ${values.rows}`)
  }
  return { rows, serve: values.serve, help: values.help }
}

function report(
  outcome: Outcome,
  flights: readonly Flight[],
  partitions: readonly Partition[],
): boolean {
  const countedBy = (part: Partition): string => outcome.countedBy.get(part.name) ?? 'nobody'
  const expected = aggregate(flights, partitions, countedBy)
  const { publication } = outcome
  const shown = publication.figures
  console.log(`\n${chartOf(shown)}\n`)
  console.log(`${distributionOf(shown)}\n`)
  console.log('Shared objects = the same computation in one process\n')
  console.log(`${comparisonOf(expected, shown)}\n`)
  console.log(`${estimatesTableOf(expected, shown)}\n`)
  console.log(`${processesOf(outcome.processes)}\n`)
  let right = true
  const found = new Map([
    [`The future, resolved by ${publication.publishedBy}`, publication.figures],
    ...outcome.figuresByContainer,
  ])
  for (const [name, figures] of found) {
    console.log(`${name}: ${verdictOf(expected, figures)}`)
    if (differencesOf(expected, figures).length > 0) right = false
  }
  console.log(`\n${returnsOf(outcome.killed, outcome.returned)}`)
  console.log(
    `All met at a barrier, and read their replicas at once: ${outcome.readMs.toFixed(0)} ms after the last write of any process.`,
  )
  console.log(`${outcome.voters} containers voted on the queue, the barrier and the future.`)
  return right
}

function invitationOf(gatewayUrl: string): string {
  return [
    '',
    'The cluster stays up until you press Ctrl-C. In another terminal, look into it:',
    '',
    `  export JOINERY_GATEWAY=${gatewayUrl}`,
    '  npm run -s joinery -- ls',
    `  npm run -s joinery -- ls ${spaceName}`,
    `  npm run -s joinery -- get ${spaceName}/hours`,
    `  npm run -s joinery -- get ${spaceName}/bands --json`,
    `  npm run -s joinery -- get ${spaceName}/delays`,
    '  npm run -s joinery -- peers',
    '  npm run -s joinery -- groups',
  ].join('\n')
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
