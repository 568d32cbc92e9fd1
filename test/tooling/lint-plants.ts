/** A text given to the linter as if it were `file`, and the rule that must find it. */
export interface LintPlant {
  readonly title: string
  readonly file: string
  readonly text: string
  readonly rule: string
}

const objects = 'packages/crdt-objects/src/planted.ts'
const cores = [
  'packages/peer/src/groups/core/planted.ts',
  'packages/peer/src/identity/core/planted.ts',
  'packages/peer/src/replication/core/planted.ts',
  'packages/consensus/src/raft/planted.ts',
]

const everywherePure: readonly (readonly [string, string, string])[] = [
  ['the clock', 'export const at = Date.now()', 'no-restricted-syntax'],
  ['a date of now', 'export const at = new Date()', 'no-restricted-syntax'],
  ['a timer', 'setTimeout(() => {}, 1)', 'no-restricted-globals'],
  ['a repeating timer', 'setInterval(() => {}, 1)', 'no-restricted-globals'],
  ['an immediate', 'setImmediate(() => {})', 'no-restricted-globals'],
  ['chance', 'export const draw = Math.random()', 'no-restricted-properties'],
  ['the environment', 'export const seed = process.env.SEED', 'no-restricted-globals'],
  ['a log', "console.log('here')", 'no-restricted-globals'],
  ['the global object', 'globalThis.setTimeout(() => {}, 1)', 'no-restricted-globals'],
]

const pureInCores: readonly (readonly [string, string, string])[] = [
  ...everywherePure,
  ['any date', 'export const at = new Date(5)', 'no-restricted-globals'],
  ['random bytes', 'export const id = crypto.randomUUID()', 'no-restricted-globals'],
  ['an async function', 'export async function step(): never {}', 'no-restricted-syntax'],
  ['an async arrow', 'export const step = async () => 1', 'no-restricted-syntax'],
  ['a wait', 'export const value = await step()', 'no-restricted-syntax'],
  ['a promise', 'export const value = Promise.resolve(1)', 'no-restricted-globals'],
  ['a type of promise', 'export type Later = Promise<1>', 'no-restricted-syntax'],
]

/** Of what the log decides: dates are values there, and of promises there is no use. */
const deterministic = [
  'packages/consensus/src/host/planted.ts',
  'packages/consensus/src/objects/kinds/planted-object.ts',
]

const synchronous = pureInCores.filter(([title]) => /async|a wait|a type of promise/.test(title))

const planted = (file: string) => {
  return ([title, text, rule]: readonly [string, string, string]): LintPlant => {
    return { title, text: `${text}\n`, rule, file }
  }
}

/** Violations of purity, length and the ways into a package. */
export const lintPlants: readonly LintPlant[] = [
  ...everywherePure.map(planted(objects)),
  ...cores.flatMap((file) => pureInCores.map(planted(file))),
  ...deterministic.flatMap((file) => [...everywherePure, ...synchronous].map(planted(file))),
  {
    title: 'a line too many',
    file: 'packages/peer/src/planted.ts',
    text: Array.from({ length: 401 }, (_, index) => `export const line${index} = ${index}\n`).join(
      '',
    ),
    rule: 'max-lines',
  },
  {
    title: 'a default export',
    file: 'packages/peer/src/planted.ts',
    text: 'export default 1\n',
    rule: 'no-restricted-syntax',
  },
  {
    title: "a test's alias",
    file: 'packages/peer/src/planted.ts',
    text: "export * from '#crdt-objects/errors.ts'\n",
    rule: 'no-restricted-imports',
  },
  {
    title: 'a path inside another package by its name',
    file: 'packages/peer/src/planted.ts',
    text: "export * from '@joinery/crdt-objects/src/errors.ts'\n",
    rule: 'no-restricted-imports',
  },
]

/** What the rules must let pass, or they would forbid what the packages are for. */
export const lintAllowed: readonly Omit<LintPlant, 'rule'>[] = [
  { title: 'a date that is a value', file: objects, text: 'export const at = new Date(5)\n' },
  { title: 'a promise in a contract', file: objects, text: 'export type Opened = Promise<1>\n' },
  { title: 'a timer', file: 'packages/peer/src/planted.ts', text: 'setTimeout(() => {}, 1)\n' },
]
