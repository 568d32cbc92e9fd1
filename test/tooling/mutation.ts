/** One planted bug: a patch with a header that says what it is and who must notice. */
export interface Mutation {
  /** The patch's file name. */
  readonly file: string
  readonly name: string
  readonly description: string
  /** The test files that must each report a failing test. */
  readonly catches: readonly string[]
}

/** Reads the `#` lines above a patch: `# catches: FILE...`, and one line of description. */
export function readMutation(file: string, text: string): Mutation {
  const header = text.slice(0, text.search(/^(diff |--- )/m))
  const lines = [...header.matchAll(/^# ?(.*)$/gm)].map(([, line = '']) => line.trim())
  const catches = lines
    .filter((line) => line.startsWith('catches:'))
    .flatMap((line) => line.slice('catches:'.length).split(/[\s,]+/))
    .filter((path) => path !== '')
  const description = lines.find((line) => line !== '' && !line.startsWith('catches:'))
  if (catches.length === 0) throw new Error(`${file}: add a line "# catches: TEST_FILE..."`)
  if (description === undefined) throw new Error(`${file}: add a line "# what the bug is"`)
  return { file, name: file.replace(/\.patch$/, ''), description, catches }
}
