import {
  type Bookmark,
  type FlushOptions,
  JoineryError,
  type LinearizableOptions,
  type Local,
  type OpenOptions,
  type Schema,
  type Space,
  type Strong,
  type StrongSchema,
  type Transaction,
  invalidValue,
  type WaitOptions,
} from '@joinery/crdt-objects'
import {
  encodeBookmark,
  isStrongSchema,
  type Kind,
  kindOf,
  loadEngines,
  type ObjectState,
  type VersionVector,
} from '@joinery/crdt-objects/engine'
import type { HostedSpace, ServedObject } from '../gateway/host.ts'
import { type StrongObjects } from '../groups/strong-objects.ts'
import { type SpaceDriver } from '../replication/driver.ts'
import { type Known } from '../replication/group-contact.ts'
import { checkObjectName } from './names.ts'
import { spaceClosed } from './space-ended.ts'
import { type SpaceRegistry } from './space-registry.ts'

/** For how long a replica may be behind what its user has seen elsewhere. */
const reachMaxMs = 10_000
/** For how long the group is asked to end a space, unless said otherwise. */
const endMaxMs = 10_000

/** A space whose objects are in this process. */
export type LocalSpace = Space<'local'>

/** One user's hold on an open space. Several may have it open; the replica is one. */
export class PeerSpace implements HostedSpace {
  readonly #driver: SpaceDriver
  readonly #registry: SpaceRegistry
  readonly #strong: StrongObjects
  readonly #closing = new AbortController()
  #isIdle = false

  constructor(driver: SpaceDriver, registry: SpaceRegistry, strong: StrongObjects) {
    this.#driver = driver
    this.#registry = registry
    this.#strong = strong
    const { ended } = driver
    const end = (): void => this.#closing.abort(ended.reason)
    ended.addEventListener('abort', end, { once: true, signal: this.#closing.signal })
  }

  get name(): string {
    return this.#driver.name
  }

  get bookmark(): Bookmark {
    return encodeBookmark(this.name, this.seen)
  }

  get seen(): VersionVector {
    return this.#driver.seen
  }

  get seenCount(): number {
    return this.#driver.seenCount
  }

  get known(): Known | undefined {
    return this.#driver.known
  }

  get ended(): AbortSignal {
    return this.#driver.ended
  }

  idle(isIdle: boolean): void {
    if (isIdle === this.#isIdle || this.#closing.signal.aborted) return
    this.#isIdle = isIdle
    this.#registry.idle(this.#driver, isIdle)
  }

  async reach(vector: VersionVector, signal?: AbortSignal): Promise<void> {
    const timeoutMs = reachMaxMs
    if (await this.#driver.reach(vector, { timeoutMs, signal })) return
    throw new JoineryError(
      'CALL_TIMEOUT',
      `What the bookmark stands for has not come to this replica of "${this.name}" within ${timeoutMs} ms. Whoever ` +
        'wrote it may be cut off, or have ended before any other peer held it: flush before passing a bookmark on.',
      { timeoutMs, outcome: 'not-applied' },
      { retryable: true },
    )
  }

  open<S extends Schema>(name: string, schema: S, options: LinearizableOptions): Promise<Strong<S>>
  open<S extends StrongSchema>(name: string, schema: S, options?: OpenOptions): Promise<Strong<S>>
  open<S extends Schema>(name: string, schema: S, options?: OpenOptions): Promise<Local<S>>
  async open(
    name: string,
    schema: Schema | StrongSchema,
    options: OpenOptions & { readonly mode?: 'linearizable' } = {},
  ): Promise<object> {
    const { mode, signal } = options
    if (mode !== undefined && mode !== 'linearizable')
      throw invalidValue("the mode of an object is 'linearizable', or not given", mode)
    if (mode === 'linearizable' || isStrongSchema(schema)) {
      return await this.#openStrong(name, schema, signal)
    }
    const kind = kindOf(schema)
    const object = await this.#open(name, kind, signal)
    return object.handle(kind)
  }

  async delete(name: string, options: WaitOptions = {}): Promise<void> {
    this.#checkOpen()
    checkObjectName(name)
    await this.#strong.delete(this.name, name, options)
  }

  async serve(name: string, kind: Kind): Promise<ServedObject> {
    const object = await this.#open(name, kind)
    return object.guardedHandles(kind)
  }

  async #openStrong(
    name: string,
    schema: Schema | StrongSchema,
    signal: AbortSignal | undefined,
  ): Promise<object> {
    signal?.throwIfAborted()
    this.#checkOpen()
    checkObjectName(name)
    const where = { space: this.name, home: this, ended: this.#closing.signal }
    return await this.#strong.open(where, name, schema, { signal })
  }

  async #open(name: string, kind: Kind, signal?: AbortSignal): Promise<ObjectState> {
    signal?.throwIfAborted()
    this.#checkOpen()
    checkObjectName(name)
    if (kind.engines.some(({ loaded }) => !loaded)) {
      await loadEngines(kind)
      this.#driver.engineLoaded()
    }
    signal?.throwIfAborted()
    this.#checkOpen()
    return this.#driver.state.open(name, kind)
  }

  transact(work: (tx: Transaction) => undefined): void {
    this.#checkOpen()
    if (typeof work !== 'function')
      throw invalidValue('the work of a transaction is a function', work)
    this.#driver.state.transact((tx) => {
      const answer: unknown = work(tx as Transaction)
      // It is refused, goes on all the same, and fails at its next draft: that is nobody else's failure.
      if (answer instanceof Promise) answer.catch(() => undefined)
      return answer
    })
  }

  async flush(options: FlushOptions = {}): Promise<{ readonly replicas: number }> {
    this.#checkOpen()
    return await this.#driver.flush(options)
  }

  async end(options: WaitOptions = {}): Promise<void> {
    // What has ended is not ended again; who has only closed it here may not say so for others.
    if (this.#driver.ended.aborted) return
    this.#checkOpen()
    await this.#driver.end({ timeoutMs: endMaxMs, ...options })
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(spaceClosed(this.name))
    await this.#registry.release(this.#driver, this.#isIdle)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    this.#closing.signal.throwIfAborted()
    if (this.#registry.isStopped) throw spaceClosed(this.name)
  }
}
