/*
 * Synchronisation carries visibility: what was written in a space before a call that lets others go on is visible to
 * them, eventual writes too.
 *
 * The call carries the version vector of the replica that makes it, and whoever is let go on waits until its own replica
 * has reached that. Before it leaves, what was written here is brought to one other replica, if the space has one: if
 * this process died right after the call, others would wait for what nobody has any more. It is waited for a while only.
 * If nobody confirms in time the call is made all the same, for the vector still makes the others wait while this
 * process lives; and who waits for a vector does so for a while only, for what died with its only replica never comes.
 * What was waited for in vain once is not waited for again.
 */
import { isJoineryError, type WaitOptions } from '@joinery/crdt-objects'
import { Reader, type ReplicaId, VersionVector, Writer } from '@joinery/crdt-objects/engine'
import type { Visibility } from '@joinery/consensus/caller'
import { equals } from 'uint8arrays/equals'
import { type SpaceDriver } from '../replication/driver.ts'
import { type Reporter } from '../report.ts'

/** What visibility needs of the spaces that are open here. */
export interface VisibilityPorts {
  find(space: string): SpaceDriver | undefined
  /** Whether a connected peer has the space open. */
  hasOther(space: string): boolean
  readonly report: Reporter
}

/** For how long what was written is brought to another replica, and for how long it is waited for. */
export interface VisibilityLimits {
  readonly flushMaxMs: number
  readonly reachMaxMs: number
}

const defaultLimits: VisibilityLimits = { flushMaxMs: 2000, reachMaxMs: 5000 }

/** What is remembered of one opening of a space. */
interface Memory {
  /** The vector as it was last encoded, and the progress it was encoded at. */
  encoded: Uint8Array | undefined
  encodedAt: number
  /** The last vector that was reached. */
  reached: Uint8Array | undefined
  readonly abandoned: VersionVector
}

/** Visibility of what was written in the spaces of this peer. */
export class SpaceVisibility implements Visibility {
  readonly #ports: VisibilityPorts
  readonly #limits: VisibilityLimits
  readonly #memories = new WeakMap<SpaceDriver, Memory>()

  constructor(ports: VisibilityPorts, limits: VisibilityLimits = defaultLimits) {
    this.#ports = ports
    this.#limits = limits
  }

  before(space: string, options: WaitOptions): Promise<Uint8Array | undefined> | undefined {
    const driver = this.#ports.find(space)
    if (driver === undefined) return undefined
    if (driver.vector.isEmpty && driver.state.pendingUpdates === 0) return undefined
    return this.#carry(driver, options)
  }

  after(space: string, bytes: Uint8Array, options: WaitOptions): Promise<void> | undefined {
    const driver = this.#ports.find(space)
    if (driver === undefined) return undefined
    const memory = this.#memoryOf(driver)
    if (memory.reached !== undefined && equals(memory.reached, bytes)) return undefined
    const vector = decodeVector(bytes)
    // What comes from a member of the group and is no vector holds nobody up.
    if (vector === undefined) return undefined
    if (driver.vector.covers(without(vector, memory.abandoned))) {
      memory.reached = bytes
      return undefined
    }
    return this.#reach(driver, memory, { vector, bytes }, options)
  }

  async #carry(driver: SpaceDriver, options: WaitOptions): Promise<Uint8Array> {
    driver.seal()
    if (driver.unconfirmed > 0 && this.#ports.hasOther(driver.name)) {
      const { flushMaxMs } = this.#limits
      const timeoutMs = Math.min(options.timeoutMs ?? flushMaxMs, flushMaxMs)
      await driver
        .flush({ replicas: 2, timeoutMs, signal: options.signal })
        .catch((error: unknown) => {
          if (!isJoineryError(error, 'CALL_TIMEOUT')) throw error
        })
    }
    const memory = this.#memoryOf(driver)
    if (memory.encoded === undefined || memory.encodedAt !== driver.progress) {
      memory.encoded = encodeVector(driver.vector)
      memory.encodedAt = driver.progress
    }
    return memory.encoded
  }

  async #reach(
    driver: SpaceDriver,
    memory: Memory,
    { vector, bytes }: { readonly vector: VersionVector; readonly bytes: Uint8Array },
    options: WaitOptions,
  ): Promise<void> {
    const { reachMaxMs } = this.#limits
    const timeoutMs = Math.min(options.timeoutMs ?? reachMaxMs, reachMaxMs)
    const startMs = performance.now()
    const needed = without(vector, memory.abandoned)
    if (await driver.reach(needed, { timeoutMs, signal: options.signal })) {
      memory.reached = bytes
      return
    }
    const waitedMs = Math.round(performance.now() - startMs)
    this.#ports.report({ kind: 'visibility-late', space: driver.name, waitedMs })
    // A short time limit of the caller says nothing of what can still come.
    if (timeoutMs === reachMaxMs) memory.abandoned.merge(vector)
  }

  #memoryOf(driver: SpaceDriver): Memory {
    let memory = this.#memories.get(driver)
    if (memory === undefined) {
      memory = {
        ...{ encoded: undefined, encodedAt: -1, reached: undefined },
        abandoned: new VersionVector(),
      }
      this.#memories.set(driver, memory)
    }
    return memory
  }
}

/** What is still waited for: of lives that are not, nothing is needed, but they must not count as sealed either. */
function without(vector: VersionVector, abandoned: VersionVector): VersionVector {
  const epoch = vector.epoch > abandoned.epoch ? vector.epoch : 0
  const rest = [...vector.entries()].map(([replica, last]): [ReplicaId, number] => [
    replica,
    abandoned.has(replica, last) ? 0 : last,
  ])
  return new VersionVector(epoch, rest)
}

function encodeVector(vector: VersionVector): Uint8Array {
  const writer = new Writer()
  vector.encode(writer)
  return writer.finish()
}

function decodeVector(bytes: Uint8Array): VersionVector | undefined {
  try {
    const reader = new Reader(bytes)
    const vector = VersionVector.decode(reader)
    reader.end()
    return vector
  } catch (error) {
    if (isJoineryError(error, 'ENCODING_INVALID')) return undefined
    throw error
  }
}
