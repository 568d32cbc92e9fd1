const SLAB_BYTES = 16 * 1024
/** What takes more has a buffer of its own. */
const SHARED_BYTES_MAX = 1024

let slab = new Uint8Array(0)
let used = 0

/**
 * Zeroed room for encoded bytes. Small ones share a buffer, because a typed array with one of its own costs ten times
 * as much as all the rest of a small batch. One that is kept keeps its whole slab: batches made in a row are dropped in
 * a row, so little is held in vain.
 */
export function allocate(bytes: number): Uint8Array {
  if (bytes > SHARED_BYTES_MAX) return new Uint8Array(bytes)
  if (bytes > slab.length - used) {
    slab = new Uint8Array(SLAB_BYTES)
    used = 0
  }
  const start = used
  used += bytes
  // Not a subarray of the slab: that costs half as much again.
  return new Uint8Array(slab.buffer, start, bytes)
}
