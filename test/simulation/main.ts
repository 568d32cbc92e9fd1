// `npm run simulate -- [--seeds N] [--first SEED] [--only groups|identity|replication] [--peers N] [--steps N] [--raft]`
import { parseArgs } from 'node:util'
import { SingleBar } from 'cli-progress'
import { healingMsMax, simulateGroup } from './groups/simulate-group.ts'
import { simulateIdentity, simulateIdentityOverRaft, STEPS } from './identity/simulate-identity.ts'
import { simulate } from './simulation.ts'
import { loadObjects } from './workload.ts'

/** One kind of cluster that is simulated. */
interface Kind {
  readonly name: 'replication' | 'groups' | 'identity'
  load(): Promise<void>
  /** Runs a seed and gives what happened in it, in numbers; fails with the reason. */
  run(seed: number): Promise<object> | object
  /** Whether of this the greatest is told, and not the sum. */
  isMost(name: string): boolean
  conclude(most: ReadonlyMap<string, number>): string
}

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    first: { type: 'string' },
    peers: { type: 'string' },
    only: { type: 'string' },
    steps: { type: 'string' },
    // Under the model of identity: a whole Raft group in place of its state alone.
    raft: { type: 'boolean', default: false },
  },
})
const seeds = wholeNumber('seeds', values.seeds, 1_000)
const first = wholeNumber('first', values.first, 1)
const peers = wholeNumber('peers', values.peers, 5)
const steps = wholeNumber('steps', values.steps, STEPS)

const kinds: readonly Kind[] = [
  {
    name: 'replication',
    load: loadObjects,
    run: (seed) => simulate({ seed, peers }),
    isMost: (name) => name === 'convergedTicks' || name.endsWith('Max'),
    conclude: (most) =>
      `all converged to what the oracle says, within ${greatest(most, 'convergedTicks')} ticks of healing; ` +
      `at the most ${greatest(most, 'vectorMax')} entries in a vector, where ${greatest(most, 'livesMax')} lives went on`,
  },
  {
    name: 'groups',
    load: async () => {},
    run: simulateGroup,
    isMost: (name) => name === 'healedMs',
    conclude: (most) =>
      `all were linearizable, and every call was answered within ${greatest(most, 'healedMs')} ms of healing, of ${healingMsMax}`,
  },
  {
    name: 'identity',
    load: async () => {},
    run: (seed) =>
      values.raft ? simulateIdentityOverRaft(seed, steps) : simulateIdentity(seed, steps),
    isMost: (name) => name.startsWith('most'),
    conclude: (most) => {
      const bounds = [...most].map(([name, n]) => `${n} ${name}`).join(', ')
      return `nothing was lost but by permission, nothing was in twice; at the most: ${bounds}`
    },
  },
]

const { only } = values
if (only !== undefined && !kinds.some(({ name }) => name === only)) {
  console.error(`--only takes ${kinds.map(({ name }) => name).join(' or ')}, not "${only}"`)
  process.exit(2)
}
for (const kind of kinds) {
  if (only === undefined || only === kind.name) await runKind(kind)
}

async function runKind(kind: Kind): Promise<void> {
  await kind.load()
  const show = progressOf(kind.name)
  const totals = new Map<string, number>()
  const most = new Map<string, number>()
  for (let done = 1; done <= seeds; done++) {
    const seed = first + done - 1
    try {
      for (const [name, n] of Object.entries(await kind.run(seed)) as [string, number][]) {
        if (kind.isMost(name)) most.set(name, Math.max(most.get(name) ?? 0, n))
        else totals.set(name, (totals.get(name) ?? 0) + n)
      }
    } catch (error) {
      console.error(error)
      let size = kind.name === 'replication' && peers !== 5 ? ` --peers ${peers}` : ''
      if (kind.name === 'identity') {
        size = `${steps === STEPS ? '' : ` --steps ${steps}`}${values.raft ? ' --raft' : ''}`
      }
      const again = `npm run simulate -- --only ${kind.name} --seeds 1 --first ${seed}${size}`
      console.error(`\nseed ${seed} failed; replay it: ${again}`)
      process.exit(1)
    }
    show(done)
  }
  console.log([...totals].map(([name, n]) => `${n} ${name}`).join(', '))
  console.log(kind.conclude(most))
}

function greatest(most: ReadonlyMap<string, number>, name: string): number {
  return Math.ceil(most.get(name) ?? 0)
}

/** A bar in a terminal, a line for each hundred elsewhere. */
function progressOf(name: string): (done: number) => void {
  const startedMs = performance.now()
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
  if (!process.stdout.isTTY) {
    return (done) => {
      if (done % 100 !== 0 && done !== seeds) return
      console.log(`${name}: ${done} of ${seeds} seeds, ${seconds()}`)
    }
  }
  const bar = new SingleBar({
    format: `  {bar} {value}/{total} seeds of ${name}  {duration_formatted}`,
    hideCursor: true,
  })
  bar.start(seeds, 0)
  return (done) => {
    bar.update(done)
    if (done < seeds) return
    bar.stop()
    console.log(`${name}: ${done} of ${seeds} seeds, ${seconds()}`)
  }
}

function wholeNumber(name: string, text: string | undefined, usual: number): number {
  const value = Number(text ?? usual)
  if (Number.isSafeInteger(value) && value > 0) return value
  console.error(`--${name} takes a whole number above 0, not "${text}"`)
  process.exit(2)
}
