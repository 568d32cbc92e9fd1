import { invalidValue } from '../errors.ts'
import { draftOf } from '../faces/drafts.ts'
import type { ChangeLedger } from './change-ledger.ts'
import type { OpenTransaction, ReplicaContext } from './context.ts'
import { SELF } from './context.ts'
import { checkOperation } from './keyed-node.ts'

const OURSELVES = [SELF]

/** Runs a transaction; `forget` drops what a failed one leaves of deltas. See `SpaceState.transact`. */
export function runTransaction(
  context: ReplicaContext,
  { ledger, forget }: { readonly ledger: ChangeLedger; readonly forget: () => void },
  work: (tx: (handle: object) => object) => unknown,
): void {
  context.gate.checkOpen()
  if (context.transaction !== undefined) throw invalidValue('transactions do not nest')
  const transaction: OpenTransaction = { undo: [] }
  const last = context.seen[SELF] ?? 0
  const { pendingBytes } = context
  context.transaction = transaction
  ledger.begin(OURSELVES)
  try {
    const isOver = (): boolean => context.transaction !== transaction
    const answer = work((handle) => draftOf(handle, context, isOver))
    if (answer !== undefined)
      throw invalidValue('the work of a transaction answers nothing, and is not asynchronous')
    if (transaction.refusal !== undefined) throw transaction.refusal.error
    checkOperation(context.pendingBytes - pendingBytes)
  } catch (error) {
    takeBack(transaction)
    context.rewind(last, pendingBytes)
    // Deltas of nothing, and places made for them, would be in the next state.
    forget()
    context.transaction = undefined
    ledger.discard()
    throw error
  }
  context.transaction = undefined
  ledger.finish()
  context.operationDone()
}

/** The last change first: each puts back what was there when it was made. */
function takeBack({ undo }: OpenTransaction): void {
  for (let restore = undo.pop(); restore !== undefined; restore = undo.pop()) restore()
}
