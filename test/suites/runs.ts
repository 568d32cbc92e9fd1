// How often properties are tried. Most histories take a millisecond or two; those of some schemas take ten times that,
// and get fewer in `npm test`. A long run makes no such difference.
import { lawScale, seed } from '#test/seed.ts'

const RUNS = 100

/** How much longer than others a history of these schemas takes. */
const costByTitle: ReadonlyMap<string, number> = new Map([
  ['page', 5],
  ['map of documents', 5],
  ['struct', 3],
  ['map of structs of all types', 3],
])

export interface Runs {
  readonly numRuns: number
  readonly seed: number
}

/** For a costly property: so much less often than others. */
export function runsBy(divisor: number): Pick<Runs, 'numRuns'> {
  return { numRuns: Math.ceil((RUNS * lawScale) / divisor) }
}

/** How many histories each law of a schema is tried on. */
export function historiesOf(title: string): number {
  const cost = costByTitle.get(title) ?? 1
  return Math.ceil((RUNS * lawScale) / (lawScale === 1 ? cost : 1))
}

/** For a law of a schema: each has histories of its own. */
export function runsOf(title: string, law: string, divisor = 1): Runs {
  return {
    numRuns: Math.ceil(historiesOf(title) / divisor),
    seed: (seed + hashOf(`${title}: ${law}`)) % 2 ** 31,
  }
}

/** FNV-1a, 31 bits of it. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193)
  return hash & 0x7fffffff
}
