import { randomBytes } from 'node:crypto'
import { equals } from 'uint8arrays/equals'

/** Length of a cluster's id. */
export const clusterIdBytes = 16

/**
 * Which cluster this peer belongs to. A founder mints a random id; any other peer takes over the id of the first
 * member it meets, and from then on refuses peers of another.
 */
export class ClusterIdentity {
  #id: Uint8Array | undefined

  constructor(id?: Uint8Array) {
    this.#id = id
  }

  /** The identity of a new cluster. */
  static found(): ClusterIdentity {
    return new ClusterIdentity(Uint8Array.from(randomBytes(clusterIdBytes)))
  }

  /** The cluster's id; undefined while this peer has met no member. */
  get id(): Uint8Array | undefined {
    return this.#id
  }

  /** Tells whether a peer that says `other` may stay. A peer without an id takes over the other's. */
  meet(other: Uint8Array | undefined): 'same' | 'cluster' | 'no-cluster' {
    if (other === undefined) return this.#id === undefined ? 'no-cluster' : 'same'
    this.#id ??= other
    return equals(this.#id, other) ? 'same' : 'cluster'
  }
}
