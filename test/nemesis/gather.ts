import type { Holding } from '#test/linearizability/fencing.ts'
import type { Operation } from '#test/linearizability/history.ts'
import { type Line, readLines } from './records.ts'

/** What all participants have written down. */
export interface Gathered {
  readonly history: readonly Operation[]
  readonly holdings: readonly Holding[]
  /** When a voter began to lead, and in which term. */
  readonly leads: readonly { readonly at: number; readonly term: number }[]
  /** How often each code was told. */
  readonly failures: ReadonlyMap<string, number>
  /** What contradicts itself, whatever the model. */
  readonly problems: readonly string[]
}

interface Open {
  readonly begin: Extract<Line, { kind: 'begin' }>
  sent?: Extract<Line, { kind: 'sent' }>
  end?: Extract<Line, { kind: 'end' | 'fail' }>
}

/** Reads the records of all lives of all participants. */
export function gather(files: readonly string[]): Gathered {
  const opens: Open[] = []
  const holdings: Holding[] = []
  const leads: { at: number; term: number }[] = []
  const failures = new Map<string, number>()
  const problems: string[] = []
  const applied = new Map<string, number>()
  for (const file of files) {
    const ops = new Map<number, Open>()
    const held = new Map<number, Extract<Line, { kind: 'held' }>>()
    for (const line of readLines(file)) {
      switch (line.kind) {
        case 'begin':
          ops.set(line.op, { begin: line })
          break
        case 'sent':
          ops.get(line.op)!.sent = line
          break
        case 'fail':
          failures.set(line.code, (failures.get(line.code) ?? 0) + 1)
          ops.get(line.op)!.end = line
          break
        case 'end':
          ops.get(line.op)!.end = line
          break
        case 'held':
          held.set(line.id, line)
          break
        case 'released':
          holdings.push(holdingOf(held.get(line.id)!, line))
          held.delete(line.id)
          break
        case 'applied': {
          const key = `${line.session} ${line.sequence}`
          const known = applied.get(key) ?? line.position
          if (known !== line.position)
            problems.push(`call ${key} was applied at ${known} and at ${line.position}`)
          applied.set(key, line.position)
          break
        }
        case 'leads':
          leads.push(line)
      }
    }
    opens.push(...ops.values())
    // Its holder was killed.
    for (const line of held.values()) holdings.push(holdingOf(line, undefined))
  }
  for (const [term, count] of countBy(leads.map(({ term }) => term)))
    if (count > 1) problems.push(`${count} voters led in term ${term}`)
  const history = opens.map((open) => operationOf(open, applied, problems))
  leads.sort((a, b) => a.at - b.at)
  return { history, holdings, leads, failures, problems }
}

function operationOf(
  { begin, sent, end }: Open,
  applied: ReadonlyMap<string, number>,
  problems: string[],
): Operation {
  const { client, object, operation, arguments: given, invokedAt } = begin
  const what = { client, object, operation, arguments: given, invokedAt }
  const index = sent && applied.get(`${sent.session} ${sent.sequence}`)
  if (end?.kind === 'end') {
    if (index !== undefined && index !== end.index)
      problems.push(`a client was told ${end.index} of a call that was applied at ${index}`)
    return { ...what, kind: 'ok', result: end.result, returnedAt: end.at, index: end.index }
  }
  const unknown = { ...what, result: undefined, returnedAt: undefined, index }
  // What no voter has applied when all are well again did not happen, and never will.
  if (index === undefined) return { ...unknown, kind: 'failed' }
  if (end?.outcome === 'not-applied')
    problems.push(
      `${operation} of ${object} was applied at ${index}, and its client told it was not`,
    )
  return { ...unknown, kind: 'unknown' }
}

function holdingOf(
  { lock, client, fence, requestedAt, acquiredAt }: Extract<Line, { kind: 'held' }>,
  released: Extract<Line, { kind: 'released' }> | undefined,
): Holding {
  return {
    ...{ client, lock, mode: 'exclusive', fence: BigInt(fence), requestedAt, acquiredAt },
    releasedAt: released?.at,
    isLost: released?.isLost ?? true,
  }
}

function countBy<T>(values: readonly T[]): Map<T, number> {
  const counts = new Map<T, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
