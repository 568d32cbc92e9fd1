// `npm run check`: everything that must hold, one line for each step, the tests last.
import { readdirSync } from 'node:fs'
import { installedProgram, runCommand } from './tooling/command.ts'
import { runTests } from './run.ts'
import { repositoryRoot } from './tooling/repository-copy.ts'

interface Step {
  readonly title: string
  readonly program: string
  readonly args: readonly string[]
}

const step = (title: string, program: string, ...args: string[]): Step => ({ title, program, args })

const packages = readdirSync(`${repositoryRoot}/packages`)

const steps: readonly Step[] = [
  step('types of packages', 'tsc', '-b'),
  step('types of tests and examples', 'tsc', '-p', 'test'),
  // Without the cache that `npm run lint` keeps: it does not notice when a type elsewhere changes.
  step('lint', 'eslint', '.', '--max-warnings', '0'),
  step('format', 'prettier', '--check', '--log-level', 'warn', '.'),
  step('imports', 'depcruise', 'packages', 'test', 'docs'),
  step('unused', 'knip', '--no-progress'),
  step('documentation of public names', 'typedoc'),
  ...packages.map((name) => step(`package ${name}`, 'publint', '--strict', `packages/${name}`)),
]

const failed: string[] = []
for (const { title, program, args } of steps) {
  const started = performance.now()
  const { code, output } = await runCommand(installedProgram(program), args)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${title} (${seconds} s)`)
  if (code !== 0) {
    console.log(output.trimEnd())
    failed.push(title)
  }
}

// Last, so that the last line printed is the tests' own: N passed, N failed, N skipped.
const tests = await runTests()
if (failed.length > 0) console.error(`check failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : tests
