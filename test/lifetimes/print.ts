import { type Goal, isMet, median, rateText, sizeText, timeText } from '#test/bench/figure.ts'
import type { Costs } from './compare.ts'
import type { VoterSample } from './fixtures/voter.ts'
import type { LibraryCosts } from './libraries.ts'
import type { LifetimesReport, Moment } from './run-lifetimes.ts'

const failuresShown = 5
const momentsShown = 12

/** One thing of which there is not to be much more in a space that many have lived against. */
interface Comparison {
  readonly name: string
  readonly lived: string
  readonly fresh: string
  readonly ratio: number
  readonly goal: Goal | undefined
}

export function comparisonsOf([lived, fresh]: readonly [Costs, Costs]): readonly Comparison[] {
  const line = (
    name: string,
    of: keyof Costs,
    text: (value: number) => string,
    goal?: Goal,
  ): Comparison => ({
    ...{ name, lived: text(lived[of]), fresh: text(fresh[of]), goal },
    ratio: lived[of] / fresh[of],
  })
  return [
    line('state, encoded', 'stateBytes', sizeText, { atMost: 1.1 }),
    line('entries in the version vector', 'vectorEntries', String, { atMost: 1.1 }),
    line('heap of a process that opens it', 'heapBytes', sizeText, { atMost: 1.3 }),
    line('  of which opening it took', 'openedBytes', sizeText),
    line('local operations', 'operationsPerSecond', rateText, { atLeast: 1 / 1.3 }),
    line('open and up to date, at a joiner', 'syncMs', (ms) => timeText(ms * 1000), { atMost: 1.3 }), // prettier-ignore
  ]
}

/** Whether nothing is lost or doubled, and all goals are met. */
export function isRight({ problems, costs }: LifetimesReport): boolean {
  const comparisons = costs === undefined ? [] : comparisonsOf(costs)
  return (
    problems.length === 0 && comparisons.every(({ ratio, goal }) => !goal || isMet(ratio, goal))
  )
}

export function printReport(report: LifetimesReport): void {
  printChurn(report)
  printGroup(report)
  printMoments(report.moments)
  if (report.costs !== undefined) printComparisons(report.costs)
  for (const problem of report.problems) console.log(`VIOLATION ${problem}`)
  console.log(`${report.problems.length} violations`)
}

function printChurn({ churn, moments }: LifetimesReport): void {
  const { fates, killed, killedUnflushed, failures, tookMs, cpuMs } = churn
  const lifetimes = fates.size
  const acknowledged = [...fates.values()].filter((fate) => fate === 'acknowledged').length
  const votersMs = cpuOf(moments.at(-1)) - cpuOf(moments[0])
  console.log(
    `\n${lifetimes} lifetimes in ${(tookMs / 1000).toFixed(0)} s, ${((lifetimes / tookMs) * 1000).toFixed(2)} a second: ` +
      `${acknowledged} acknowledged, ${killed} processes killed, ${killedUnflushed} of them before anybody was asked to hold what they wrote`,
  )
  console.log(
    `a lifetime: open after ${median(churn.openedMs).toFixed(0)} ms, held by two after ${median(churn.flushedMs).toFixed(0)} ms; ` +
      `${(cpuMs / lifetimes).toFixed(0)} ms of processors by its process, ${(votersMs / lifetimes).toFixed(0)} ms by the three voters`,
  )
  console.log(`${failures.length} failed or gave up`)
  const reported = [...churn.reports].map(([kind, count]) => `${count} x ${kind}`)
  console.log(`their peers reported: ${reported.join(', ') || 'nothing'}`)
  for (const failure of [...new Set(failures)].slice(0, failuresShown)) console.log(`  ${failure}`)
}

