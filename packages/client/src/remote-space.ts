import {
  type Bookmark,
  type FlushOptions,
  type HandleOn,
  JoineryError,
  type LinearizableOptions,
  type OpenOptions,
  type Schema,
  type Space,
  type Strong,
  type StrongSchema,
  type Transaction,
  type WaitOptions,
  invalidValue,
} from '@joinery/crdt-objects'
import type { StrongCaller } from '@joinery/consensus/caller'
import {
  encodeBookmark,
  isStrongSchema,
  type Kind,
  kindOf,
  strongHandle,
} from '@joinery/crdt-objects/engine'
import type { TransactionContent } from './call.ts'
import { gatewayUnreachable } from './errors.ts'
import type { ObjectRecord } from './object-record.ts'
import { GatewayObject, type Home } from './remote-object.ts'
import { RemoteTransaction } from './remote-transaction.ts'
import type { SeenVector } from './seen-vector.ts'
import type { Session } from './session.ts'

/** Gives the record of an object: one for each name and schema, whoever opens it. */
export type RecordOf = (space: string, name: string, descriptor: string) => ObjectRecord

/** What a space needs of its client. */
export interface RemoteSpaceParts {
  readonly calls: Session
  readonly seen: SeenVector
  readonly founded: number
  /** Told when it is closed on this side. */
  readonly closed: () => void
}

/** A space at the gateway. */
export class RemoteSpace implements Space<'remote'>, Home {
  readonly name: string
  /** The number that it was founded with, as the gateway told it; 0 while its peer does not know. */
  readonly founded: number
  private readonly session: Session
  /** What this client has seen of it. */
  readonly seen: SeenVector
  private readonly recordOf: RecordOf
  private readonly caller: StrongCaller
  private readonly closed: () => void
  private readonly ending = new AbortController()
  /** Writes sent so far, and how many of them a flush to another replica has covered. */
  private writes = 0
  private flushed = 0
  /** The transaction whose work runs now. */
  private transaction: RemoteTransaction | undefined
  /** Answered writes may be gone with their gateway, and nobody has been told. */
  private mayHaveLost = false
  /** It has ended, for everybody. */
  private isOver = false

  constructor(name: string, parts: RemoteSpaceParts, recordOf: RecordOf, caller: StrongCaller) {
    const { calls, seen, founded, closed } = parts
    this.name = name
    this.founded = founded
    this.session = calls
    this.seen = seen
    this.closed = closed
    this.recordOf = recordOf
    this.caller = caller
  }

  get signal(): AbortSignal {
    return this.ending.signal
  }

  get bookmark(): Bookmark {
    return encodeBookmark(this.name, this.seen.vector)
  }

  wrote(): void {
    this.writes += 1
  }

  /** The gateway that answered is gone: what it had not passed on is gone with it. */
  gatewayLost(): void {
    if (this.writes > this.flushed) this.mayHaveLost = true
  }

  /** The gateway that took the place of another does not show what that one had shown. */
  seenLost(): void {
    this.mayHaveLost = true
  }

  open<S extends Schema>(name: string, schema: S, options: LinearizableOptions): Promise<Strong<S>>
  open<S extends StrongSchema>(name: string, schema: S, options?: OpenOptions): Promise<Strong<S>>
  open<S extends Schema>(
    name: string,
    schema: S,
    options?: OpenOptions,
  ): Promise<HandleOn<'remote', S>>
  async open(
    name: string,
    schema: Schema | StrongSchema,
    options: OpenOptions & { readonly mode?: unknown } = {},
  ): Promise<object> {
    const { mode, signal } = options
    if (mode !== undefined && mode !== 'linearizable')
      throw invalidValue('the mode of an object is linearizable, or none is given', mode)
    if (isStrongSchema(schema)) return await this.openStrong(name, schema, signal)
    if (mode === 'linearizable') return await this.openStrong(name, schema, signal)
    return await this.openKind(name, kindOf(schema), { signal })
  }

