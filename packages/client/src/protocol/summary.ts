/** A space that the gateway's peer holds a replica of. */
export interface SpaceSummary {
  readonly name: string
  readonly objects: number
  /** How many openings of it, at any peer, have written so far. */
  readonly vectorSize: number
}

/** An object as its space lists it. */
export interface ObjectSummary {
  readonly name: string
  /** The schema, as canonical JSON. */
  readonly descriptor: string
  readonly fingerprint: string
}

/** A peer that the gateway's peer knows. */
export interface PeerSummary {
  readonly id: string
  readonly addresses: readonly string[]
  readonly connected: boolean
  readonly self: boolean
}
