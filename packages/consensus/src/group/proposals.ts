import type { CallCommand } from '../host/command.ts'
import type { Applied } from '../host/outcome.ts'
import type { Answer } from './answers.ts'
import type { CommandDone, Proposal } from './proposal.ts'
import { type WaitingBatch, WaitingBatches } from './waiting-batches.ts'

interface Batch {
  readonly index: number
  readonly term: number
  readonly proposals: readonly Proposal[]
}

/**
 * The commands of a leader on their way: waiting for the next batch, in a batch that is in the log and not yet applied,
 * or parked in the state machine. Whoever submitted one is told exactly once.
 */
export class Proposals {
  readonly #waiting: WaitingBatches
  /** In the order of the log. */
  readonly #inFlight: Batch[] = []
  /** By call: the same one may have been submitted again while it was parked. */
  readonly #parked = new Map<string, CommandDone[]>()

  constructor(batchBytes: number) {
    this.#waiting = new WaitingBatches(batchBytes)
  }

  get waiting(): number {
    return this.#waiting.count
  }

  get waitingBytes(): number {
    return this.#waiting.bytes
  }

  get inFlight(): number {
    return this.#inFlight.length
  }

  /** @throws JoineryError of a command that has no encoding */
  add(proposal: Proposal): void {
    this.#waiting.add(proposal)
  }

  /** The next batch. It goes on waiting, and more may come to it, until it is {@link proposed}. */
  get next(): WaitingBatch | undefined {
    return this.#waiting.first
  }

  /** The batch that is {@link next} is in the log, at `index`. */
  proposed(index: number, term: number): void {
    this.#inFlight.push({ index, term, proposals: this.#waiting.first?.proposals ?? [] })
    this.#waiting.shift()
  }

  /** What entry (`index`, `term`) holds, if it is ours. What is before it, and not there, was overwritten: `lost`. */
  take(
    index: number,
    term: number,
    lost: (done: CommandDone) => void,
  ): readonly Proposal[] | undefined {
    for (let batch = this.#inFlight[0]; batch !== undefined; batch = this.#inFlight[0]) {
      if (batch.index > index) return undefined
      this.#inFlight.shift()
      if (batch.index === index && batch.term === term) return batch.proposals
      for (const { done } of batch.proposals) lost(done)
    }
    return undefined
  }

  /** A call waits in the state machine, and `done` for it. */
  park({ session, sequence }: CallCommand, done: CommandDone): void {
    const key = callKey(session, sequence)
    const dones = this.#parked.get(key)
    if (dones === undefined) this.#parked.set(key, [done])
    else dones.push(done)
  }

  /** Tells those who wait for calls that are let go on. */
  release({ released }: Applied, answer: Answer): void {
    if (this.#parked.size === 0) return
    for (const { session, sequence, outcome } of released) {
      const key = callKey(session, sequence)
      const dones = this.#parked.get(key)
      if (dones === undefined) continue
      this.#parked.delete(key)
      for (const done of dones) answer(done, outcome)
    }
  }

  /** Takes out what waits: it was not done. */
  takeWaiting(): CommandDone[] {
    return this.#waiting.takeAll().map(({ done }) => done)
  }

  /** Takes out what is in the log or parked: it may yet be done. */
  takeUndecided(): CommandDone[] {
    const undecided = this.#inFlight.flatMap(({ proposals }) => proposals.map(({ done }) => done))
    for (const dones of this.#parked.values()) undecided.push(...dones)
    this.#inFlight.length = 0
    this.#parked.clear()
    return undecided
  }
}

function callKey(session: string, sequence: number): string {
  return `${session}${sequence}`
}
