// `npm run mutate [-- NAME...]`: do the tests notice? Each patch in test/mutations plants one bug
// and names the test files that must catch it. A patch is caught when each of these reports a failing
// test; a copy that does not load at all proves nothing, and counts as broken. Of a patch that simulations
// catch it is told at which seed they did, and within how many they must.
import { join } from 'node:path'
import { runCommand } from './tooling/command.ts'
import { copyRepository, repositoryRoot } from './tooling/repository-copy.ts'
import { readMutations, type Mutation } from './tooling/mutation.ts'
import { runTestFiles, type TestFailure } from './tooling/test-files.ts'

type Verdict = 'caught' | 'SURVIVED' | 'BROKEN'

interface Outcome {
  readonly mutation: Mutation
  readonly verdict: Verdict
  readonly detail: string
}

const atOnce = 2
const fileTimeoutMs = 60_000
const directory = join(repositoryRoot, 'test/mutations')

async function tryMutation(mutation: Mutation): Promise<Outcome> {
  const conclude = (verdict: Verdict, detail: string): Outcome => ({ mutation, verdict, detail })
  await using copy = await copyRepository()
  const patch = join(directory, mutation.file)
  // With a ceiling git takes the copy for a plain folder, and the patch's paths as relative to it.
  const environment = { ...process.env, GIT_CEILING_DIRECTORIES: join(copy.directory, '..') }
  const applied = await runCommand('git', ['apply', '--verbose', patch], {
    directory: copy.directory,
    environment,
  })
  if (applied.code !== 0) return conclude('BROKEN', `does not apply: ${lastLine(applied.output)}`)
  const caught: string[] = []
  const { seedsMax } = mutation
  for (const file of mutation.catches) {
    // One file at a time, and each to its first failing test: that is all that is asked.
    const options = { bail: true, seeds: seedsMax }
    const { failures, problem } = await runTestFiles(copy.directory, [file], options)
    if (problem !== undefined) return conclude('BROKEN', problem)
    const [failure] = failures
    if (failure === undefined) return conclude('SURVIVED', `no failing test in ${file}`)
    caught.push(describeFailure(failure, seedsMax))
  }
  return conclude('caught', caught.join(`\n${' '.repeat(10)}`))
}

function describeFailure({ title, message }: TestFailure, seedsMax: number | undefined): string {
  const [, seed, reason = ''] = /^seed (\d+): (.*)$/.exec(message) ?? []
  if (seedsMax === undefined || seed === undefined) return title
  return `at seed ${seed}, of ${seedsMax}: ${reason.slice(0, 120)}`
}

/** The same tests must pass without any patch, or their failing says nothing. */
async function findBaselineProblem(mutations: readonly Mutation[]): Promise<string | undefined> {
  const files = [...new Set(mutations.flatMap(({ catches }) => catches))]
  await using copy = await copyRepository()
  // All at once: one limit for a file would end them early where much else runs.
  const timeoutMs = files.length * fileTimeoutMs
  const { failures, problem } = await runTestFiles(copy.directory, files, { timeoutMs })
  return problem ?? (failures[0] && `fails without a mutation: ${failures[0].title}`)
}

async function tryAll(mutations: readonly Mutation[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = [...mutations]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await tryMutation(next)
      outcomes.push(outcome)
      const { verdict, mutation, detail } = outcome
      console.log(
        `${verdict.padEnd(8)}  ${mutation.name}: ${mutation.description}\n${' '.repeat(10)}${detail}`,
      )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return outcomes
}

async function main(wanted: readonly string[]): Promise<number> {
  const mutations = readMutations(directory).filter(
    ({ name }) => wanted.length === 0 || wanted.some((each) => name.includes(each)),
  )
  if (mutations.length === 0) {
    console.error('no mutation to try')
    return 1
  }
  const problem = await findBaselineProblem(mutations)
  if (problem !== undefined) {
    console.error(problem)
    return 1
  }
  const outcomes = await tryAll(mutations)
  const count = (verdict: Verdict) => outcomes.filter((each) => each.verdict === verdict).length
  console.log(
    `${count('caught')} caught, ${count('SURVIVED')} survived, ${count('BROKEN')} broken, of ${mutations.length}`,
  )
  return count('caught') === mutations.length ? 0 : 1
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''

process.exitCode = await main(process.argv.slice(2))
