import type { Answer } from './answers.ts'
import type { Refusal } from './contract.ts'
import type { GroupOptions } from './options.ts'
import type { GroupClock } from './ports.ts'

type ReadDone = (result: unknown) => void

/** What is made of the state once it may be looked at, and who is told. */
interface WaitingRead {
  readonly make: () => unknown
  readonly done: ReadDone
}

interface Round {
  readonly number: number
  readonly startedMs: number
  readonly reads: readonly WaitingRead[]
}

interface ConfirmedReads {
  readonly index: number
  readonly reads: readonly WaitingRead[]
}

/** While so many rounds are under way, further reads gather for the next. */
const ROUNDS_MAX = 2
/** Clocks may differ in speed by the rest. */
const LEASE_PART = 0.8

/**
 * The reads of a leader (ReadIndex, thesis §6.4): a round of heartbeats proves that it still leads, and serves all reads
 * that came before it began. What comes later needs a later round.
 *
 * A round proves more: whoever took part in it elects nobody else for an election time-out from its beginning on. Where
 * leases are allowed, reads are served without a round until then. The lease is looked at after the answers are made: a
 * process may stand still at any place, and wake up as a leader of old.
 */
export class ReadRounds {
  readonly #clock: GroupClock
  readonly #isLeaseAllowed: boolean
  readonly #leaseMs: number
  #waiting: WaitingRead[] = []
  /** In the order of their start. */
  #rounds: Round[] = []
  /** Proved, but the state machine is not there yet. */
  #confirmed: ConfirmedReads[] = []
  #lastNumber = 0
  #leaseEndsMs = -Infinity
  #isLeaseVoid = false

  constructor(clock: GroupClock, options: GroupOptions) {
    this.#clock = clock
    this.#isLeaseAllowed = options.leaseReads
    this.#leaseMs = options.electionTicks * options.tickMs * LEASE_PART
  }

  /** Reads that wait for a round to begin. */
  get count(): number {
    return this.#waiting.length
  }

  add<T>(make: () => T, done: (result: T | Refusal) => void): void {
    this.#waiting.push({ make, done: done as ReadDone })
  }

  /** Whoever was asked to take over campaigns at any later time, whatever it promised: no leases any more. */
  voidLease(): void {
    this.#isLeaseVoid = true
  }

  /** Begins a round for all that wait, if there is any and one may begin: gives its context. */
  begin(): Uint8Array | undefined {
    if (this.#rounds.length >= ROUNDS_MAX || this.#waiting.length === 0) return undefined
    const number = ++this.#lastNumber
    this.#rounds.push({ number, startedMs: this.#clock.monotonicMs(), reads: this.#waiting })
    this.#waiting = []
    return encodeContext(number)
  }

  /** A round has come back: its reads may be served once `index` is applied. */
  confirm(context: Uint8Array, index: number): void {
    const number = decodeContext(context)
    const round = this.#rounds.find((candidate) => candidate.number === number)
    if (round === undefined) return
    this.#rounds = this.#rounds.filter((candidate) => candidate !== round)
    this.#confirmed.push({ index, reads: round.reads })
    this.#leaseEndsMs = Math.max(this.#leaseEndsMs, round.startedMs + this.#leaseMs)
  }

  /** Answers the reads that were proved, once the state machine has applied enough. */
  serve(applied: number, answer: Answer): void {
    if (this.#confirmed.length === 0) return
    this.#confirmed = this.#confirmed.filter(({ index, reads }) => {
      if (index > applied) return true
      for (const { make, done } of reads) answer(done, make())
      return false
    })
  }

  /** Answers the reads that wait, if the lease says that nobody else leads. */
  serveByLease(answer: Answer): void {
    if (!this.#isLeaseAllowed || this.#isLeaseVoid || this.#waiting.length === 0) return
    if (this.#clock.monotonicMs() >= this.#leaseEndsMs) return
    const results = this.#waiting.map(({ make }) => make())
    if (this.#clock.monotonicMs() >= this.#leaseEndsMs) return
    this.#waiting.forEach(({ done }, i) => answer(done, results[i]))
    this.#waiting = []
  }

  /** Takes out all: this member no longer leads. */
  takeAll(): ((refusal: Refusal) => void)[] {
    const reads = [...this.#confirmed, ...this.#rounds].flatMap((taken) => taken.reads)
    reads.push(...this.#waiting)
    this.#waiting = []
    this.#rounds = []
    this.#confirmed = []
    this.#leaseEndsMs = -Infinity
    this.#isLeaseVoid = false
    return reads.map(({ done }) => done)
  }
}

function encodeContext(number: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, number)
  return bytes
}

function decodeContext(context: Uint8Array): number | undefined {
  if (context.length !== 8) return undefined
  return new DataView(context.buffer, context.byteOffset, 8).getFloat64(0)
}
