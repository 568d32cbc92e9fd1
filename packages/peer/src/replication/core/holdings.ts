import { isJoineryError } from '@joinery/crdt-objects'
import {
  decodeBatchHeader,
  incarnationOf,
  packReplica,
  type ReplicaId,
  slotOf,
  type SpaceState,
  VersionVector,
} from '@joinery/crdt-objects/engine'
import { BatchLog } from './batch-log.ts'
import { type Effect, type ReplicationLimits } from './contract.ts'
import { type BatchHeader, type Blocker, HoldBack, type Received } from './hold-back.ts'
import { invariant } from './invariant.ts'

/** What the bounded buffers hold. */
export interface Usage {
  readonly logBytes: number
  readonly heldBatches: number
  readonly heldBytes: number
}

/** What taking a batch may call for. */
export interface HoldingsOutlet {
  emit(effect: Effect): void
  want(wanted: Blocker, from: string | undefined): void
}

/** What this replica has of the space: the state, the log of what was lately applied to it, and what came too early. */
export class Holdings {
  readonly #state: SpaceState
  readonly #limits: ReplicationLimits
  readonly #outlet: HoldingsOutlet
  /**
   * What is applied. Invariant: equal to the vector of the state after each step, and never ahead of it within one, for
   * what a vector has a neighbour never sends again.
   */
  readonly vector = new VersionVector()
  /** Invariant: each origin's log ends where the vector does, or is empty. */
  readonly log: BatchLog
  /** Invariant: a batch in it lacked something when last looked at, and is looked at again when that arrives. */
  readonly #heldBack: HoldBack
  #ticks = 0
  #progress = 0
  #quarantined = 0
  #lacksEngine = false

  constructor(state: SpaceState, limits: ReplicationLimits, outlet: HoldingsOutlet) {
    this.#state = state
    this.#limits = limits
    this.#outlet = outlet
    this.vector.merge(state.vector)
    this.log = new BatchLog(limits.logBytesMax)
    this.#heldBack = new HoldBack(limits.heldBatchesMax, limits.heldBytesMax)
  }

  get usage(): Usage {
    const { size, bytes } = this.#heldBack
    return { logBytes: this.log.bytes, heldBatches: size, heldBytes: bytes }
  }

  /** Counts what moved the vector. */
  get progress(): number {
    return this.#progress
  }

  /** Counts what did not decode. */
  get quarantined(): number {
    return this.#quarantined
  }

  /**
   * Whether something came that cannot be decoded until an engine is loaded. Nothing is wrong with it, so nothing was
   * refused; to ask for it again before that would bring the same.
   */
  get lacksEngine(): boolean {
    return this.#lacksEngine
  }

