import {
  type FlushOptions,
  JoineryError,
  type Local,
  type Schema,
  type Space,
} from '@joinery/crdt-objects'
import { kindOf } from '@joinery/crdt-objects/engine'
import { type SpaceDriver } from '../replication/driver.ts'
import { checkObjectName } from './names.ts'
import { type SpaceRegistry } from './space-registry.ts'

/** A space whose objects are in this process. */
export type LocalSpace = Space<'local'>

/** One user's hold on an open space. Several may have it open; the replica is one. */
export class PeerSpace implements LocalSpace {
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
    options.signal?.throwIfAborted()
    this.#checkOpen()
    checkObjectName(name)
    return this.#driver.state.open(name, kindOf(schema)).handle()
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
