/**
 * One operation of a client on an object, as the client saw it.
 *
 * `ok`: it was answered. `failed`: it certainly had no effect (a refusal, or an outcome that says `not-applied`); it is
 * left out of every check. `unknown`: it may have had its effect at any time from its invocation on, or never.
 */
export interface Operation {
  readonly client: number
  /** What is checked alone: linearizability of each object is that of all (Herlihy and Wing). Name a key as its own object where keys are independent. */
  readonly object: string
  /** As the handle's method is named. */
  readonly operation: string
  readonly arguments: readonly unknown[]
  /** What it was answered; of no meaning unless `ok`. */
  readonly result: unknown
  readonly invokedAt: number
  /** Undefined: no answer was seen. */
  readonly returnedAt: number | undefined
  /**
   * Its place in the order of the object's group: of a write, its own; of a read, that of the last write it saw. An
   * `unknown` one has it where it was learned later (see `witness.ts`).
   */
  readonly index: number | undefined
  readonly kind: 'ok' | 'unknown' | 'failed'
}

/** What a check found. Only `ok` means that the history is linearizable. */
export type Verdict =
  | { readonly kind: 'ok'; readonly operations: number }
  | { readonly kind: 'violation'; readonly reason: string; readonly involved: readonly Operation[] }
  /** The check could not tell. It has not passed. */
  | { readonly kind: 'undecided'; readonly reason: string }

/** The history of each object, in the order given, without what had no effect. */
export function historyByObject(history: readonly Operation[]): Map<string, Operation[]> {
  const byObject = new Map<string, Operation[]>()
  for (const operation of history) {
    if (operation.kind === 'failed') continue
    const known = byObject.get(operation.object)
    if (known === undefined) byObject.set(operation.object, [operation])
    else known.push(operation)
  }
  return byObject
}

/** The worst of the objects' verdicts: a violation, or else what is undecided. */
export function worstOf(verdicts: Iterable<Verdict>): Verdict {
  let operations = 0
  let undecided: Verdict | undefined
  for (const verdict of verdicts) {
    if (verdict.kind === 'violation') return verdict
    if (verdict.kind === 'undecided') undecided ??= verdict
    else operations += verdict.operations
  }
  return undecided ?? { kind: 'ok', operations }
}

/** An operation on a line, for messages. */
export function showOperation(operation: Operation): string {
  const { client, object, arguments: given, result, invokedAt, returnedAt, index, kind } = operation
  const outcome = kind === 'ok' ? JSON.stringify(result, showBigints) : kind
  return (
    `client ${client}: ${object}.${operation.operation}(${given.map((one) => JSON.stringify(one, showBigints)).join(', ')})` +
    ` = ${outcome}, from ${invokedAt} to ${returnedAt ?? 'never'}, index ${index ?? 'none'}`
  )
}

function showBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value
}
