import { invalidValue } from '../errors.ts'
import type { RemoteCall, RemoteObject } from './remote-place.ts'

/** What takes the writes of a draft, in the order in which they are made. */
export type DraftWriter = (call: Pick<RemoteCall, 'path' | 'verb' | 'args'>) => void

/**
 * The object behind the drafts of a transaction: its verbs write, at once or when the transaction is sent, and answer
 * nothing. It has the remote face, so that a draft is the same where the data is and elsewhere.
 */
export class DraftObject implements RemoteObject {
  readonly name: string
  readonly home: object | undefined
  private readonly write: DraftWriter
  private readonly isOver: () => boolean

  /** `home` is what the drafted object is in, where that is elsewhere. */
  constructor(name: string, write: DraftWriter, isOver: () => boolean, home?: object) {
    this.name = name
    this.home = home
    this.write = write
    this.isOver = isOver
  }

  /** Answers at once and nothing: callers of a draft await nothing. */
  call({ path, verb, mode, args }: RemoteCall): never {
    if (this.isOver()) throw invalidValue('the transaction of this draft is over', verb)
    if (mode !== 'write') throw draftsOnlyWrite(verb)
    this.write({ path, verb, args })
    return undefined as never
  }

  stream({ verb }: RemoteCall): never {
    throw draftsOnlyWrite(verb)
  }

  open(name: string): never {
    throw draftsOnlyWrite(name)
  }
}

function draftsOnlyWrite(verb: string): Error {
  return invalidValue('a draft only writes: read the object itself, before the transaction', verb)
}
