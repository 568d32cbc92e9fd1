/*
 * Runs the replication of one space: feeds its core with what happens, and carries out what the core says, in the
 * order in which it says it. The core knows no time and no I/O; here are the clock, the timers and the network.
 */
import { invalidValue, JoineryError, type FlushOptions } from '@joinery/crdt-objects'
import {
  decodeBatchHeader,
  type ReplicaId,
  type ReplicaPorts,
  type SpaceState,
  type VersionVector,
} from '@joinery/crdt-objects/engine'
import { type Dissemination } from '../dissemination/dissemination.ts'
import { type Reporter } from '../report.ts'
import { type Effect, type Input } from './core/contract.ts'
import { decodeMessage, encodeMessage, type Message } from './core/message.ts'
import { ReplicationCore } from './core/replication-core.ts'
import { CountedState, type WriteCount } from './counted-state.ts'
import { EngineLoader } from './engine-loader.ts'
import { FirstSync } from './first-sync.ts'
import { SealSchedule } from './seal-schedule.ts'

/** What a driver needs of its surroundings. */
export interface DriverPorts {
  readonly dissemination: Dissemination
  sendMessage(space: string, peer: string, bytes: Uint8Array, isBulk: boolean): void
  readonly report: Reporter
  now(): number
}

interface Reach {
  readonly vector: VersionVector
  readonly resolve: (isReached: true) => void
}

interface Flush {
  readonly last: number
  readonly resolve: (result: { readonly replicas: number }) => void
}

const flushTimeoutMs = 10_000
const replicasMax = 1000
/** What is on its way mostly arrives within this; then it is asked for. */
const askAfterMs = 10

/** One space that is open here. */
export class SpaceDriver {
  readonly name: string
  readonly state: SpaceState
  readonly count: WriteCount
  readonly #ports: DriverPorts
  readonly #core: ReplicationCore
  readonly #schedule: SealSchedule
  readonly #engines: EngineLoader
  readonly #flushes = new Map<number, Flush>()
  readonly #reaches = new Set<Reach>()
  readonly #inputs: Input[] = []
  #nextFlush = 0
  #isStepping = false
  #confirmed = 0
  #firstSync: FirstSync | undefined

