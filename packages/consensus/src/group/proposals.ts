import type { CallCommand, Command } from '../host/command.ts'
import type { Applied, Outcome } from '../host/outcome.ts'
import type { Answer } from './answers.ts'
import type { Refusal } from './contract.ts'

export type CommandDone = (result: Outcome | Refusal) => void

export interface Proposal {
  readonly command: Command
  readonly encoded: Uint8Array
  readonly done: CommandDone
}

interface Batch {
  readonly index: number
  readonly term: number
  readonly proposals: readonly Proposal[]
}

/** Besides its bytes, what a command takes in a batch. */
const COMMAND_BYTES = 4

/**
 * The commands of a leader on their way: waiting for the next batch, in a batch that is in the log and not yet applied,
 * or parked in the state machine. Whoever submitted one is told exactly once.
 */
export class Proposals {
  #waiting: Proposal[] = []
  #waitingBytes = 0
  /** In the order of the log. */
  readonly #inFlight: Batch[] = []
  /** By call: the same one may have been submitted again while it was parked. */
  readonly #parked = new Map<string, CommandDone[]>()

  get waiting(): number {
    return this.#waiting.length
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  get inFlight(): number {
    return this.#inFlight.length
  }

  add(proposal: Proposal): void {
    this.#waiting.push(proposal)
    this.#waitingBytes += proposal.encoded.length
  }

  /** The next batch, cut before `bytesMax` but never below one. It goes on waiting until it is {@link proposed}. */
  next(bytesMax: number): readonly Proposal[] {
    let bytes = 0
    let count = 0
    for (const { encoded } of this.#waiting) {
      bytes += encoded.length + COMMAND_BYTES
      if (count > 0 && bytes > bytesMax) return this.#waiting.slice(0, count)
      count++
    }
    return this.#waiting
  }

  /** The batch that was {@link next} is in the log, at `index`. */
  proposed(proposals: readonly Proposal[], index: number, term: number): void {
    this.#inFlight.push({ index, term, proposals })
    this.#waiting = this.#waiting.slice(proposals.length)
    this.#waitingBytes = 0
    for (const { encoded } of this.#waiting) this.#waitingBytes += encoded.length
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
    const waiting = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    return waiting.map(({ done }) => done)
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
