import type { StateMachine } from '../host/state-machine.ts'
import type { Hashes } from './hash-comparison.ts'
import type { GroupOptions } from './options.ts'

/** Of one checkpoint at most; those of the lowest numbers. */
const HASHES_MAX = 4_096

/**
 * Where in the log a member hashes what has changed. It follows from the entries alone: the one that takes the group
 * over a multiple of so many commands, or of so many milliseconds, is a checkpoint, for everybody.
 */
export class Checkpoints {
  readonly #machine: StateMachine
  readonly #options: GroupOptions
  #isUnchecked = false
  #commands = 0
  #periods = 0

  constructor(machine: StateMachine, options: GroupOptions) {
    this.#machine = machine
    this.#options = options
    this.restored()
  }

  /** Whether anything has changed since the last one. */
  get isUnchecked(): boolean {
    return this.#isUnchecked
  }

  /** Where the state was taken from a snapshot: what comes next is judged from there. */
  restored(): void {
    this.#commands = this.#commandsNow()
    this.#periods = this.#periodsNow()
  }

  /** An entry was applied. Gives hashes if it is a checkpoint and there is anything to hash. */
  applied(hasChanged: boolean): Hashes | undefined {
    this.#isUnchecked ||= hasChanged
    const [commands, periods] = [this.#commandsNow(), this.#periodsNow()]
    if (commands === this.#commands && periods === this.#periods) return undefined
    this.#commands = commands
    this.#periods = periods
    if (!this.#isUnchecked) return undefined
    this.#isUnchecked = false
    return lowest(this.#machine.takeHashes())
  }

  #commandsNow(): number {
    return Math.floor(this.#machine.position / this.#options.checkpointCommands)
  }

  #periodsNow(): number {
    return Math.floor(this.#machine.nowMs / this.#options.checkpointMs)
  }
}

function lowest(hashes: Hashes): Hashes | undefined {
  if (hashes.size === 0) return undefined
  if (hashes.size <= HASHES_MAX) return hashes
  return new Map([...hashes].sort(([a], [b]) => a - b).slice(0, HASHES_MAX))
}
