import type { Verdict } from './history.ts'

/** One holding of a lock, as the holder saw it. */
export interface Holding {
  readonly client: number
  readonly lock: string
  readonly mode: 'exclusive' | 'shared'
  readonly fence: bigint
  /** When it asked for the lock. */
  readonly requestedAt: number
  /** When it was told that it holds it. */
  readonly acquiredAt: number
  /** When it began to give it back; undefined: it holds it to the end of the history. */
  readonly releasedAt: number | undefined
  /**
   * The lock was taken from it, or may have been: its session or lease ran out, or its process died or stood still for
   * as long. Then somebody else may hold it as well, and only the fences say who is late.
   */
  readonly isLost: boolean
}

/** A write that something guarded by a lock has taken, in the order in which it took them. */
export interface GuardedWrite {
  readonly lock: string
  readonly fence: bigint
}

/**
 * Checks locks by their fences: these ascend in the order of the holdings, no two exclusive holdings have one, nobody
 * holds a lock together with an exclusive holder unless one of them had lost it, and what checks fences never took an
 * older one after a newer one.
 */
export function checkFencing(
  holdings: readonly Holding[],
  writes: readonly GuardedWrite[] = [],
): Verdict {
  const byLock = new Map<string, Holding[]>()
  for (const holding of holdings) {
    const known = byLock.get(holding.lock)
    if (known === undefined) byLock.set(holding.lock, [holding])
    else known.push(holding)
  }
  for (const ofLock of byLock.values()) {
    const reason = fencesProblem(ofLock) ?? exclusionProblem(ofLock)
    if (reason !== undefined) return { kind: 'violation', reason, involved: [] }
  }
  const reason = writesProblem(writes)
  if (reason !== undefined) return { kind: 'violation', reason, involved: [] }
  return { kind: 'ok', operations: holdings.length + writes.length }
}

/** In the order of fences, none may have been given before one with a smaller fence was asked for. */
function fencesProblem(holdings: readonly Holding[]): string | undefined {
  const ordered = holdings.toSorted((a, b) => compare(a.fence, b.fence))
  for (let at = 1; at < ordered.length; at++) {
    const [before, holding] = [ordered[at - 1]!, ordered[at]!]
    if (before.fence === holding.fence)
      return `two holdings have one fence: ${show(before, holding)}`
  }
  let earliest: Holding | undefined
  for (const holding of ordered.toReversed()) {
    if (earliest !== undefined && earliest.acquiredAt < holding.requestedAt) {
      return `the later holding has the smaller fence: ${show(earliest, holding)}`
    }
    if (earliest === undefined || holding.acquiredAt < earliest.acquiredAt) earliest = holding
  }
  return undefined
}

/**
 * In order of the times from which they hold it for certain, each against the last one that holds it longest, of those
 * that exclude it. One that was lost is held for certain by nobody.
 */
function exclusionProblem(holdings: readonly Holding[]): string | undefined {
  const certain = holdings.filter(({ isLost }) => !isLost)
  const ordered = certain.toSorted((a, b) => a.acquiredAt - b.acquiredAt)
  let exclusive: Holding | undefined
  let shared: Holding | undefined
  for (const holding of ordered) {
    const others = holding.mode === 'exclusive' ? [exclusive, shared] : [exclusive]
    for (const other of others) {
      if (other !== undefined && endOf(other) > holding.acquiredAt) {
        return `two hold it at a time: ${show(other, holding)}`
      }
    }
    if (holding.mode === 'exclusive') exclusive = longer(exclusive, holding)
    else shared = longer(shared, holding)
  }
  return undefined
}

function writesProblem(writes: readonly GuardedWrite[]): string | undefined {
  const newest = new Map<string, bigint>()
  for (const { lock, fence } of writes) {
    const known = newest.get(lock)
    if (known !== undefined && fence < known) {
      return `a write under ${lock} with the fence ${fence} was taken after one with ${known}`
    }
    newest.set(lock, fence)
  }
  return undefined
}

function endOf({ releasedAt }: Holding): number {
  return releasedAt ?? Infinity
}

function longer(a: Holding | undefined, b: Holding): Holding {
  return a === undefined || endOf(b) > endOf(a) ? b : a
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function show(...holdings: Holding[]): string {
  return holdings
    .map(
      ({ client, lock, fence, acquiredAt, releasedAt }) =>
        `\n  client ${client} holds ${lock} by fence ${fence} from ${acquiredAt} to ${releasedAt ?? 'its end'}`,
    )
    .join('')
}
