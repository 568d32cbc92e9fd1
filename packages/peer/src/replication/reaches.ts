import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'
import { type ReplicationCore } from './core/replication-core.ts'
import { settledWithin } from './settled-within.ts'

interface Reach {
  readonly vector: VersionVector
  readonly resolve: (isReached: true) => void
  readonly reject: (reason: unknown) => void
}

export interface ReachOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** What is on its way mostly arrives within this; then it is asked for. */
const askAfterMs = 10

/** Who waits until a replica shows what was seen elsewhere: as many as callers wait. */
export class Reaches {
  readonly #core: ReplicationCore
  readonly #ask: (origin: ReplicaId, last: number) => void
  readonly #reaches = new Set<Reach>()

  constructor(core: ReplicationCore, ask: (origin: ReplicaId, last: number) => void) {
    this.#core = core
    this.#ask = ask
  }

  async reach(vector: VersionVector, options: ReachOptions): Promise<boolean> {
    if (this.#core.visibleVector.covers(vector)) return true
    let reach!: Reach
    const reached = new Promise<true>((resolve, reject) => {
      reach = { vector, resolve, reject }
      this.#reaches.add(reach)
    })
    const asking = setTimeout(() => {
      this.#askFor(vector)
    }, askAfterMs)
    try {
      return (await settledWithin(reached, options.timeoutMs, options.signal)) ?? false
    } finally {
      clearTimeout(asking)
      this.#reaches.delete(reach)
    }
  }

  /** Something has come. */
  settle(): void {
    if (this.#reaches.size === 0) return
    const vector = this.#core.visibleVector
    for (const reach of this.#reaches) {
      if (!vector.covers(reach.vector)) continue
      this.#reaches.delete(reach)
      reach.resolve(true)
    }
  }

  /** Nobody waits any longer: each is told why. */
  end(reason: unknown): void {
    for (const { reject } of this.#reaches) reject(reason)
  }

  /** Of an epoch the group tells, without being asked. */
  #askFor(vector: VersionVector): void {
    for (const [origin, last] of vector.entries()) {
      if (origin === this.#core.replica) continue
      if (!this.#core.vector.has(origin, last)) this.#ask(origin, last)
    }
  }
}
