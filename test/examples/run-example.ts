import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { bundle } from '#test/fixtures/bundle.ts'

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a program of `docs/examples`; `others` are those beside it that it starts. */
export async function runExample(
  file: string,
  args: readonly string[] = [],
  others: readonly string[] = [],
): Promise<Ended> {
  return await run([bundle(`docs/examples/${file}`, others), ...args])
}

/** Runs a program of `docs/examples` from source, as the root's scripts do. */
export async function runExampleSource(file: string, args: readonly string[] = []): Promise<Ended> {
  const flags = ['--import', 'tsx', '--conditions=@joinery/source']
  return await run([...flags, `docs/examples/${file}`, ...args])
}

async function run(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
