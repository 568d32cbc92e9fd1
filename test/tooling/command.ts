import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryRoot } from './repository-copy.ts'

/** How a command ended, and everything it printed in the order it came. */
export interface CommandResult {
  /** The exit code; `null` when a signal ended it. */
  readonly code: number | null
  readonly output: string
  readonly timedOut: boolean
}

/** Where and how a command runs. */
export interface CommandOptions {
  readonly directory?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
  /** Also passes the output on as it comes. */
  readonly echo?: boolean
}

/** The path of a program that a dependency installed: in this tree, or in the one that it is a copy in. */
export function installedProgram(name: string): string {
  for (let directory = repositoryRoot; ; directory = dirname(directory)) {
    const program = join(directory, 'node_modules/.bin', name)
    if (existsSync(program)) return program
    if (directory === dirname(directory)) throw new Error(`${name} is not installed: npm install`)
  }
}

/** Runs a command with no stdin to its end. A failing command is a result, not an exception. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(program, args, {
    cwd: options.directory ?? repositoryRoot,
    env: options.environment ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a timeout also ends what it started.
    detached: options.timeoutMs !== undefined,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (options.echo) process.stdout.write(text)
    })
  }
  let timedOut = false
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true
          if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        }, options.timeoutMs)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve)
    })
    return { code, output, timedOut }
  } finally {
    clearTimeout(timer)
  }
}
