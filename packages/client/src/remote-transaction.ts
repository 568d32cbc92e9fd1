import { invalidValue, JoineryError, type Transaction } from '@joinery/crdt-objects'
import {
  DraftObject,
  type DraftWriter,
  isLocalHandle,
  remotePlaceOf,
  Writer,
} from '@joinery/crdt-objects/engine'
import { checkPath, encodeArguments } from './arguments.ts'
import type { TransactionContent } from './call.ts'
import type { ObjectRecord } from './object-record.ts'
import { messageBytesMax, transactionWritesMax } from './protocol/limits.ts'
import { encodeTransaction, encodeTransactionWrite } from './protocol/transaction.ts'
import { GatewayObject, type Home } from './remote-object.ts'

type Write = Parameters<DraftWriter>[0]

/**
 * The writes of one transaction, noted as they are made and sent together. What is wrong with one is thrown where it is
 * made, and refuses them all, whoever catches it.
 */
export class RemoteTransaction {
  private readonly home: Home
  private readonly objects = new Set<ObjectRecord>()
  private readonly writer = new Writer(256)
  private writes = 0
  private over = false
  private failure: { readonly reason: unknown } | undefined

  constructor(home: Home) {
    this.home = home
  }

  /**
   * Runs `work`, and gives what it wrote; undefined when that is nothing.
   *
   * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE; what `work` throws
   */
  record(work: (tx: Transaction) => undefined): TransactionContent | undefined {
    if (typeof work !== 'function')
      throw invalidValue('the work of a transaction is a function', work)
    let answer: unknown
    try {
      answer = work(this.draft as Transaction)
    } finally {
      this.over = true
    }
    if (answer !== undefined) {
      // It goes on, and is told so by the first draft that it writes: that is nobody else's failure.
      if (answer instanceof Promise) answer.catch(() => {})
      throw invalidValue('the work of a transaction answers nothing, and is not asynchronous')
    }
    if (this.failure !== undefined) throw this.failure.reason
    if (this.writes === 0) return undefined
    return {
      space: this.home.name,
      objects: this.objects,
      writes: encodeTransaction(this.writes, this.writer.written()),
    }
  }

  /** Notes that the work began another transaction, which refuses this one too; gives the failure of both. */
  refuseNested(): Error {
    const reason = invalidValue('transactions do not nest')
    this.failure ??= { reason }
    return reason
  }

  private readonly draft = (handle: object): object => {
    if (this.over) throw invalidValue('the transaction is over')
    const place = remotePlaceOf(handle)
    const object = place?.object
    if (place === undefined && isLocalHandle(handle))
      throw invalidValue(
        "this is a handle of a peer, and the transaction is a client's",
        handle.name,
      )
    if (object?.ordered === true)
      throw invalidValue(
        'a transaction is of eventual objects, and this one is strong',
        object.name,
      )
    if (place === undefined || !(object instanceof GatewayObject))
      throw invalidValue('a transaction takes handles', handle)
    if (object.home !== this.home)
      throw invalidValue('a transaction takes handles of its own space', object.name)
    const draft = new DraftObject(
      object.name,
      {
        write: (write) => {
          this.note(object.record, { ...write, path: [...place.path, ...write.path] })
        },
        refuse: (reason) => {
          this.failure ??= { reason }
        },
        isOver: () => this.over,
      },
      this.home,
    )
    return place.kind.remote({ object: draft, path: [], options: {} })
  }

  private note(object: ObjectRecord, { path, verb, args }: Write): void {
    if (this.writes >= transactionWritesMax)
      throw invalidValue(
        `a transaction through a gateway has at most ${transactionWritesMax} writes`,
      )
    checkPath(path)
    const write = { object: object.number, path, verb, args: encodeArguments(args) }
    encodeTransactionWrite(this.writer, write)
    const bytes = this.writer.length
    if (bytes > messageBytesMax - 16) throw tooLarge(bytes)
    this.objects.add(object)
    this.writes += 1
  }
}

function tooLarge(bytes: number): JoineryError<'OBJECT_TOO_LARGE'> {
  const bytesMax = messageBytesMax - 16
  const message = `One transaction carries at most ${bytesMax} bytes through a gateway: write it in parts.`
  return new JoineryError('OBJECT_TOO_LARGE', message, { bytes, bytesMax })
}
