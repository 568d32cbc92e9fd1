import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One planted bug: a patch with a header that says what it is and who must notice. */
export interface Mutation {
  /** The patch's file name. */
  readonly file: string
  readonly name: string
  readonly description: string
  /** The test files that must each report a failing test. */
  readonly catches: readonly string[]
  /** The kinds of objects that it breaks, by their titles; none for what lies below or above them. */
  readonly kinds: readonly string[]
  /** Of simulations: within how many seeds, from 1 on, it must be caught. */
  readonly seedsMax: number | undefined
}

const LABEL = /^(catches|kind|seeds):\s*(.*)$/

/**
 * Reads the `#` lines above a patch: `# catches: FILE...`, `# kind: TITLE`, `# seeds: NUMBER`, and one line of
 * description.
 */
export function readMutation(file: string, text: string): Mutation {
  const header = text.slice(0, text.search(/^(diff |--- )/m))
  const lines = [...header.matchAll(/^# ?(.*)$/gm)].map(([, line = '']) => line.trim())
  const labelled = (label: string): string[] =>
    lines.flatMap((line) => {
      const [, found, value = ''] = LABEL.exec(line) ?? []
      return found === label && value !== '' ? [value] : []
    })
  const catches = labelled('catches').flatMap((paths) => paths.split(/[\s,]+/))
  const description = lines.find((line) => line !== '' && !LABEL.test(line))
  if (catches.length === 0) throw new Error(`${file}: add a line "# catches: TEST_FILE..."`)
  if (description === undefined) throw new Error(`${file}: add a line "# what the bug is"`)
  const [seeds] = labelled('seeds')
  const seedsMax = seeds === undefined ? undefined : Number(seeds)
  if (seedsMax !== undefined && !(Number.isSafeInteger(seedsMax) && seedsMax > 0))
    throw new Error(`${file}: "# seeds:" takes a whole number above 0`)
  const name = file.replace(/\.patch$/, '')
  return { file, name, description, catches, kinds: labelled('kind'), seedsMax }
}

/** All planted bugs in a directory. */
export function readMutations(directory: string): Mutation[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith('.patch'))
    .map((file) => readMutation(file, readFileSync(join(directory, file), 'utf8')))
}
