/*
 * Scripts: text files of steps, each a command and what it must print. Between steps are blank lines and `#` comments:
 *
 *     command positional key=value key=(a,b)
 *     input, if the command takes any
 *     ----
 *     expected output, up to a blank line
 *
 * Output that has blank lines itself stands between doubled `----` lines.
 */

export interface Argument {
  readonly key: string
  readonly values: readonly string[]
}

export interface ScriptStep {
  /** Of the command, from 1 on. */
  readonly line: number
  readonly command: string
  readonly args: readonly Argument[]
  readonly input: string
  readonly expected: string
  /** Everything from after the last step to the `----`, as it stands in the file. */
  readonly source: readonly string[]
}

export interface Script {
  readonly steps: readonly ScriptStep[]
  /** After the last step. */
  readonly rest: readonly string[]
}

const ruler = '----'

export function parseScript(text: string): Script {
  const lines = text.split('\n')
  const steps: ScriptStep[] = []
  let start = 0
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!.trim()
    if (line === '' || line.startsWith('#')) {
      at++
      continue
    }
    const ruled = lines.indexOf(ruler, at)
    if (ruled < 0) throw new Error(`line ${at + 1}: no ${ruler} after "${line}"`)
    const [directive, input] = splitInput(lines.slice(at, ruled))
    const [expected, end] = readExpected(lines, ruled + 1)
    steps.push({
      line: at + 1,
      ...parseDirective(directive),
      input,
      expected,
      source: lines.slice(start, ruled),
    })
    at = start = end
  }
  return { steps, rest: lines.slice(start) }
}

/** The script with other outputs: what `parseScript` would read from it. */
export function formatScript(script: Script, outputs: readonly string[]): string {
  const lines: string[] = []
  for (const [place, step] of script.steps.entries()) {
    const output = outputs[place]!.split('\n')
    const hasBlank = output.includes('')
    lines.push(...step.source, ruler)
    if (hasBlank) lines.push(ruler, ...output, ruler, ruler)
    else lines.push(...output)
  }
  return [...lines, ...script.rest].join('\n')
}

/** The whole of an argument's only value; `fallback` if it is not there. */
export function valueOf(step: ScriptStep, key: string, fallback: string): string {
  return step.args.find((argument) => argument.key === key)?.values[0] ?? fallback
}

/** Arguments without values. */
export function positionals(step: ScriptStep): string[] {
  return step.args.filter(({ values }) => values.length === 0).map(({ key }) => key)
}

/** A directive goes on in the next line after a backslash. */
function splitInput(lines: readonly string[]): [directive: string, input: string] {
  let directive = ''
  let at = 0
  do {
    directive = directive.replace(/\\$/, ' ') + lines[at++]!.trim()
  } while (directive.endsWith('\\') && at < lines.length)
  return [directive, lines.slice(at).join('\n')]
}

function readExpected(lines: readonly string[], start: number): [expected: string, end: number] {
  if (lines[start] !== ruler) {
    let end = start
    while (end < lines.length && lines[end]!.trim() !== '') end++
    return [lines.slice(start, end).join('\n'), end]
  }
  let end = start + 1
  while (end < lines.length && !(lines[end] === ruler && lines[end + 1] === ruler)) end++
  return [lines.slice(start + 1, end).join('\n'), end + 2]
}

function parseDirective(directive: string): { command: string; args: Argument[] } {
  const words = directive.match(/[^\s=]+(?:=(?:\([^)]*\)|\S*))?/g) ?? []
  const [command = '', ...rest] = words
  return { command, args: rest.map(parseArgument) }
}

function parseArgument(word: string): Argument {
  const [key = ''] = word.split('=', 1)
  if (key === word) return { key, values: [] }
  const value = word.slice(key.length + 1)
  const isList = value.startsWith('(') && value.endsWith(')')
  const values = isList ? value.slice(1, -1).split(',') : [value]
  return { key, values: values.map((text) => text.trim()).filter((text) => text !== '') }
}
