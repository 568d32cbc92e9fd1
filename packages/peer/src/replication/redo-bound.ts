import { JoineryError } from '@joinery/crdt-objects'
import { type Budget } from '@joinery/crdt-objects/engine'

/**
 * Refuses more where what was written in lives that are over is as much as is kept of it. All of that is to be written
 * again, in order, so none of it can be let go to make room.
 */
export class RedoBound implements Budget {
  /** Looked at with each tick, so more is kept than the bound by what is written in one. */
  isReached = false
  readonly #space: string
  readonly #bytesMax: number
  readonly #other: Budget | undefined

  /** `other` bounds something else. */
  constructor(space: string, bytesMax: number, other: Budget | undefined) {
    this.#space = space
    this.#bytesMax = bytesMax
    this.#other = other
  }

  get isFull(): boolean {
    return this.isReached || this.#other?.isFull === true
  }

  refusal(): JoineryError {
    if (!this.isReached && this.#other !== undefined) return this.#other.refusal()
    const bytesMax = this.#bytesMax
    const message = `The group that leases the space "${this.#space}" is out of reach, and what was written here meanwhile is as much as is kept, ${bytesMax} bytes: write on when this peer has reached its cluster.`
    return new JoineryError('WRITES_UNKEPT', message, { bytesMax }, { retryable: true })
  }
}