  async delete(name: string, options: WaitOptions = {}): Promise<void> {
    this.checkOpen()
    checkName('object', name)
    await this.caller.delete(this.name, name, options)
  }

  private async openStrong(
    name: string,
    schema: Schema | StrongSchema,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    this.checkOpen()
    checkName('object', name)
    const { descriptor } = isStrongSchema(schema) ? schema.strongKind : kindOf(schema)
    const space = { space: this.name, home: this, ended: this.signal }
    const { timeoutMs } = this.session
    const target = await this.caller.target({ ...space, name, descriptor }, { signal, timeoutMs })
    return strongHandle(schema, target)
  }

  async openKind(name: string, kind: Kind, options: WaitOptions): Promise<object> {
    this.checkOpen()
    checkName('object', name)
    const record = this.recordOf(this.name, name, kind.descriptor)
    await this.session.request({ kind: 'open-object', object: record }, options)
    const object = new GatewayObject(record, this.session, this)
    return kind.remote({ object, path: [], options: {} })
  }

  transact(work: (tx: Transaction) => undefined): Promise<void> {
    const outer = this.transaction
    if (outer === undefined) return this.transactAlone(work)
    const refused = Promise.reject<void>(outer.refuseNested())
    // The transaction around it fails of the same: nobody needs to look at this one.
    refused.catch(() => {})
    return refused
  }

  private async transactAlone(work: (tx: Transaction) => undefined): Promise<void> {
    this.checkOpen()
    this.transaction = new RemoteTransaction(this)
    let content: TransactionContent | undefined
    try {
      content = this.transaction.record(work)
    } finally {
      this.transaction = undefined
    }
    if (content === undefined) return
    this.wrote()
    await this.session.transact(content, {})
  }

  async flush(options: FlushOptions = {}): Promise<{ readonly replicas: number }> {
    this.checkOpen()
    const { replicas = 1, timeoutMs = this.session.timeoutMs } = options
    if (!Number.isSafeInteger(replicas) || replicas < 1)
      throw invalidValue('replicas must be an integer from 1 on', replicas)
    this.checkLoss()
    const writes = this.writes
    const space = this.name
    const answer = await this.session.request(
      { kind: 'flush', space, replicas, timeoutMs: Math.ceil(timeoutMs) },
      { ...options, timeoutMs },
    )
    this.checkLoss()
    const held = Number(answer)
    if (held > 1) this.flushed = Math.max(this.flushed, writes)
    return { replicas: held }
  }

  async end(options: WaitOptions = {}): Promise<void> {
    if (this.isOver) return
    this.checkOpen()
    const { name: space, founded } = this
    // The gateway says that it has ended, to this client as to all, before it answers.
    await this.session.request({ kind: 'end-space', space, founded }, options)
  }

  /** The space is no more. */
  hasEnded(reason: JoineryError): void {
    this.isOver = true
    this.ending.abort(reason)
  }

  async close(): Promise<void> {
    if (this.signal.aborted) return
    const message = `This side has closed the space "${this.name}": open it again to use it.`
    this.ending.abort(new JoineryError('SPACE_ENDED', message, { space: this.name }))
    this.closed()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private checkOpen(): void {
    if (this.signal.aborted) throw this.signal.reason as JoineryError
  }

  private checkLoss(): void {
    if (!this.mayHaveLost) return
    this.mayHaveLost = false
    this.flushed = this.writes
    const why = `The gateway that took writes to "${this.name}" was lost before they were flushed.`
    throw gatewayUnreachable('unknown', why)
  }
}

/** @throws JoineryError VALUE_INVALID */
export function checkName(what: 'space' | 'object', name: string): void {
  if (what === 'space' && typeof name === 'string' && name.includes('/'))
    throw invalidValue('the name of a space has no "/": it parts space and object', name)
  if (typeof name !== 'string' || name === '' || name.length > 1024)
    throw invalidValue(
      `the name of ${what === 'object' ? 'an object' : `a ${what}`} must be a text of 1 to 1,024 units`,
      name,
    )
}