  /** Makes a batch of what was written here since the last; undefined when nothing was. */
  seal(): Uint8Array | undefined {
    const batch = this.#state.takeBatch()
    if (batch === undefined) return undefined
    const { origin, first, last } = decodeBatchHeader(batch)
    invariant(origin === this.#state.replica, 'a replica seals its own updates')
    this.#applied(origin, first, last, batch)
    return batch
  }

  /** Takes a batch from wherever: applies it, holds it back, or sees that it is nothing new. */
  receive(bytes: Uint8Array, from: string | undefined): void {
    const header = this.#decoded(bytes, () => decodeBatchHeader(bytes))
    if (header === undefined) return
    if (header.origin === this.#state.replica && !this.vector.has(header.origin, header.last)) {
      this.#ignore(`a batch of ours, up to ${header.last}, that we never made`)
      return
    }
    this.#applyAll([{ header, bytes, from }])
  }

  /** Takes a neighbour's whole state. */
  join(bytes: Uint8Array): void {
    const outcome = this.#decoded(bytes, () => this.#state.joinState(bytes))
    if (outcome === 'engine-missing') this.#lacksEngine = true
    if (outcome !== true) return
    const joined = this.#state.vector
    invariant(joined.covers(this.vector), 'a join loses nothing')
    const moved = [...joined.entries()].filter(([origin, last]) => !this.vector.has(origin, last))
    this.vector.merge(joined)
    this.#progress++
    this.log.restart(new Set(moved.map(([origin]) => origin)))
    this.#applyAll(moved.flatMap(([origin, last]) => this.#heldBack.release(origin, last)))
  }

  /** An engine is loaded: takes what waited for it. */
  engineLoaded(): void {
    this.#lacksEngine = false
    this.#applyAll(this.#heldBack.releaseForEngine())
  }

  tick(): void {
    this.#ticks++
    this.#heldBack.dropBefore(this.#ticks - this.#limits.heldTicks)
  }

  /** Asserts what is cheap to assert. */
  check(): void {
    invariant(this.log.bytes <= this.#limits.logBytesMax, 'the log is bounded')
    invariant(this.#heldBack.size <= this.#limits.heldBatchesMax, 'batches held back are bounded')
    invariant(this.#heldBack.bytes <= this.#limits.heldBytesMax, 'bytes held back are bounded')
  }

  #applyAll(ready: Received[]): void {
    for (let received = ready.pop(); received !== undefined; received = ready.pop()) {
      const blocker = this.#blocker(received.header)
      if (blocker !== undefined) this.#holdBack(received, blocker)
      else if (this.#apply(received)) {
        const { origin, last } = received.header
        ready.push(...this.#heldBack.release(origin, last))
      }
    }
  }

  /** The first thing found that a batch builds on and that is not here; undefined for a duplicate. */
  #blocker({ origin, first, last, dependencies }: BatchHeader): Blocker | undefined {
    if (this.vector.has(origin, last)) return undefined
    if (!this.vector.has(origin, first - 1)) return { origin, last: first - 1 }
    if (!this.vector.hasBegun(origin)) {
      const before = packReplica(slotOf(origin), incarnationOf(origin) - 1)
      return { origin: before, last: 'sealed' }
    }
    const missing = dependencies.find(
      ([of, needed]) => of !== origin && !this.vector.has(of, needed),
    )
    return missing && { origin: missing[0], last: missing[1] }
  }

  #holdBack(received: Received, blocker: Blocker): void {
    const { header, from } = received
    const kept = this.#heldBack.add(received, blocker, this.#ticks)
    this.#outlet.want(blocker, from)
    if (!kept) this.#outlet.want({ origin: header.origin, last: header.last }, from)
  }

  #apply(received: Received): boolean {
    const { header, bytes } = received
    const outcome = this.#decoded(bytes, () => this.#state.apply(bytes))
    if (outcome === 'engine-missing') {
      this.#lacksEngine = true
      // Without room it is fetched later.
      this.#heldBack.add(received, 'engine', this.#ticks)
    }
    if (outcome === 'gap') this.#ignore(`a batch of ${header.origin} that overlaps what is here`)
    if (outcome !== 'applied') return false
    this.#applied(header.origin, header.first, header.last, bytes)
    return true
  }

  #applied(origin: ReplicaId, first: number, last: number, bytes: Uint8Array): void {
    this.vector.set(origin, last)
    this.log.append(origin, first, last, bytes)
    this.#progress++
  }

  /**
   * Runs what decodes `bytes`. What does not decode changes nothing, and the vector stays before it. So if the bytes were
   * damaged on their way, a neighbour's good copy is fetched at the next digest; if that is no better, they were made so,
   * and the next ask is for a state, which brings what they did without them.
   */
  #decoded<T>(bytes: Uint8Array, decode: () => T): T | undefined {
    try {
      return decode()
    } catch (error) {
      if (!isJoineryError(error)) throw error
      this.#quarantined++
      this.#outlet.emit({ kind: 'quarantined', reason: error.message, bytes })
      return undefined
    }
  }

  #ignore(reason: string): void {
    this.#outlet.emit({ kind: 'ignored', reason })
  }
}
