import { cpus } from 'node:os'
import { type Benchmark } from './benchmark.ts'
import { type Goal, isMet, type Row } from './figure.ts'

const heading = ['what', 'pinned to', 'here', 'against', 'ratio', 'goal']

/** A benchmark and what it found. */
export interface Section {
  readonly benchmark: Benchmark
  readonly rows: readonly Row[]
}

/** The whole report. Its first line says what is missing from it. */
export function renderReport(missing: readonly string[], sections: readonly Section[]): string {
  const [processor] = cpus()
  return [
    missing.length === 0 ? 'not measured: nothing' : `not measured: ${missing.join('; ')}`,
    '',
    '# Benchmarks',
    '',
    `Written by \`npm run bench\`. Node ${process.versions.node}, ${cpus().length} cores, ` +
      `${processor?.model ?? 'unknown processor'}.`,
    'Ratios are of one run, ours divided by the other; a p50 is compared with a p50.',
    '"One core": all processes share it, and a message costs no wake-up. "Two cores": the one that asks and the one ' +
      'that answers each have their own. Without such pinning a run flips between the two.',
    '',
    ...sections.map(renderSection),
  ].join('\n')
}

/** One benchmark: what is measured, and the table. */
export function renderSection({ benchmark, rows }: Section): string {
  return [`## ${benchmark.title}`, '', benchmark.method, '', renderTable(rows), ''].join('\n')
}

function renderTable(rows: readonly Row[]): string {
  const cells = [heading, ...rows.map(cellsOf)]
  const widths = heading.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  )
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  )
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

function cellsOf(row: Row): string[] {
  const { ratio, goal } = row
  const judged = row.measured ?? ratio
  return [
    row.subject,
    row.regime,
    row.ours,
    row.against ?? '',
    ratio === undefined ? '' : ratioText(ratio),
    judged === undefined || goal === undefined ? '' : goalText(judged, goal),
  ]
}

function ratioText(ratio: number): string {
  return ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)
}

function goalText(figure: number, goal: Goal): string {
  const unit = goal.unit === undefined ? '' : ` ${goal.unit}`
  const asked =
    goal.atLeast === undefined ? `at most ${goal.atMost ?? NaN}` : `at least ${goal.atLeast}`
  return `${asked}${unit}: ${isMet(figure, goal) ? 'met' : 'MISSED'}`
}
