import asciichart from 'asciichart'
import Table from 'cli-table3'
import { countOf, differencesOf } from './aggregate.ts'
import { estimatesOf } from './measure.ts'
import type { Returned, Sent } from './messages.ts'
import type { Figures } from './schema.ts'

type TallyValue = Figures['hours'] extends ReadonlyMap<string, infer V> ? V : never
type BandValue = Figures['bands'] extends ReadonlyMap<string, infer V> ? V : never

const differencesShownMax = 20
const barLengthMax = 60

/** What one process of the job did. */
export interface ProcessLine {
  readonly name: string
  readonly fate: string
  readonly partitions: number
  readonly operations: number
  readonly sent?: Sent
}

/** A chart of the mean delay by hour of departure. */
export function chartOf(figures: Figures): string {
  const hours = Array.from({ length: 24 }, (_, hour) => `${hour}`.padStart(2, '0'))
  const means = hours.map((hour) => meanOf(figures.hours.get(hour)))
  const wide = means.flatMap((mean) => [mean, mean, mean])
  const chart = asciichart.plot(wide, { height: 10, format: (mean) => mean.toFixed(1).padStart(7) })
  const axis = `${' '.repeat(9)}${hours.map((hour) => `${hour} `).join('')}`
  return `Mean delay in minutes, by hour of departure\n${chart}\n${axis}`
}

/** A picture of how delays are distributed: a bar for each class, and where the quantiles lie. */
export function distributionOf({ delays }: Figures): string {
  const { edges, counts } = delays.spread
  const most = Math.max(1, ...counts)
  const lines = counts.map((count, at) => {
    const from = edges[at - 1]
    const to = edges[at]
    const label = from === undefined ? `below ${to}` : `${from} to ${to ?? '…'}`
    const bar = '█'.repeat(Math.round((count / most) * barLengthMax)) || (count > 0 ? '▏' : '')
    return `${label.padStart(12)} ┤${bar} ${count.toLocaleString('en')}`
  })
  const { p50, p90, p99 } = delays.quantiles
  const minutes = (value: number | undefined): string => value?.toFixed(0) ?? 'none'
  return [
    'Flights by minutes of delay at arrival (early is negative)',
    ...lines,
    `half are below ${minutes(p50)} minutes, 90 % below ${minutes(p90)}, 99 % below ${minutes(p99)}`,
  ].join('\n')
}

/** What the sketches estimate, beside the exact figures. */
export function estimatesTableOf(expected: Figures, found: Figures): string {
  const table = tableOf(['estimate', 'shared', 'exact', 'off by', 'at most'])
  for (const { figure, exact, found: shared, bound } of estimatesOf(
    expected.delays,
    found.delays,
  )) {
    const off = exact === 0 ? Math.abs(shared) : Math.abs(shared / exact - 1)
    const show = (n: number): string => n.toLocaleString('en', { maximumFractionDigits: 2 })
    const share = (n: number): string => (n === 0 ? '0' : n < 1e-6 ? '< 0.0001 %' : `${(n * 100).toFixed(2)} %`) // prettier-ignore
    table.push([figure, show(shared), show(exact), share(off), share(bound)])
  }
  return table.toString()
}

/** Every hour and band, the shared objects' figure on the left and the one-process figure on the right of a sign. */
export function comparisonOf(expected: Figures, found: Figures): string {
  const tallyHead = ['flights', 'delay, minutes', 'worst', 'best']
  const hours = tableOf(['hour', ...tallyHead])
  for (const key of keysOf(expected.hours, found.hours)) {
    hours.push([key, ...tallyCells(expected.hours.get(key), found.hours.get(key))])
  }
  const bands = tableOf(['miles', ...tallyHead, 'distances', 'hours'])
  for (const key of keysOf(expected.bands, found.bands)) {
    const mine = expected.bands.get(key)
    const shared = found.bands.get(key)
    const tally = tallyCells(mine?.tally, shared?.tally)
    bands.push([key, ...tally, ...bandCells(mine, shared)])
  }
  return `${hours.toString()}\n${bands.toString()}`
}

