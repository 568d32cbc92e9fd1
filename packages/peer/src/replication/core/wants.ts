import { type ReplicaId, type VersionVector } from '@joinery/crdt-objects/engine'

/** Updates known to exist and not applied here. */
export interface Want {
  readonly last: number
  /** Who made it known, and most likely has it. */
  readonly from: string | undefined
  readonly sinceTick: number
  /** Set once `from` was asked: from then on anyone is. */
  asked: boolean
}

/**
 * What is to be asked for. Whether an origin truly has what a hint says is not known here, so a want is given up after a
 * while: the periodic digests need no hint.
 */
export class Wants {
  readonly #wantByOrigin = new Map<ReplicaId, Want>()
  /** A bound on what garbage can make us remember. */
  readonly #originsMax = 4096

  get size(): number {
    return this.#wantByOrigin.size
  }

  note(origin: ReplicaId, last: number, from: string | undefined, tick: number): void {
    const want = this.#wantByOrigin.get(origin)
    if (want !== undefined && want.last >= last) return
    if (want === undefined && this.#wantByOrigin.size >= this.#originsMax) return
    this.#wantByOrigin.set(origin, { last, from, sinceTick: tick, asked: false })
  }

  /** Forgets what `vector` has reached, and what nobody brought since `tick`. */
  settle(vector: VersionVector, tick: number): void {
    for (const [origin, want] of this.#wantByOrigin) {
      if (vector.has(origin, want.last) || want.sinceTick < tick) this.#wantByOrigin.delete(origin)
    }
  }

  /** The want to ask for next: one whose bearer was not asked yet, else any. */
  next(): Want | undefined {
    let any: Want | undefined
    for (const want of this.#wantByOrigin.values()) {
      if (!want.asked) return want
      any ??= want
    }
    return any
  }
}
