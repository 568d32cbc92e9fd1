import { parseArgs } from 'node:util'
import { simulate } from './simulation.ts'
import { loadObjects } from './workload.ts'

const { values } = parseArgs({
  options: { seeds: { type: 'string' }, first: { type: 'string' }, peers: { type: 'string' } },
})
const seeds = wholeNumber('seeds', values.seeds, 1_000)
const first = wholeNumber('first', values.first, 1)
const peers = wholeNumber('peers', values.peers, 5)

await loadObjects()
const startedMs = performance.now()
const totals = new Map<string, number>()
let slowest = 0
for (let done = 0; done < seeds; done++) {
  const seed = first + done
  try {
    const report = simulate({ seed, peers })
    slowest = Math.max(slowest, report.convergedTicks)
    for (const [name, n] of Object.entries<number>({ ...report }))
      totals.set(name, (totals.get(name) ?? 0) + n)
  } catch (error) {
    console.error(error)
    console.error(`\nseed ${seed} failed; replay it: npm run simulate -- --seeds 1 --first ${seed}`)
    process.exit(1)
  }
  if ((done + 1) % 100 === 0 || done + 1 === seeds) {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`${done + 1} of ${seeds} seeds, ${seconds} s`)
  }
}
totals.delete('convergedTicks')
console.log([...totals].map(([name, n]) => `${n} ${name}`).join(', '))
console.log(`all converged to what the oracle says, within ${Math.ceil(slowest)} ticks of healing`)

function wholeNumber(name: string, text: string | undefined, usual: number): number {
  const value = Number(text ?? usual)
  if (Number.isSafeInteger(value) && value > 0) return value
  console.error(`--${name} takes a whole number above 0, not "${text}"`)
  process.exit(2)
}
