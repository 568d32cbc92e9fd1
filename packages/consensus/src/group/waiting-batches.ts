import { Writer } from '@joinery/crdt-objects/engine'
import { appendCommand } from '../host/command-codec.ts'
import type { Proposal } from './proposal.ts'

/** Commands as the log will carry them together. */
export interface WaitingBatch {
  readonly proposals: Proposal[]
  readonly body: Writer
}

/**
 * The commands that wait, in the batches that they will be proposed in: each is encoded once, into the bytes of its
 * entry.
 */
export class WaitingBatches {
  readonly #batchBytes: number
  #batches: WaitingBatch[] = []
  /** To be used again: with one batch at a time no other is ever made. */
  #spare: Writer | undefined
  #count = 0
  #bytes = 0

  /** No batch of several commands is longer than `batchBytes`. */
  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  get first(): WaitingBatch | undefined {
    return this.#batches[0]
  }

  /** @throws JoineryError of a command that has no encoding: nothing was added */
  add(proposal: Proposal): void {
    const batch = this.#batches.at(-1) ?? this.#begin()
    const { body, proposals } = batch
    const { length } = body
    appendCommand(body, proposal.command)
    this.#count++
    this.#bytes += body.length - length
    if (proposals.length === 0 || body.length <= this.#batchBytes) {
      proposals.push(proposal)
      return
    }
    const next = this.#begin()
    next.body.raw(body.written().subarray(length))
    next.proposals.push(proposal)
    // Here it is taken back: it is the first of the next.
    body.length = length
  }

  /** Takes the first out. Its body is void when another is made. */
  shift(): void {
    const batch = this.#batches.shift()
    if (batch === undefined) return
    this.#count -= batch.proposals.length
    this.#bytes -= batch.body.length
    batch.body.reset()
    this.#spare = batch.body
  }

  /** Takes out all. */
  takeAll(): Proposal[] {
    const all = this.#batches.flatMap(({ proposals }) => proposals)
    this.#batches = []
    this.#count = 0
    this.#bytes = 0
    return all
  }

  #begin(): WaitingBatch {
    const batch = { proposals: [], body: this.#spare ?? new Writer(4096) }
    this.#spare = undefined
    this.#batches.push(batch)
    return batch
  }
}
