import type { ConfState } from '../raft/types.ts'

/** A piece of a snapshot on its way to a member: each says what the whole is. */
export interface SnapshotPart {
  readonly kind: 'snapshot-part'
  /** The leader's. */
  readonly term: number
  /** Tells one sending of a snapshot from the next. */
  readonly transfer: number
  readonly snapshotIndex: number
  readonly snapshotTerm: number
  readonly confState: ConfState
  readonly bytesTotal: number
  /** CRC-32 of the whole. */
  readonly checksum: number
  readonly offset: number
  readonly bytes: Uint8Array
}
