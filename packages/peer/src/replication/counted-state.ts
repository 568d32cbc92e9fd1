import { type ReplicaPorts, SpaceState } from '@joinery/crdt-objects/engine'

/** What was written here and sealed. */
export class WriteCount {
  /** Operations that changed something. */
  updates = 0
  batches = 0
  /** Of the batches, encoded. */
  bytes = 0
  readonly #spend: (bytes: number) => void

  /** `spend` is told of the bytes of each batch. */
  constructor(spend: (bytes: number) => void = () => undefined) {
    this.#spend = spend
  }

  /** As it is now. */
  get written(): { readonly updates: number; readonly batches: number; readonly bytes: number } {
    return { updates: this.updates, batches: this.batches, bytes: this.bytes }
  }

  sealed(updates: number, bytes: number): void {
    this.updates += updates
    this.batches++
    this.bytes += bytes
    this.#spend(bytes)
  }
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
      this.#count.sealed(updates, batch.length)
      this.#onSealed()
    }
    return batch
  }
}
