import { type ReplicaPorts, SpaceState } from '@joinery/crdt-objects/engine'

/** What was written here and sealed. */
export interface WriteCount {
  /** Operations that changed something. */
  updates: number
  batches: number
  /** Of the batches, encoded. */
  bytes: number
}

/** A replica that counts its batches, whoever asks for them, and tells of each. */
export class CountedState extends SpaceState {
  readonly #count: WriteCount
  readonly #onSealed: () => void

  constructor(ports: ReplicaPorts, name: string, count: WriteCount, onSealed: () => void) {
    super(ports, name)
    this.#count = count
    this.#onSealed = onSealed
  }

  override takeBatch(): Uint8Array | undefined {
    const updates = this.pendingUpdates
    const batch = super.takeBatch()
    if (batch !== undefined) {
      this.#count.updates += updates
      this.#count.batches++
      this.#count.bytes += batch.length
      this.#onSealed()
    }
    return batch
  }
}