  constructor(name: string, replica: ReplicaId, ports: DriverPorts, count: WriteCount) {
    this.name = name
    this.count = count
    this.#ports = ports
    this.#schedule = new SealSchedule({
      seal: () => {
        this.#step({ kind: 'local-batch' })
      },
      now: () => performance.now(),
    })
    this.#engines = new EngineLoader({
      onLoaded: () => {
        this.engineLoaded()
      },
      onFailed: ({ name: engine }, error) => {
        ports.report({ kind: 'engine-failed', space: name, engine, error })
      },
    })
    const state: ReplicaPorts = {
      replica,
      clock: () => ports.now(),
      onPending: () => {
        this.#schedule.onPending()
      },
      // At once: a loop that never ends its turn must not gather without a bound.
      onFull: () => {
        this.#step({ kind: 'local-batch' })
      },
      onEngineMissing: (engines) => {
        this.#engines.load(engines)
      },
    }
    this.state = new CountedState(state, name, count, () => {
      this.#schedule.onSealed()
    })
    this.#core = new ReplicationCore({ state: this.state })
  }

  /** Local updates that no other peer is known to hold. */
  get unconfirmed(): number {
    return this.#sealedLast + this.state.pendingUpdates - this.#confirmed
  }

  get vectorSize(): number {
    return this.#core.vector.size
  }

  /** What is applied here. A live view: copy it to keep it. */
  get vector(): VersionVector {
    return this.#core.vector
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#core.progress
  }

  /** What is visible here, what no batch carries yet included. */
  get seen(): VersionVector {
    const seen = this.vector.copy()
    const { replica, pendingUpdates } = this.state
    if (pendingUpdates > 0) seen.set(replica, this.#sealedLast + pendingUpdates)
    return seen
  }

  /** Grows with whatever {@link SpaceDriver.seen} gives. */
  get seenCount(): number {
    return this.#core.progress + this.count.updates + this.state.pendingUpdates
  }

  get #sealedLast(): number {
    return this.#core.vector.lastOf(this.state.replica, 0)
  }

  neighbourUp(peer: string): void {
    // What is pending is in no digest: a joiner would take itself for up to date.
    this.seal()
    this.#step({ kind: 'neighbour-up', neighbour: peer })
  }

  neighbourDown(peer: string): void {
    this.#step({ kind: 'neighbour-down', neighbour: peer })
    this.#firstSync?.onDown(peer)
  }

  /** @throws JoineryError ENCODING_INVALID */
  message(peer: string, bytes: Uint8Array): void {
    const message = decodeMessage(bytes)
    this.#step({ kind: 'message', neighbour: peer, message })
    // An answer of which something had to be left is none yet: it is asked for again once the engine is there.
    if (!this.#core.lacksEngine) this.#firstSync?.onMessage(peer, message)
  }

  batch(peer: string, batch: Uint8Array): void {
    this.#noteWriter(batch)
    this.#step({ kind: 'gossip', batch, from: peer })
  }

  announced(peer: string, origin: ReplicaId, last: number): void {
    this.#step({ kind: 'announced', origin, last, from: peer })
  }

  tick(random: number): void {
    this.#step({ kind: 'tick', random })
  }

  /** An engine is loaded, by whomever: what waited for it is taken. */
  engineLoaded(): void {
    this.#step({ kind: 'engine-loaded' })
  }

  /** Seals what is pending. */
  seal(): void {
    this.#step({ kind: 'local-batch' })
  }

  /**
   * Resolves when this replica holds what the peers held that `known` tells, once it does; after `timeoutMs` at the
   * latest.
   */
  async firstSync(known: Promise<Iterable<string>>, timeoutMs: number): Promise<void> {
    const sync = new FirstSync(() => this.#core.vector.hash())
    this.#firstSync = sync
    const done = known.then(async (peers) => {
      sync.expect(peers)
      await sync.done
    })
    await settledWithin(done, timeoutMs)
    this.#firstSync = undefined
  }

  /**
   * Resolves when `replicas` peers hold every local write made before.
   *
   * @throws JoineryError CALL_TIMEOUT, VALUE_INVALID
   */
  async flush(options: FlushOptions = {}): Promise<{ readonly replicas: number }> {
    const { replicas = 1, timeoutMs = flushTimeoutMs, signal } = options
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
      throw invalidValue(`replicas is an integer from 1 to ${replicasMax}`, replicas)
    }
    if (!(timeoutMs >= 0)) throw invalidValue('timeoutMs is a number of at least 0', timeoutMs)
    signal?.throwIfAborted()
    const id = this.#nextFlush++
    const last = this.#sealedLast + this.state.pendingUpdates
    const flushed = this.#startFlush(id, last, replicas)
    const outcome = await settledWithin(flushed, timeoutMs, signal).catch((error: unknown) => {
      this.#cancelFlush(id)
      throw error
    })
    if (outcome !== undefined) return outcome
    this.#cancelFlush(id)
    throw this.#flushTimeout(last, replicas, timeoutMs)
  }

  /** Resolves with true once this replica shows all that `vector` covers, and with false when the time is over. */
  async reach(
    vector: VersionVector,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    if (this.vector.covers(vector)) return true
    let reach!: Reach
    const reached = new Promise<true>((resolve) => {
      reach = { vector, resolve }
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

  /** Ends local writes and all timers. */
  stop(): void {
    this.state.close()
    this.#schedule.stop()
    this.#engines.stop()
  }

  #askFor(vector: VersionVector): void {
    for (const [origin, last] of vector.entries()) {
      // A seal comes with an epoch, which nobody is asked for.
      if (origin === this.state.replica || last === 'sealed') continue
      if (!this.vector.has(origin, last)) this.#step({ kind: 'announced', origin, last })
    }
  }

  #settleReaches(): void {
    for (const reach of this.#reaches) {
      if (!this.vector.covers(reach.vector)) continue
      this.#reaches.delete(reach)
      reach.resolve(true)
    }
  }

  #startFlush(id: number, last: number, replicas: number): Promise<{ readonly replicas: number }> {
    return new Promise((resolve) => {
      this.#flushes.set(id, { last, resolve })
      this.#step({ kind: 'flush', id, replicas })
    })
  }

  #flushTimeout(last: number, replicas: number, timeoutMs: number): JoineryError<'CALL_TIMEOUT'> {
    const { neighbours, holders } = this.#core.holders(last)
    const advice =
      neighbours + 1 < replicas
        ? `Open the space at more peers, or ask for ${neighbours + 1} at most.`
        : 'Flush again, or ask for fewer.'
    return new JoineryError(
      'CALL_TIMEOUT',
      `Fewer than ${replicas} peers were seen to hold the writes to "${this.name}" within ` +
        `${timeoutMs} ms: besides this one, ${neighbours} connected ` +
        `${neighbours === 1 ? 'peer has' : 'peers have'} the space open, and ${holders} of them ` +
        `${holders === 1 ? 'was' : 'were'} seen to hold the writes. The writes stay, and go on spreading. ${advice}`,
      { timeoutMs, outcome: 'unknown' },
      { retryable: true },
    )
  }

  #cancelFlush(id: number): void {
    if (this.#flushes.delete(id)) this.#step({ kind: 'flush-cancel', id })
  }

  /** Carrying out an effect may cause the next input: it waits for its turn, so that effects keep their order. */
  #step(input: Input): void {
    this.#inputs.push(input)
    if (this.#isStepping) return
    this.#isStepping = true
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        for (const effect of this.#core.step(next)) this.#carryOut(effect)
      }
    } finally {
      this.#isStepping = false
    }
    if (this.#reaches.size > 0) this.#settleReaches()
  }

  #carryOut(effect: Effect): void {
    const { dissemination, report } = this.#ports
    switch (effect.kind) {
      case 'send':
        this.#send(effect.neighbour, effect.message)
        break
      case 'disseminate':
        dissemination.publish(this.name, effect.batch)
        break
      case 'announce':
        dissemination.announce(this.name, effect.origin, effect.last)
        break
      case 'flushed':
        this.#onFlushed(effect.id, effect.replicas)
        break
      case 'quarantined':
        report({
          kind: 'batch-quarantined',
          space: this.name,
          reason: effect.reason,
          bytes: effect.bytes.length,
        })
        break
      case 'ignored':
        report({ kind: 'message-ignored', space: this.name, reason: effect.reason })
    }
  }

  #send(peer: string, message: Message): void {
    const isBulk = message.kind === 'part' || message.kind === 'batches'
    this.#ports.sendMessage(this.name, peer, encodeMessage(message), isBulk)
  }

  #onFlushed(id: number, replicas: number): void {
    const flush = this.#flushes.get(id)
    if (flush === undefined) return
    this.#flushes.delete(id)
    if (replicas > 1) this.#confirmed = Math.max(this.#confirmed, flush.last)
    flush.resolve({ replicas })
  }

  #noteWriter(batch: Uint8Array): void {
    try {
      this.#schedule.noteWriter(decodeBatchHeader(batch).origin)
    } catch {
      // The core says what is wrong with it.
    }
  }
}

/** The promise's value, or undefined after `timeoutMs`; rejects with the signal's reason when it aborts. */
async function settledWithin<T>(
  promise: Promise<T>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  signal?.throwIfAborted()
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<undefined>((resolve, reject) => {
        timer = setTimeout(resolve, Math.min(timeoutMs, 2 ** 31 - 1), undefined)
        onAbort = () => {
          // The signal's own reason, as the platform does.
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    ])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}
