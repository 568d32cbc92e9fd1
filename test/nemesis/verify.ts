import { checkFencing, type GuardedWrite } from '#test/linearizability/fencing.ts'
import type { Operation, Verdict } from '#test/linearizability/history.ts'
import { historyByObject } from '#test/linearizability/history.ts'
import { searchLinearization } from '#test/linearizability/search.ts'
import { checkWitness } from '#test/linearizability/witness.ts'
import type { Random } from '#test/simulation/random.ts'
import type { Gathered } from './gather.ts'
import { modelOf } from './objects.ts'

/** What became of the checks. */
export interface Verified {
  /** What is wrong: none if all is well. */
  readonly violations: readonly string[]
  /** What could not be told. */
  readonly undecided: readonly string[]
  readonly witnessed: number
  readonly objects: number
  readonly searched: { readonly objects: number; readonly operations: number }
  readonly holdings: number
  readonly items: number
}

export interface VerifyOptions {
  /** How many objects the search is tried on. */
  readonly searches: number
  readonly random: Random
}

const searchStepsMax = 2_000_000
/** An object with more operations is not searched. */
const searchedMax = 400

/** Checks all that was written down. */
export function verify(gathered: Gathered, { searches, random }: VerifyOptions): Verified {
  const violations = [...gathered.problems]
  const undecided: string[] = []
  const take = (name: string, verdict: Verdict): number => {
    if (verdict.kind === 'ok') return verdict.operations
    const list = verdict.kind === 'violation' ? violations : undecided
    list.push(`${name}: ${verdict.reason}`)
    return 0
  }
  const modelled = gathered.history.filter(({ object }) => modelOf(object) !== undefined)
  const byObject = historyByObject(modelled)
  let witnessed = 0
  for (const [object, operations] of byObject) {
    witnessed += take(
      object,
      checkWitness(operations, (name) => modelOf(name)!),
    )
  }
  const searched = { objects: 0, operations: 0 }
  const candidates = [...byObject.values()].filter(({ length }) => length > 1 && length <= searchedMax) // prettier-ignore
  while (candidates.length > 0 && searched.objects < searches) {
    const [operations] = candidates.splice(random.integer(0, candidates.length - 1), 1)
    const options = { stepsMax: searchStepsMax }
    const found = searchLinearization(operations!, (name) => modelOf(name)!, options)
    const { object } = operations![0]!
    searched.operations += take(`${object}, searched`, found)
    searched.objects++
  }
  const holdings = take('locks', checkFencing(gathered.holdings, guardedWrites(gathered)))
  const items = checkItems(gathered.history, violations)
  return { violations, undecided, witnessed, objects: byObject.size, searched, holdings, items }
}

/** What was written into the ledger by those who held the lock for certain. */
function guardedWrites({ history, holdings }: Gathered): GuardedWrite[] {
  const certain = new Set(
    holdings.filter(({ lock, isLost }) => lock === 'guard' && !isLost).map(({ fence }) => fence),
  )
  return history
    .filter(({ object, operation, kind }) => {
      return object === 'ledger' && operation === 'set' && kind === 'ok'
    })
    .toSorted((a, b) => a.index! - b.index!)
    .map(({ arguments: [fence] }) => ({ lock: 'guard', fence: BigInt(fence as number) }))
    .filter(({ fence }) => certain.has(fence))
}

/** Every item that was put for certain is completed, and none twice. Gives how many there were. */
function checkItems(history: readonly Operation[], violations: string[]): number {
  const put = new Set<unknown>()
  const acknowledged = new Set<unknown>()
  const completed = new Map<unknown, number>()
  const maybe = new Set<unknown>()
  for (const {
    object,
    operation,
    kind,
    arguments: [item],
    result,
  } of history) {
    // prettier-ignore
    if (object !== 'items' || kind === 'failed') continue
    if (operation === 'put') {
      put.add(item)
      if (kind === 'ok') acknowledged.add(item)
    } else if (kind === 'unknown') maybe.add(item)
    else if (result === true) completed.set(item, (completed.get(item) ?? 0) + 1)
  }
  for (const [item, times] of completed) {
    if (times > 1) violations.push(`item ${String(item)} was completed ${times} times`)
    if (!put.has(item)) violations.push(`item ${String(item)} was completed, and never put`)
  }
  for (const item of acknowledged) {
    if (completed.has(item) || maybe.has(item)) continue
    violations.push(`item ${String(item)} was put, and is gone`)
  }
  return acknowledged.size
}
