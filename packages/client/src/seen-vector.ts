import type { JoineryError } from '@joinery/crdt-objects'
import { Reader, VersionVector, Writer } from '@joinery/crdt-objects/engine'

/** What a client has seen of one space, whichever gateways showed it. */
export class SeenVector {
  readonly vector = new VersionVector()

  /** As it travels; nothing, while nothing was seen. */
  get encoded(): Uint8Array {
    const writer = new Writer()
    if (!this.vector.isEmpty) this.vector.encode(writer)
    return writer.finish()
  }

  /** @throws JoineryError ENCODING_INVALID */
  add(encoded: Uint8Array): void {
    const reader = new Reader(encoded)
    this.vector.merge(VersionVector.decode(reader))
    reader.end()
  }

  merge(vector: VersionVector): void {
    this.vector.merge(vector)
  }
}

/** The spaces of a client, as its session tells them what happens. */
export interface SessionSpaces {
  /** What is visible at the gateway has grown by `vector`. */
  seen(space: string, vector: Uint8Array): void
  /** The space has ended. */
  ended(space: string, reason: JoineryError): void
  /** Writes that were answered may be gone with the gateway that answered; another one has taken its place. */
  gatewayLost(): void
}
