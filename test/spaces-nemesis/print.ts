import { median } from '#test/bench/figure.ts'
import type { Tally } from './evidence.ts'
import type { LinkFaultName } from './link-faults.ts'
import { type Healing, healedWithinMs, type HealReport, leastPartOf, partOf } from './run-heal.ts'
import type { StormReport } from './run-storm.ts'

/** Less of what they wrote before peers may not write while links are bad, or after. */
const partMin = 0.8
/** Less of it not one of them may: of one, chance takes more. */
export const leastPartMin = 0.4
const violationsShown = 30

/** Whether writing went on at its rate, and all was seen by all soon enough. */
export function isHealed({ healings }: HealReport): boolean {
  return healings.every((healing) => isWell(healing))
}

function isWell({ before, during, after, healedMs }: Healing): boolean {
  const part = Math.min(partOf(during, before), partOf(after, before))
  const isWritten = part >= partMin && leastPartOf(during, before) >= leastPartMin
  return isWritten && healedMs <= healedWithinMs
}

export function printHeal({ healings, tally, violations, observations }: HealReport): void {
  console.log('\nOne fault of links after the other, five peers that write all the time:')
  console.log(
    row('', ['times', 'writes/s', 'during', 'after', 'one', 'µs', 'during', 'seen, max', 'healed p50', 'max']), // prettier-ignore
  )
  for (const name of new Set(healings.map(({ name }) => name))) {
    console.log(lineOf(name, healings.filter((healing) => healing.name === name))) // prettier-ignore
  }
  console.log(
    '  writes/s: of a peer, before. during, after: the least part of it that was still written, compared to a peer beside that nothing strikes; one: by the peer that was held up most. µs: of a write.',
  )
  console.log(
    `  seen: until all saw what all had written, while it lasted. healed: the same, once links were well (bound: ${inMs(healedWithinMs)}).`,
  )
  for (const healing of healings.filter((each) => !isWell(each))) {
    const { name, before, during, after, healedMs } = healing
    const parts = [during, after].map((rate) => partOf(rate, before).toFixed(2))
    console.log(`  TOO SLOW ${name}: parts ${parts.join(' and ')}, healed after ${inMs(healedMs)}`)
  }
  printTally(tally, observations)
  printViolations(violations)
}

export function printStorm({ rounds, toll, tally, violations, observations }: StormReport): void {
  console.log(`\nA nemesis: ${rounds.length} rounds, in which these overlapped:`)
  const names = rounds.flatMap(({ faults }) => faults)
  for (const name of new Set(names)) {
    const with_ = rounds.filter(({ faults }) => faults.includes(name))
    const worst = Math.max(...with_.map(({ healedMs }) => healedMs))
    const times = String(names.filter((each) => each === name).length).padStart(4)
    console.log(`  ${times} x ${name.padEnd(26)} all seen by all within ${inMs(worst)} of the end`)
  }
  const healed = rounds.map(({ healedMs }) => healedMs)
  console.log(`  all rounds: p50 ${inMs(median(healed))}, max ${inMs(Math.max(...healed))}`)
  const acknowledged = rounds.map(({ acknowledgedMs }) => acknowledgedMs)
  console.log(
    `  until writes of all were acknowledged, from then on: p50 ${inMs(median(acknowledged))}, max ${inMs(Math.max(...acknowledged))}`,
  )
  console.log(
    `  ${toll.killed} peers and ${toll.visitorsKilled} visitors killed, one a round; ${toll.frozen} peers stopped for up to 15 s; ${toll.visitors} visitors joined, wrote and went, ${toll.late} of them without an acknowledgement`,
  )
  printTally(tally, observations)
  printViolations(violations)
}

function lineOf(name: LinkFaultName, all: readonly Healing[]): string {
  const least = (of: 'during' | 'after', part: typeof partOf): string =>
    Math.min(...all.map((healing) => part(healing[of], healing.before))).toFixed(2)
  const took = (of: 'before' | 'during'): string =>
    median(all.map((healing) => healing[of].microseconds)).toFixed(0)
  const seen = all.flatMap(({ seenMs }) => seenMs ?? [])
  const healed = all.map(({ healedMs }) => healedMs)
  const rate = median(all.flatMap(({ before }) => before.perPeer))
  return row(name, [
    String(all.length),
    rate.toFixed(1),
    least('during', partOf),
    least('after', partOf),
    least('during', leastPartOf),
    took('before'),
    took('during'),
    seen.length === 0 ? '' : inMs(Math.max(...seen)),
    inMs(median(healed)),
    inMs(Math.max(...healed)),
  ])
}

function row(name: string, cells: readonly string[]): string {
  return `  ${name.padEnd(35)}${cells.map((cell) => cell.padStart(10)).join('')}`
}

function printTally(tally: Tally, observations: number): void {
  const { writers, written, acknowledged, refused, unacknowledged, reads, fenced, reports } = tally
  console.log(
    `  ${writers} writers wrote ${written} times, ${acknowledged} of that acknowledged by two peers; ${refused} writes refused, ${unacknowledged} flushes gave up, ${fenced} times fenced`,
  )
  console.log(`  ${observations} times a replica was held against it, ${reads} reads were checked`)
  const reported = [...reports].map(([report, count]) => `${count} x ${report}`)
  console.log(`  peers reported: ${reported.join(', ') || 'nothing'}`)
}

function printViolations(violations: readonly string[]): void {
  for (const violation of violations.slice(0, violationsShown))
    console.log(`  VIOLATION ${violation}`)
  console.log(`  ${violations.length} violations`)
}

function inMs(time: number): string {
  return `${Math.round(time)} ms`
}
