// `npm test`: all tests, in three processes at once. What computes is in one, and what waits for processes and time is
// in two, which leave a core idle for half of the time: together they use two cores, and take about as long.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { installedProgram } from './tooling/command.ts'
import { repositoryRoot } from './tooling/repository-copy.ts'

interface LaneResult {
  readonly code: number
  /** How many tests passed, failed and were skipped; undefined when the lane did not come to its end. */
  readonly counts: readonly number[] | undefined
}

/** Folders of tests that mostly wait for processes, servers and sockets, so divided that each lane takes as long. */
const waiting: readonly (readonly string[])[] = [
  ['integration', 'lifetimes', 'nemesis', 'soak'],
  ['acceptance', 'examples', 'peer', 'spaces-nemesis'],
]
const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/
/** With which a lane begins to say what went wrong in it, all that is left of its report. */
const firstOfWrong = /^ +(\d+ failing$|REQUIRE_ALL: )/

/** The lanes, as files that mocha takes: first what computes, to which a new folder belongs until it is named above. */
function lanes(): readonly (readonly string[])[] {
  const files = readdirSync(join(repositoryRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
  const laneOf = (file: string): number => {
    const folder = file.split(/[\\/]/)[0] ?? ''
    return 1 + waiting.findIndex((folders) => folders.includes(folder))
  }
  return [0, ...waiting.map((_, i) => i + 1)].map((lane) =>
    files.filter((file) => laneOf(file) === lane).map((file) => join('test', file)),
  )
}

/** Runs one lane. `onLine` gets its report line by line, without the closing line. */
async function runLane(
  files: readonly string[],
  more: readonly string[],
  onLine: (line: string) => void,
): Promise<LaneResult> {
  const child = spawn(installedProgram('mocha'), ['--forbid-only', ...more, ...files], {
    cwd: repositoryRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let counts: number[] | undefined
  let rest = ''
  const take = (line: string): void => {
    const found = closingLine.exec(line)
    if (found === null) onLine(line)
    else counts = found.slice(1).map(Number)
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => onLine(text.trimEnd()))
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode) => resolve(exitCode ?? 1))
  })
  if (rest !== '') take(rest)
  return { code, counts }
}

/** Runs all tests; its last line is their count. Gives the exit code. */
export async function runTests(more: readonly string[] = []): Promise<number> {
  // The first lane is shown as it goes on, the others when all have ended. What failed comes last, whichever lane it is
  // of: a report has thousands of lines, and who reads it, or keeps an end of it, looks there.
  const kept: string[][] = []
  const wrong: string[][] = []
  const results = await Promise.all(
    lanes().map(async (files, lane) => {
      const lines: string[] = []
      const wrongLines: string[] = []
      kept.push(lines)
      wrong.push(wrongLines)
      return await runLane(files, more, (line) => {
        if (wrongLines.length > 0 || firstOfWrong.test(stripVTControlCharacters(line)))
          wrongLines.push(line)
        else if (lane === 0) console.log(line)
        else lines.push(line)
      })
    }),
  )
  for (const line of [...kept.flat(), ...wrong.flat()]) console.log(line)
  const unfinished = results.filter(({ counts }) => counts === undefined).length
  if (unfinished > 0)
    console.error(`${unfinished} of ${results.length} lanes of tests did not come to an end`)
  const total = [0, 1, 2].map((i) =>
    results.reduce((sum, { counts }) => sum + (counts?.[i] ?? 0), i === 1 ? unfinished : 0),
  )
  console.log(`${total[0]} passed, ${total[1]} failed, ${total[2]} skipped`)
  return results.some(({ code }) => code !== 0) || unfinished > 0 ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = await runTests(process.argv.slice(2))
}
