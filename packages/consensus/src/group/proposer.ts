import { Slab, Writer } from '@joinery/crdt-objects/engine'
import { finishBatch } from '../host/command-codec.ts'
import type { Command } from '../host/command.ts'
import type { Refusal } from './contract.ts'
import type { LeaderDuties } from './leader-duties.ts'
import type { GroupOptions } from './options.ts'
import type { CommandDone } from './proposal.ts'
import type { Proposals } from './proposals.ts'
import type { RaftDriver } from './raft-driver.ts'

interface ProposerParts {
  readonly driver: RaftDriver
  readonly duties: LeaderDuties
  readonly proposals: Proposals
  readonly options: GroupOptions
  random(): number
}

/** The body of an entry that only has agreed time go on. */
const nothing = new Writer(0)

/**
 * Puts waiting commands into the log, as one entry each turn. With few calls under way each is proposed at once; with
 * many, all of `batchesInFlightMax` entries are on their way, and what comes gathers until one of them is applied.
 */
export class Proposer {
  readonly #parts: ProposerParts
  /** Room for the data of entries of this log, whoever makes them. */
  readonly slab = new Slab()

  constructor(parts: ProposerParts) {
    this.#parts = parts
  }

  /** Why no further command can wait, if so. */
  overload(): Refusal | undefined {
    const { waiting, waitingBytes } = this.#parts.proposals
    const { commandsWaitingMax, waitingBytesMax } = this.#parts.options
    if (waiting < commandsWaitingMax && waitingBytes < waitingBytesMax) return undefined
    return { kind: 'busy', reason: 'too many commands wait for their turn' }
  }

  /** @throws JoineryError of a command that has no encoding */
  add(command: Command, done: CommandDone): void {
    this.#parts.proposals.add({ command, done })
  }

  /** Of a leader: proposes what waits, as far as there is room. Answers whether there was any. */
  propose(): boolean {
    const { proposals, options } = this.#parts
    let isProposed = false
    while (proposals.waiting > 0 && proposals.inFlight < options.batchesInFlightMax) {
      if (!this.#proposeNext()) break
      isProposed = true
    }
    return isProposed
  }

  /** Has agreed time go on, if that is due and nothing that is under way does it. */
  proposeTime(isUnchecked: boolean): void {
    const { proposals, duties } = this.#parts
    if (proposals.waiting + proposals.inFlight > 0) return
    if (duties.isEntryDue(isUnchecked)) this.#proposeNext()
  }

  #proposeNext(): boolean {
    const { driver, duties, proposals } = this.#parts
    const { next } = proposals
    const seed = Math.floor(this.#parts.random() * 2 ** 32)
    const count = next?.proposals.length ?? 0
    const body = next?.body ?? nothing
    const batch = { timeMs: duties.timeMs, seed, count, body, slab: this.slab }
    const index = driver.propose(finishBatch(batch))
    // Too much is uncommitted, or the leadership is being handed over. They go on waiting, until that is over either way.
    if (typeof index !== 'number') return false
    proposals.proposed(index, driver.term)
    return true
  }
}
