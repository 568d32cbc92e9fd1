// `npm run long -- scale [--peers 3,10,30]`: what a peer of a cluster costs, by the number of peers, at one load in all.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { renderConclusions, renderTable, scalePanels } from './report.ts'
import { plotSvg } from './plot.ts'
import { runScale, type ScaleFigures, type ScaleOptions } from './run-scale.ts'

const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: '3,10,30,100,300,1000' },
    load: { type: 'string', default: '300' },
    seed: { type: 'string', default: process.env['SEED'] ?? '1' },
  },
})
const sizes = values.peers.split(',').map((text) => wholeNumber('peers', text))
const operationsPerSecond = wholeNumber('load', values.load)
const seed = wholeNumber('seed', values.seed)
const lost = 0.01

// The first run of all pays for the compiler.
runScale(optionsOf(10, 'direct'))
const found: ScaleFigures[] = []
for (const peers of sizes) {
  for (const adapter of ['direct', 'gossip'] as const) {
    if (process.stderr.isTTY) console.error(`${peers} peers, ${adapter}`)
    found.push(runScale(optionsOf(peers, adapter)))
  }
}
const lossy = sizes
  .filter((peers) => peers <= 100)
  .map((peers) => runScale({ ...optionsOf(peers, 'gossip'), lost }))

console.log(`${operationsPerSecond} operations a second in all, by all peers in turn at random`)
console.log('for one peer and one second, sent and received together, but for times and batches\n')
console.log(renderTable(found))
console.log(`\nwith ${lost * 100} % of the copies of gossip lost\n`)
console.log(renderTable(lossy))
console.log(renderConclusions(found))
const picture = new URL('../../docs/results/scale.svg', import.meta.url)
mkdirSync(new URL('./', picture), { recursive: true })
writeFileSync(picture, plotSvg(scalePanels(found), 'peers'))

/** Measured once a peer has written once and a half on average: what batches name is then about as it stays. */
function optionsOf(peers: number, adapter: ScaleOptions['adapter']): ScaleOptions {
  const betweenWritesMs = (1000 * peers) / operationsPerSecond
  const warmUpMs = 200 + 1.5 * betweenWritesMs
  return {
    ...{ seed, peers, adapter, operationsPerSecond },
    ...{ warmUpMs, measuredMs: 500 + 0.5 * betweenWritesMs },
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  console.error(`--${name} takes whole numbers above 0, not "${text}"`)
  process.exit(2)
}
