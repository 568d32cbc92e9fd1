import { invalidValue } from '../errors.ts'
import type { RemoteCall, RemoteObject } from './remote-place.ts'

/** Takes the writes of a draft, in the order in which they are made. */
export type DraftWriter = (call: Pick<RemoteCall, 'path' | 'verb' | 'args'>) => void

/** The transaction of a draft, as the draft needs it. */
export interface DraftTransaction {
  readonly write: DraftWriter
  /** Told of what its work must not do, whoever catches it: a transaction with a refusal is none. */
  readonly refuse: (error: unknown) => void
  readonly isOver: () => boolean
}

/**
 * The object behind the drafts of a transaction: its verbs write, at once or when the transaction is sent, and answer
 * nothing. It has the remote face, so that a draft is the same where the data is and elsewhere.
 */
export class DraftObject implements RemoteObject {
  readonly name: string
  readonly home: object | undefined
  private readonly transaction: DraftTransaction

  /** `home` is what the drafted object is in, where that is elsewhere. */
  constructor(name: string, transaction: DraftTransaction, home?: object) {
    this.name = name
    this.home = home
    this.transaction = transaction
  }

  /** Answers at once and nothing: callers of a draft await nothing. */
  call({ path, verb, mode, args }: RemoteCall): never {
    this.attempt(verb, () => {
      if (mode !== 'write') throw draftsOnlyWrite(verb)
      this.transaction.write({ path, verb, args })
    })
    return undefined as never
  }

  stream({ verb }: RemoteCall): never {
    return this.refuse(verb)
  }

  open(name: string): never {
    return this.refuse(name)
  }

  /** Refuses what does not write. */
  refuse(verb: string): never {
    return this.attempt(verb, () => {
      throw draftsOnlyWrite(verb)
    })
  }

  /** Does a part of the work of `verb`; what it throws is thrown at once, and refuses the transaction. */
  attempt<T>(verb: string, work: () => T): T {
    if (this.transaction.isOver()) throw invalidValue('the transaction of this draft is over', verb)
    try {
      return work()
    } catch (error) {
      this.transaction.refuse(error)
      throw error
    }
  }
}

function draftsOnlyWrite(verb: string): Error {
  return invalidValue('a draft only writes: read the object itself, before the transaction', verb)
}
