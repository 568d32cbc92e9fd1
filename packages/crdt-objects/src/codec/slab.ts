const SLAB_BYTES = 16 * 1024
/** What takes more has a buffer of its own. */
const SHARED_BYTES_MAX = 1024

/**
 * Zeroed room for encoded bytes. Small ones share a buffer, because a typed array with one of its own costs ten times
 * as much as all the rest of a small batch. One that is kept keeps its whole slab: what is made in a row is to be dropped
 * in a row, so little is held in vain. What is kept for long has a slab apart from what passes.
 */
export class Slab {
  private buffer = new ArrayBuffer(0)
  private used = 0

  allocate(bytes: number): Uint8Array {
    if (bytes > SHARED_BYTES_MAX) return new Uint8Array(bytes)
    if (bytes > this.buffer.byteLength - this.used) {
      this.buffer = new ArrayBuffer(SLAB_BYTES)
      this.used = 0
    }
    const start = this.used
    this.used += bytes
    return new Uint8Array(this.buffer, start, bytes)
  }
}

const passing = new Slab()

/** Room for what passes, or goes with what was made before and after it. */
export function allocate(bytes: number): Uint8Array {
  return passing.allocate(bytes)
}
