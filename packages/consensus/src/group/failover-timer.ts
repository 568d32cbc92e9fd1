import type { NodeId } from '../raft/types.ts'
import type { GroupOptions } from './options.ts'

/** The other members may notice later, and grant no pre-vote until they do. */
const ATTEMPTS = 5
/** A vote takes less, as a rule. */
const VOTE_TICKS = 2

/**
 * When to campaign after the connection to the leader broke: after a small delay, not after an election time-out. The
 * voters take turns by their ids, so that no two of them split the votes. It is tried again for a while, at random, since
 * nobody is elected before a majority has noticed. Pre-votes make it safe to be wrong: a leader that is alive, and
 * whoever hears it, grants none.
 */
export class FailoverTimer {
  readonly #slots: number
  readonly #turnsMax: number
  readonly #random: () => number
  #attemptsLeft = 0
  #ticksLeft = 0

  constructor({ failoverDelayMsMax, tickMs, electionTicks }: GroupOptions, random: () => number) {
    this.#slots = 1 + Math.floor(failoverDelayMsMax / tickMs)
    this.#turnsMax = electionTicks
    this.#random = random
  }

  /** Answers whether it is time at once: it is for whoever is first (`turn` 0). */
  start(turn: number): boolean {
    this.#attemptsLeft = ATTEMPTS
    this.#ticksLeft = Math.min(turn * VOTE_TICKS, this.#turnsMax)
    return this.#isTime()
  }

  /** Answers whether it is time. */
  tick(leader: NodeId): boolean {
    if (leader !== 0) this.#attemptsLeft = 0
    if (this.#attemptsLeft === 0) return false
    this.#ticksLeft--
    return this.#isTime()
  }

  #isTime(): boolean {
    if (this.#ticksLeft > 0) return false
    this.#attemptsLeft--
    // The first attempt may have come before anybody had noticed: the second comes before the next voter's turn.
    const isFirst = this.#attemptsLeft === ATTEMPTS - 1
    this.#ticksLeft = isFirst ? 1 : VOTE_TICKS + Math.floor(this.#random() * this.#slots)
    return true
  }
}