function printGroup({ churn, moments }: LifetimesReport): void {
  const [first, last] = [leaderOf(moments[0]), leaderOf(moments.at(-1))]
  if (first === undefined || last === undefined) return
  const each = (of: 'applied' | 'revision'): string =>
    ((last[of] - first[of]) / churn.fates.size).toFixed(1)
  const most = (of: (sample: VoterSample) => number): number =>
    Math.max(...moments.flatMap(({ voters }) => voters.map(of)))
  console.log(
    `group 0: ${each('revision')} commands about the space and ${each('applied')} entries of the log for each; ` +
      `${last.rounds} seals in ${last.epoch} epochs`,
  )
  console.log(
    `at the most: ${most(({ control }) => control?.usedSlots ?? 0)} slots in use, ${most(({ vectorEntries }) => vectorEntries)} entries in a vector, ` +
      `${most(({ control }) => control?.sealings ?? 0)} in sealing, ${most(({ control }) => control?.records ?? 0)} records of epochs, ` +
      `${most(({ control }) => control?.sessions ?? 0)} sessions`,
  )
}

function printMoments(moments: readonly Moment[]): void {
  const heads = ['s', 'lived', 'slots', 'sealing', 'epoch', 'sessions', 'graves', 'control', 'state', 'vector', 'heap', 'resident', 'peers', 'dials failed'] // prettier-ignore
  console.log(`\nThe voter that holds most:\n${row(heads)}`)
  const step = Math.max(1, Math.floor(moments.length / momentsShown))
  for (const [index, moment] of moments.entries()) {
    if (index % step === 0 || index === moments.length - 1) console.log(row(cellsOf(moment)))
  }
}

function cellsOf({ atMs, lived, voters }: Moment): string[] {
  const most = (of: (sample: VoterSample) => number): number => Math.max(...voters.map(of))
  const control = leaderOf({ atMs, lived, voters })
  return [
    (atMs / 1000).toFixed(0),
    String(lived),
    String(control?.usedSlots ?? ''),
    String(control?.sealings ?? ''),
    String(control?.epoch ?? ''),
    String(control?.sessions ?? ''),
    String(control?.graves ?? ''),
    sizeText(control?.bytes ?? NaN),
    sizeText(most(({ stateBytes }) => stateBytes)),
    String(most(({ vectorEntries }) => vectorEntries)),
    sizeText(most(({ usage }) => usage['heap'] ?? 0)),
    sizeText(most(({ usage }) => usage['resident'] ?? 0)),
    String(most(({ peers }) => peers)),
    String(most(({ dialsFailed }) => dialsFailed)),
  ]
}

function printComparisons(costs: readonly [Costs, Costs]): void {
  console.log(`\nAgainst a fresh space with the same contents, by three peers:`)
  for (const { name, lived, fresh, ratio, goal } of comparisonsOf(costs)) {
    const judged = goal === undefined ? '' : goalText(ratio, goal)
    const cells = [lived, fresh, ratio.toFixed(2)].map((cell) => cell.padStart(12))
    console.log(`  ${name.padEnd(34)}${cells.join('')}  ${judged}`)
  }
}

export function printLibraries(all: readonly LibraryCosts[]): void {
  console.log('\nThe same history in documents of other libraries, without counters and vectors:')
  for (const costs of all) {
    const { name, lifetimes, stateBytes, writers, vectorBytes, loadMs, fresh } = costs
    const vector = vectorBytes === undefined ? '' : `, a state vector of ${sizeText(vectorBytes)}`
    console.log(
      `  ${name}, ${lifetimes} lifetimes: ${sizeText(stateBytes)} (${(stateBytes / fresh.stateBytes).toFixed(2)} times a fresh one), ` +
        `${writers} writers${vector}; loaded in ${timeText(loadMs * 1000)} (${(loadMs / fresh.loadMs).toFixed(1)} times a fresh one)`,
    )
  }
}

function leaderOf(moment: Moment | undefined): VoterSample['control'] {
  const controls = moment?.voters.map(({ control }) => control) ?? []
  return controls.find((control) => control?.isLeader === true) ?? controls[0]
}

function cpuOf(moment: Moment | undefined): number {
  return moment?.voters.reduce((sum, { cpuMs }) => sum + cpuMs, 0) ?? NaN
}

function goalText(ratio: number, goal: Goal): string {
  const { atMost, atLeast } = goal
  const asked = atMost === undefined ? `at least ${atLeast?.toFixed(2)}` : `at most ${atMost}`
  return `${asked}: ${isMet(ratio, goal) ? 'met' : 'MISSED'}`
}

function row(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(Math.max(9, cell.length + 2))).join('')
}
