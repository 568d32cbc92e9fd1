import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a program ended, and what it said. */
export interface Ended {
  readonly code: number | null
  readonly output: string
}

/** Runs a program of `docs/examples` from source, as the root's scripts do. */
export async function runExample(file: string, args: readonly string[] = []): Promise<Ended> {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const flags = ['--import', 'tsx', '--conditions=@joinery/source']
  const child = spawn(process.execPath, [...flags, `docs/examples/${file}`, ...args], {
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
