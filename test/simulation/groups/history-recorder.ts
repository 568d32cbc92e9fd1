import { strict as assert } from 'node:assert'
import { isJoineryError } from '@joinery/crdt-objects'
import type { SessionId } from '#consensus/caller/index.ts'
import type { Operation } from '#test/linearizability/history.ts'
import type { Truth } from './truth.ts'

interface SentCall {
  readonly session: SessionId
  readonly sequence: number
}

/** One operation while it goes on. */
export interface OpenOperation {
  kind: Operation['kind']
  result: unknown
  returnedAt: number | undefined
  index: number | undefined
  /** What the client was told of its outcome, when it failed. */
  claim: 'unknown' | 'not-applied' | undefined
  readonly client: number
  readonly object: string
  readonly operation: string
  readonly arguments: readonly unknown[]
  readonly invokedAt: number
  readonly isRead: boolean
  /** The call that it was sent as, if it was. */
  readonly sentAs: () => SentCall | undefined
}

/** The operations of all clients. */
export class HistoryRecorder {
  readonly #operations: OpenOperation[] = []

  begin(
    started: Pick<
      OpenOperation,
      'client' | 'object' | 'operation' | 'arguments' | 'invokedAt' | 'isRead' | 'sentAs'
    >,
  ): OpenOperation {
    const operation: OpenOperation = {
      ...started,
      kind: 'unknown',
      ...{ result: undefined, returnedAt: undefined, index: undefined, claim: undefined },
    }
    this.#operations.push(operation)
    return operation
  }

  get count(): number {
    return this.#operations.length
  }

  /** What the clients saw, and of what they did not learn the outcome of, what was applied of it. */
  history(truth: Truth): Operation[] {
    return this.#operations.map((operation) => resolved(operation, truth))
  }
}

/** What a failure says of its outcome. */
export function claimOf(error: unknown): OpenOperation['claim'] {
  if (!isJoineryError(error)) return undefined
  const { outcome } = error.details as { readonly outcome?: OpenOperation['claim'] }
  return outcome
}

function resolved(open: OpenOperation, truth: Truth): Operation {
  const { claim, isRead, sentAs, ...operation } = open
  if (operation.kind !== 'unknown') return operation
  const call = isRead ? undefined : sentAs()
  const outcome = call === undefined ? undefined : truth.outcomeOf(call.session, call.sequence)
  if (outcome?.kind !== 'done') return { ...operation, kind: 'failed' }
  const what = `${operation.operation} of ${operation.object} by client ${operation.client}`
  assert.notEqual(claim, 'not-applied', `${what} was applied, and its client told that it was not`)
  return { ...operation, index: outcome.position }
}
