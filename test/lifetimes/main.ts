// `npm run long -- lifetimes`: ten thousand containers against one space, a tenth of them processes that are killed.
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { liveInLibraries } from './libraries.ts'
import { isRight, printLibraries, printReport } from './print.ts'
import { runLifetimes } from './run-lifetimes.ts'

const { values } = parseArgs({
  options: {
    lifetimes: { type: 'string', default: '10000' },
    /** How many of them are processes that are killed. */
    kills: { type: 'string', default: '1000' },
    /** Processes in which the others live, and how many live in each at once. */
    workers: { type: 'string', default: '2' },
    'at-once': { type: 'string', default: '8' },
    'kills-at-once': { type: 'string', default: '2' },
    /** Joins to each of the two spaces that are compared. */
    pairs: { type: 'string', default: '9' },
    /** Of each other library, at the most. */
    'library-seconds': { type: 'string', default: '60' },
    seed: { type: 'string', default: process.env['SEED'] ?? '1' },
  },
})
const lifetimes = wholeNumber('lifetimes', values.lifetimes)
const bar = new SingleBar({ format: '{bar} {value}/{total} lifetimes  {what}', hideCursor: true })
bar.start(lifetimes, 0, { what: 'starting' })
const report = await runLifetimes({
  lifetimes,
  kills: wholeNumber('kills', values.kills),
  workers: wholeNumber('workers', values.workers),
  atOnce: wholeNumber('at-once', values['at-once']),
  killsAtOnce: wholeNumber('kills-at-once', values['kills-at-once']),
  pairs: wholeNumber('pairs', values.pairs),
  seed: wholeNumber('seed', values.seed),
  sampleEveryMs: 5_000,
  onProgress: (lived, what) => bar.update(lived, { what }),
}).finally(() => bar.stop())
printReport(report)
const libraryMs = wholeNumber('library-seconds', values['library-seconds']) * 1000
if (libraryMs > 0) printLibraries(liveInLibraries(lifetimes, libraryMs))
process.exit(isRight(report) ? 0 : 1)

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`--${name} takes a whole number`)
  process.exit(2)
}
