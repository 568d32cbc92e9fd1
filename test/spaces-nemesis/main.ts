// `npm run long -- partitions`: five peers, each in a network of its own, and what links and the end of processes do to a space.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { makeNetwork, networkProblem } from '#test/nemesis/network.ts'
import { networkCount } from './cluster.ts'
import { linkFaultNames, linkFaults, problemOf } from './link-faults.ts'
import { isHealed, printHeal, printStorm } from './print.ts'
import { type HealOptions, type HealReport, runHeal } from './run-heal.ts'
import { runStorm, type StormOptions, type StormReport } from './run-storm.ts'
import { linkOf, type StormFaultName, stormFaults } from './storm-faults.ts'
import { Traffic } from './traffic.ts'

const { values } = parseArgs({
  options: {
    /** Of the nemesis; 0: only what links do. */
    seconds: { type: 'string', default: '600' },
    /** Of calm in which nobody is killed, after somebody was. */
    'repair-seconds': { type: 'string', default: '20' },
    /** Of each fault of links; 0: only the nemesis. */
    repeats: { type: 'string', default: '3' },
    /** Only this one, of links. */
    fault: { type: 'string' },
    /** How long it lasts. */
    'fault-seconds': { type: 'string', default: '8' },
    seed: { type: 'string', default: process.env['SEED'] ?? '1' },
    /** Keeps the records in this folder. */
    keep: { type: 'string' },
  },
})
const seconds = wholeNumber('seconds', values.seconds)
const repairMs = wholeNumber('repair-seconds', values['repair-seconds']) * 1000
const repeats = wholeNumber('repeats', values.repeats)
const faultMs = wholeNumber('fault-seconds', values['fault-seconds']) * 1000
const seed = wholeNumber('seed', values.seed)
if (values.fault !== undefined && !(values.fault in linkFaults)) {
  console.error(`--fault is one of: ${linkFaultNames.join(', ')}`)
  process.exit(2)
}

const problem = networkProblem()
if (problem !== undefined) {
  console.error(`Nothing can be done here: ${problem}.`)
  process.exit(1)
}
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'joinery-partitions-'))
const network = makeNetwork(networkCount)
process.once('exit', () => {
  network.remove()
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
})
process.once('SIGINT', () => process.exit(1)).once('SIGTERM', () => process.exit(1))

const traffic = new Traffic(network, networkCount)
for (const [tool, why] of traffic.problems) console.log(`NO ${tool} HERE: ${why}`)
const linkNames = linkFaultNames.filter((name) => {
  const why = problemOf(name, traffic)
  if (why !== undefined) console.log(`SKIPPED: ${name}`)
  return why === undefined
})
const stormNames = (Object.keys(stormFaults) as StormFaultName[]).filter((name) => {
  const link = linkOf[name]
  return link === undefined || linkNames.includes(link)
})

let isRight = true
if (repeats > 0) {
  const report = await heal()
  printHeal(report)
  isRight &&= isHealed(report) && report.violations.length === 0
}
if (seconds > 0) {
  const report = await storm()
  printStorm(report)
  isRight &&= report.violations.length === 0
}
process.exit(isRight ? 0 : 1)

async function heal(): Promise<HealReport> {
  const { fault } = values
  const healNames = linkNames.filter((name) => fault === undefined || name === fault)
  const options: HealOptions = {
    ...{ network, traffic, folder: folderOf('heal'), seed, repeats, faults: healNames },
    pace: { writeEveryMs: 20, flushEveryMs: 250, readEveryMs: 250 },
    ...{ faultMs, calmMs: 3_000 },
  }
  const total = healNames.length * repeats
  return await withBar(total, 'faults', async (update) => {
    return await runHeal({ ...options, onProgress: update })
  })
}

async function storm(): Promise<StormReport> {
  const options: StormOptions = {
    ...{ network, traffic, folder: folderOf('storm'), seed, seconds, repairMs },
    ...{ faults: stormNames, planned: [] },
    // A session's lease is over after 10 s.
    severity: { freezeMs: [1_000, 15_000], linkMs: [2_000, 9_000], visitors: 10 },
    pace: { writeEveryMs: 50, flushEveryMs: 200, readEveryMs: 100 },
  }
  return await withBar(seconds, 's', async (update) => {
    return await runStorm({ ...options, onProgress: update })
  })
}

function folderOf(part: string): string {
  const path = join(folder, part)
  mkdirSync(path, { recursive: true })
  return path
}

async function withBar<T>(
  total: number,
  unit: string,
  work: (update: (value: number, what: string) => void) => Promise<T>,
): Promise<T> {
  const format = `{bar} {value}/{total} ${unit}  {what}`
  const bar = new SingleBar({ format, hideCursor: true })
  bar.start(total, 0, { what: 'starting' })
  try {
    return await work((value, what) => bar.update(Math.min(Math.floor(value), total), { what }))
  } finally {
    bar.stop()
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name} takes a whole number`)
  process.exit(2)
}
