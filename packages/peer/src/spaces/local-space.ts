import {
  type FlushOptions,
  JoineryError,
  type Local,
  type Schema,
  type Space,
  type Transaction,
  invalidValue,
} from '@joinery/crdt-objects'
import { type Kind, kindOf, loadEngines, type ObjectState } from '@joinery/crdt-objects/engine'
import type { HostedSpace, ServedObject } from '../gateway/host.ts'
import { type SpaceDriver } from '../replication/driver.ts'
import { checkObjectName } from './names.ts'
import { type SpaceRegistry } from './space-registry.ts'

/** A space whose objects are in this process. */
export type LocalSpace = Space<'local'>

/** One user's hold on an open space. Several may have it open; the replica is one. */
export class PeerSpace implements HostedSpace {
  readonly #driver: SpaceDriver
  readonly #registry: SpaceRegistry
  #isClosed = false

  constructor(driver: SpaceDriver, registry: SpaceRegistry) {
    this.#driver = driver
    this.#registry = registry
  }

  get name(): string {
    return this.#driver.name
  }

  async open<S extends Schema>(
    name: string,
    schema: S,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Local<S>> {
    const kind = kindOf(schema)
    const object = await this.#open(name, kind, options.signal)
    return object.handle(kind)
  }

  async serve(name: string, kind: Kind): Promise<ServedObject> {
    const object = await this.#open(name, kind)
    return () => object.guardedHandle(kind)
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

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#registry.release(this.name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #checkOpen(): void {
    if (!this.#isClosed && !this.#registry.isStopped) return
    throw new JoineryError(
      'SPACE_ENDED',
      `The space "${this.name}" is closed here. Open it again with peer.space("${this.name}").`,
      { space: this.name },
    )
  }
}
