import { readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { installedProgram, runCommand } from './command.ts'

/** A test that failed, by its file relative to the tree and its full title. */
export interface TestFailure {
  readonly file: string
  readonly title: string
  /** What it failed with, in one line. */
  readonly message: string
}

/** What a run of test files found; with a problem, the tests never ran to their end. */
export interface TestRun {
  readonly failures: readonly TestFailure[]
  readonly problem?: string
}

/** Of the time for a whole run, what one test may take of it. */
const hangingPart = 0.4

interface MochaReport {
  readonly stats: { readonly tests: number }
  readonly failures: readonly {
    readonly file: string
    readonly fullTitle: string
    readonly err: { readonly message?: string }
  }[]
}

export interface RunOptions {
  /** Ends a run that takes longer. */
  readonly timeoutMs?: number
  /** Whether the first failing test ends the run. */
  readonly bail?: boolean
  /** How many seeds each simulation tries; if it is not given, as many as the test says. */
  readonly seeds?: number | undefined
}

/** Runs test files in the tree at `directory` and tells failing tests from tests that never ran. */
export async function runTestFiles(
  directory: string,
  files: readonly string[],
  { timeoutMs = 300_000, bail = false, seeds }: RunOptions = {},
): Promise<TestRun> {
  const report = join(directory, 'mocha-report.json')
  await rm(report, { force: true })
  const args = ['--reporter', 'json', '--reporter-option', `output=${report}`, ...files]
  // A planted bug may make a test wait for ever: that is a failure, and is to be one before the run is ended.
  if (bail) args.push('--bail', '--timeout', String(timeoutMs * hangingPart))
  // That they fail is all that is asked.
  const environment: NodeJS.ProcessEnv = { ...process.env, SHRINK: '0' }
  if (seeds !== undefined) environment['SIMULATED_SEEDS'] = String(seeds)
  const run = await runCommand(installedProgram('mocha'), args, {
    directory,
    timeoutMs,
    environment,
  })
  if (run.timedOut) return { failures: [], problem: `still running after ${timeoutMs / 1000} s` }
  let text: string
  try {
    text = await readFile(report, 'utf8')
  } catch {
    return { failures: [], problem: `did not load: ${firstError(run.output)}` }
  }
  const { stats, failures } = JSON.parse(text) as MochaReport
  if (stats.tests === 0) return { failures: [], problem: 'ran no test' }
  return {
    failures: failures.map(({ file, fullTitle, err }) => ({
      file: relative(directory, file),
      title: fullTitle,
      message: err.message?.split('\n')[0] ?? '',
    })),
  }
}

function firstError(output: string): string {
  const lines = output.trim().split('\n')
  return lines.find((line) => /error/i.test(line))?.trim() ?? lines.at(-1) ?? 'no output'
}
