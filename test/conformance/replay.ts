import { Interaction } from './interaction.ts'
import { ConfigurationScript, runQuorumStep } from './pure-scripts.ts'
import { formatScript, parseScript, type Script, type ScriptStep } from './script.ts'

export interface Replay {
  readonly passed: number
  readonly total: number
  /** The first step that printed something else. */
  readonly difference?: { readonly step: ScriptStep; readonly actual: string } | undefined
  /** The script with what was printed now. */
  readonly rewritten: string
}

/** Runs a script. What it drives is told by its commands. */
export function replay(text: string): Replay {
  const script = parseScript(text)
  const run = runnerOf(script)
  const outputs = script.steps.map((step) => printedBy(run, step))
  const failing = script.steps.flatMap((step, place) => {
    const actual = outputs[place]!
    return comparable(step.expected) === comparable(actual) ? [] : [{ step, actual }]
  })
  return {
    passed: script.steps.length - failing.length,
    total: script.steps.length,
    difference: failing[0],
    rewritten: formatScript(script, outputs),
  }
}

const quorumCommands = ['committed', 'vote']
const configurationCommands = ['simple', 'enter-joint', 'leave-joint']

function runnerOf({ steps }: Script): (step: ScriptStep) => string {
  const isAll = (commands: readonly string[]): boolean => {
    return steps.length > 0 && steps.every(({ command }) => commands.includes(command))
  }
  if (isAll(quorumCommands)) return runQuorumStep
  if (isAll(configurationCommands)) {
    const script = new ConfigurationScript()
    return (step) => script.run(step)
  }
  const interaction = new Interaction()
  return (step) => interaction.run(step)
}

/** A crash is a difference like any other. */
function printedBy(run: (step: ScriptStep) => string, step: ScriptStep): string {
  try {
    return run(step)
  } catch (error) {
    return `crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
}

/** Without log lines, which are another implementation's words; and with them nothing may be left, which is "ok". */
function comparable(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => !/^\s*(DEBUG|INFO|WARN|ERROR|FATAL) /.test(line))
  const text = lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
  return text === '' || text === 'ok (quiet)' ? 'ok' : text
}