/** How many figures were compared, and those that differ, by name. */
export function verdictOf(expected: Figures, found: Figures): string {
  const differences = differencesOf(expected, found)
  const compared = `${countOf(expected).toLocaleString('en')} figures compared`
  if (differences.length === 0)
    return `${compared}: every one is equal, every estimate within its bound`
  const lines = differences
    .slice(0, differencesShownMax)
    .map((each) => `  ${each.figure}: ${each.found} instead of ${each.expected}`)
  if (differences.length > lines.length) lines.push(`  … ${differences.length - lines.length} more`)
  return [`${compared}: ${differences.length} DIFFER`, ...lines].join('\n')
}

/** What became of the partitions that a killed container had in its hands. */
export function returnsOf(
  killed: string,
  returned: readonly (Returned & { readonly by: string })[],
): string {
  const lines = returned.map(({ partition, slicesFound, slices, by }) => {
    const found = `${slicesFound} of its ${slices} slices were in the tables`
    const then = slicesFound === slices ? 'nothing was missing' : `${by} counted the others`
    return `  partition ${partition}: ${found}, ${then}`
  })
  const count = `${returned.length} claimed partition${returned.length === 1 ? '' : 's'} came back`
  return [`${killed} was killed on the way, another took its place, and ${count}:`, ...lines].join(
    '\n',
  )
}

/** What each process did, and the totals. */
export function processesOf(lines: readonly ProcessLine[]): string {
  const table = tableOf([
    'process',
    'partitions',
    'operations',
    'updates',
    'batches',
    'bytes sent',
    '',
  ])
  const sum = { partitions: 0, operations: 0, updates: 0, batches: 0, bytes: 0 }
  for (const { name, fate, partitions, operations, sent } of lines) {
    table.push([name, ...numbers(partitions, operations), ...sentCells(sent), fate])
    sum.partitions += partitions
    sum.operations += operations
    sum.updates += sent?.updates ?? 0
    sum.batches += sent?.batches ?? 0
    sum.bytes += sent?.bytes ?? 0
  }
  table.push(['all', ...numbers(sum.partitions, sum.operations), ...sentCells(sum), ''])
  return table.toString()
}

function tableOf(head: string[]): Table.Table {
  const colAligns = head.map((_, column) => (column === 0 ? 'left' : 'right'))
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
}

function tallyCells(expected: TallyValue | undefined, found: TallyValue | undefined): string[] {
  return [
    cell(expected?.flights, found?.flights),
    cell(expected?.delay, found?.delay),
    cell(expected?.worst, found?.worst),
    cell(expected?.best, found?.best),
  ]
}

function bandCells(expected: BandValue | undefined, found: BandValue | undefined): string[] {
  return [
    cell(expected?.distances.size, found?.distances.size),
    cell(expected?.byHour.size, found?.byHour.size),
  ]
}

function cell(expected: number | undefined, found: number | undefined): string {
  const show = (n: number | undefined): string => n?.toLocaleString('en') ?? 'none'
  return `${show(found)} ${found === expected ? '=' : '≠'} ${show(expected)}`
}

function sentCells(sent: Sent | undefined): string[] {
  return sent === undefined ? ['', '', ''] : numbers(sent.updates, sent.batches, sent.bytes)
}

function numbers(...values: number[]): string[] {
  return values.map((value) => value.toLocaleString('en'))
}

function keysOf(...maps: ReadonlyMap<string, unknown>[]): readonly string[] {
  return [...new Set(maps.flatMap((map) => [...map.keys()]))].sort()
}

function meanOf(tally: TallyValue | undefined): number {
  return tally === undefined || tally.flights === 0 ? 0 : tally.delay / tally.flights
}
