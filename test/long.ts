// `npm run long -- NAME`: what is too long for every commit. Prints its seed, which replays it, and
// leaves what it found in docs/results/NAME.md.
import { randomInt } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { runCommand } from './tooling/command.ts'
import { repositoryRoot } from './tooling/repository-copy.ts'

interface LongRun {
  readonly summary: string
  /** Arguments of `node`; more may follow on the command line. */
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** What it draws, beside the report. */
  readonly picture?: string
}

/** Of the output, in the report. */
const LINES_MAX = 1_000

const fromSource = ['--import', 'tsx', '--conditions=@joinery/source']
const mocha = 'node_modules/mocha/bin/mocha.js'

const runs: Readonly<Record<string, LongRun>> = {
  simulate: {
    summary:
      'Simulated clusters and groups with faults: every replica converges, every object is linearizable, nothing is lost or doubled.',
    args: [...fromSource, 'test/simulation/main.ts', '--seeds', '2000'],
  },
  bench: {
    summary: 'Benchmarks, side by side with the alternatives.',
    args: [...fromSource, 'test/bench/main.ts'],
  },
  nemesis: {
    summary:
      'Five voters in processes and networks of their own are killed, stopped and cut off from each other, with disks and in memory: what their clients saw is linearizable, and nothing acknowledged is lost.',
    args: [...fromSource, 'test/nemesis/main.ts'],
  },
  partitions: {
    summary:
      'Five peers in networks of their own and one space: links that are cut, lose packets, are slow or long, and processes that are killed, stopped and come in bursts. Writing goes on as before, all is whole soon after, and nothing that two peers held is lost.',
    args: [...fromSource, 'test/spaces-nemesis/main.ts'],
  },
  lifetimes: {
    summary:
      'Ten thousand containers live against one space, a tenth of them processes that are killed: nothing acknowledged is lost, and what they leave is as large as a fresh space with the same contents.',
    args: [...fromSource, 'test/lifetimes/main.ts'],
  },
  scale: {
    summary:
      'What a peer of a cluster costs, by the number of peers at one load in all: the replication of peers on virtual time, over a network that counts.',
    // A thousand peers are a million neighbours: beyond 4 GiB, where the heap of a process ends by itself.
    args: ['--max-old-space-size=20000', ...fromSource, 'test/scale/main.ts'],
    picture: 'scale.svg',
  },
  soak: {
    summary:
      'Peers and short functions come and go, some by SIGKILL, while three peers stay: heap, handles, sockets and timers of these stay as they are.',
    args: [...fromSource, 'test/soak/main.ts'],
  },
  joins: {
    summary:
      'Bursts of up to a hundred peers that join at once, in one process: no dial fails, and each is connected to each.',
    args: [...fromSource, 'test/joins/main.ts'],
  },
  membership: {
    summary:
      'Simulated failure detectors of up to 300 peers that freeze, die, are cut off or busy: how soon each is noticed, and how rarely who is only busy.',
    args: [...fromSource, 'test/simulation/membership/main.ts'],
  },
  laws: {
    summary:
      'The laws of every object type, and its oracle: over as many histories as each title says, 10,000 unless LAW_SCALE says otherwise.',
    args: [mocha, '--timeout', '0', 'test/crdt-objects/**/*.test.ts'],
    environment: { LAW_SCALE: '100' },
  },
}

async function main(name: string | undefined, more: readonly string[]): Promise<number> {
  const run = name === undefined ? undefined : runs[name]
  if (name === undefined || run === undefined) {
    console.error('usage: npm run long -- NAME [arguments]\n')
    for (const [each, { summary }] of Object.entries(runs)) {
      console.error(`  ${each.padEnd(10)} ${summary}`)
    }
    return 2
  }
  const seed = process.env['SEED'] ?? String(randomInt(2 ** 31))
  console.log(`seed ${seed}`)
  const started = performance.now()
  const { code, output } = await runCommand(process.execPath, [...run.args, ...more], {
    environment: { ...run.environment, ...process.env, SEED: seed },
    echo: true,
  })
  const minutes = ((performance.now() - started) / 60_000).toFixed(1)
  const directory = join(repositoryRoot, 'docs/results')
  mkdirSync(directory, { recursive: true })
  const asked = Object.keys(run.environment ?? {}).flatMap((key) => {
    const value = process.env[key]
    return value === undefined ? [] : [`${key}=${value}`]
  })
  const again = [...asked, 'npm run long --', name, ...more].join(' ')
  const report = [
    `# ${name}`,
    run.summary,
    [
      `- ${code === 0 ? 'Passed' : 'FAILED'} on ${new Date().toISOString().slice(0, 10)}, after ${minutes} minutes`,
      `- Again: \`SEED=${seed} ${again}\``,
      `- Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown processor'}`,
    ].join('\n'),
    ...(run.picture === undefined ? [] : [`![${run.summary}](${run.picture})`]),
    `\`\`\`\n${printable(output)}\n\`\`\``,
  ]
  writeFileSync(join(directory, `${name}.md`), `${report.join('\n\n')}\n`)
  return code ?? 1
}

/** Output without colours, redrawn lines and the machine's own paths; its end if it is very long. */
function printable(output: string): string {
  const plain = output
    .replaceAll(repositoryRoot, '.')
    // eslint-disable-next-line no-control-regex -- escape sequences are what it removes
    .replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/^.*\r(?!\n)/gm, '')
    .trim()
  const lines = plain.split('\n')
  return lines.length <= LINES_MAX ? plain : ['[...]', ...lines.slice(-LINES_MAX)].join('\n')
}

process.exitCode = await main(process.argv[2], process.argv.slice(3))
