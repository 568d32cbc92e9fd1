import { type FlushOptions, invalidValue, JoineryError } from '@joinery/crdt-objects'
import { type Input } from './core/contract.ts'
import { type ReplicationCore } from './core/replication-core.ts'
import { settledWithin } from './settled-within.ts'

interface Flush {
  /** The last update of the present life that it covers. */
  last: number
  readonly replicas: number
  readonly resolve: (result: { readonly replicas: number }) => void
  readonly reject: (reason: unknown) => void
}

/** What flushes need of the driver. */
export interface FlushesOutlet {
  step(input: Input): void
}

const flushTimeoutMs = 10_000
const replicasMax = 1000

/** The flushes of one space that are under way: one for each caller that waits. */
export class Flushes {
  readonly #space: string
  readonly #core: ReplicationCore
  readonly #outlet: FlushesOutlet
  readonly #flushById = new Map<number, Flush>()
  #next = 0
  #confirmed = 0

  constructor(space: string, core: ReplicationCore, outlet: FlushesOutlet) {
    this.#space = space
    this.#core = core
    this.#outlet = outlet
  }

  /** Up to here others are known to hold what the present life wrote. */
  get confirmed(): number {
    return this.#confirmed
  }

  /** @throws JoineryError CALL_TIMEOUT, VALUE_INVALID, SPACE_ENDED */
  async flush(options: FlushOptions): Promise<{ readonly replicas: number }> {
    const { replicas = 1, timeoutMs = flushTimeoutMs, signal } = options
    if (!Number.isInteger(replicas) || replicas < 1 || replicas > replicasMax) {
      throw invalidValue(`replicas is an integer from 1 to ${replicasMax}`, replicas)
    }
    if (!(timeoutMs >= 0)) throw invalidValue('timeoutMs is a number of at least 0', timeoutMs)
    signal?.throwIfAborted()
    const id = this.#next++
    const flushed = new Promise<{ readonly replicas: number }>((resolve, reject) => {
      this.#flushById.set(id, { last: 0, replicas, resolve, reject })
      this.#begin(id)
    })
    const last = this.#flushById.get(id)?.last ?? 0
    const outcome = await settledWithin(flushed, timeoutMs, signal).catch((error: unknown) => {
      this.#cancel(id)
      throw error
    })
    if (outcome !== undefined) return outcome
    this.#cancel(id)
    throw this.#timeout(last, replicas, timeoutMs)
  }

  flushed(id: number, replicas: number): void {
    const flush = this.#flushById.get(id)
    if (flush === undefined) return
    this.#flushById.delete(id)
    if (replicas > 1) this.#confirmed = Math.max(this.#confirmed, flush.last)
    flush.resolve({ replicas })
  }

  /** A life has begun before the users: what waits for a flush waits for one of this life. */
  begun(): void {
    this.#confirmed = 0
    for (const id of this.#flushById.keys()) this.#begin(id)
  }

  /** Nobody waits any longer: each is told why. */
  end(reason: unknown): void {
    for (const { reject } of this.#flushById.values()) reject(reason)
  }

  #begin(id: number): void {
    const flush = this.#flushById.get(id)
    const { visible, isWritable, ownLast } = this.#core
    if (flush === undefined || visible === undefined || !isWritable) return
    flush.last = ownLast + visible.pendingUpdates
    this.#outlet.step({ kind: 'flush', id, replicas: flush.replicas })
  }

  #cancel(id: number): void {
    if (this.#flushById.delete(id)) this.#outlet.step({ kind: 'flush-cancel', id })
  }

  #timeout(last: number, replicas: number, timeoutMs: number): JoineryError<'CALL_TIMEOUT'> {
    const { attestations, view, id } = this.#core.member
    const { members, holders } = attestations.others(view?.members ?? [], id, last)
    const advice =
      members + 1 < replicas
        ? `Open the space at more peers, or ask for ${members + 1} at most.`
        : 'Flush again, or ask for fewer.'
    return new JoineryError(
      'CALL_TIMEOUT',
      `Fewer than ${replicas} keepers were seen to hold the writes to "${this.#space}" within ` +
        `${timeoutMs} ms: besides this one, ${members} ${members === 1 ? 'peer has' : 'peers have'} the space open, and ` +
        `${holders} of them ${holders === 1 ? 'was' : 'were'} seen to hold the writes. The writes stay, and go on spreading. ${advice}`,
      { timeoutMs, outcome: 'unknown' },
      { retryable: true },
    )
  }
}
