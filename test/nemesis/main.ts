// `npm run long -- nemesis`: a cluster of five processes, each in a network of its own, which is troubled for two minutes.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { type FaultName, faults, memoryFaults, processFaults } from './faults.ts'
import { loopback, makeNetwork, type Network, networkProblem } from './network.ts'
import { type NemesisReport, runNemesis } from './run-nemesis.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '120' },
    seed: { type: 'string', default: process.env['SEED'] ?? '1' },
    /** `disk`, `memory`, or both, one after the other. */
    mode: { type: 'string', default: 'both' },
    /** Only this fault. */
    fault: { type: 'string' },
    /** Keeps the records in this folder. */
    keep: { type: 'string' },
  },
})
const seconds = wholeNumber('seconds', values.seconds)
const seed = wholeNumber('seed', values.seed)
const modes = { disk: [true], memory: [false], both: [true, false] }[values.mode]
if (modes === undefined) usage('--mode is disk, memory or both')
if (values.fault !== undefined && !(values.fault in faults))
  usage(`--fault is one of: ${Object.keys(faults).join(', ')}`)

const problem = networkProblem()
if (problem !== undefined) {
  console.log(`Networks are not cut, processes are only killed and stopped: ${problem}.`)
}
let isRight = true
for (const isDurable of modes) {
  const network = problem === undefined ? makeNetwork(5) : loopback()
  const remove = (): void => {
    network.remove()
    process.exit(1)
  }
  process.once('SIGINT', remove).once('SIGTERM', remove)
  try {
    const report = await runOne(network, isDurable)
    isRight &&= print(report, isDurable)
  } finally {
    process.off('SIGINT', remove).off('SIGTERM', remove)
    network.remove()
  }
}
process.exit(isRight ? 0 : 1)

async function runOne(network: Network, isDurable: boolean): Promise<NemesisReport> {
  const bar = new SingleBar({ format: '{bar} {value}/{total} s  {what}', hideCursor: true })
  bar.start(seconds, 0, { what: 'starting' })
  try {
    return await runNemesis({
      ...{ seed, seconds, network, isDurable, faults: chosenFaults(isDurable) },
      clients: { embedded: 2, remote: 6 },
      ...{ faultMs: [1_000, 3_000], calmMs: [500, 1_200], epochMs: 3_000, searches: 100 },
      folder: values.keep && join(values.keep, isDurable ? 'disk' : 'memory'),
      onProgress: (value, what) => bar.update(Math.min(Math.floor(value), seconds), { what }),
    })
  } finally {
    bar.stop()
  }
}

function chosenFaults(isDurable: boolean): readonly FaultName[] {
  if (values.fault !== undefined) return [values.fault as FaultName]
  if (problem !== undefined) return processFaults
  return isDurable ? (Object.keys(faults) as FaultName[]) : memoryFaults
}

function print(report: NemesisReport, isDurable: boolean): boolean {
  const { gaps, operations, verified } = report
  const { violations, undecided, witnessed, objects, searched, holdings, items } = verified
  console.log(`\n${isDurable ? 'Five voters with disks' : 'Five voters in memory'}, seed ${seed}`)
  console.log(`  ${seconds} s, ${report.faults.length} faults:`)
  for (const name of new Set(report.faults.map((fault) => fault.name))) {
    const all = report.faults.filter((fault) => fault.name === name)
    const recovered = Math.max(...all.map(({ recoveredMs }) => recoveredMs))
    console.log(
      `    ${String(all.length).padStart(3)} x ${name.padEnd(30)} all well again within ${inMs(recovered)} of its end`,
    )
  }
  const { ok, unknown, failed } = operations
  console.log(`  ${ok} operations answered, ${unknown} of unknown outcome and done, ${failed} not done`) // prettier-ignore
  for (const [code, count] of report.failures) console.log(`    ${count} times ${code}`)
  console.log(`  witness: ${witnessed} operations on ${objects} objects in their order`)
  console.log(`  search: ${searched.operations} operations on ${searched.objects} objects`)
  console.log(`  locks: ${holdings} holdings and writes by their fences`)
  console.log(`  queue: ${items} items put, claimed and completed`)
  if (gaps.length > 0) {
    console.log(`  ${gaps.length} times the leader was killed (goal: under a second without one):`)
    show(
      'until another led',
      gaps.map(({ leaderMs }) => leaderMs),
    )
    show(
      'until a new write was answered',
      gaps.map(({ writeMs }) => writeMs),
    )
  }
  for (const one of undecided) console.log(`  UNDECIDED ${one}`)
  for (const one of violations.slice(0, 20)) console.log(`  VIOLATION ${one}`)
  console.log(`  ${violations.length} violations, ${undecided.length} undecided`)
  return violations.length === 0 && undecided.length === 0
}

function show(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b)
  const p50 = sorted[sorted.length >> 1]!
  console.log(`    ${what.padEnd(32)} p50 ${inMs(p50)}, max ${inMs(sorted.at(-1)!)}`)
}

function inMs(time: number): string {
  return `${Math.round(time)} ms`
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) usage(`--${name} takes a whole number above 0`)
  return value
}

function usage(problem: string): never {
  console.error(problem)
  process.exit(2)
}
