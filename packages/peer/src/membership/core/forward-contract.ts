/**
 * Why a path ended: an end of it closed; the forwarder knows no such peer, or no such path; more was sent than it takes
 * on; or it was asked for what it does not do.
 */
export type ForwardEnd = 'closed' | 'unknown' | 'full' | 'refused'

/** What the two ends of a path say to each other by way of a forwarder. */
export type ForwardContent =
  | { readonly kind: 'open' }
  /** The next bytes of this direction. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** So many bytes more have been taken: as many may follow. */
  | { readonly kind: 'taken'; readonly bytes: number }
  | { readonly kind: 'end'; readonly reason: ForwardEnd }

/** How much one end may send before the other has taken it, in bytes. The forwarder holds no more than this of it. */
export const forwardWindowBytes = 512 * 2 ** 10

/** The most bytes in one content, so that what a forwarder sends for itself is not held up. */
export const forwardPieceBytes = 64 * 2 ** 10
