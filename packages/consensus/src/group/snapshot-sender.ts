import { crc32 } from 'node:zlib'
import type { NodeId, Snapshot } from '../raft/types.ts'
import type { SnapshotPart } from './snapshot-part.ts'

interface Transfer {
  readonly number: number
  readonly term: number
  readonly snapshot: Snapshot
  readonly checksum: number
  /** Where the next part begins. */
  offset: number
}

/** What the end of a part's way means. `over`: the transfer is, well or not. */
export type PartEnd =
  | { readonly kind: 'next'; readonly part: SnapshotPart }
  | { readonly kind: 'over'; readonly isSent: boolean }
  | { readonly kind: 'void' }

/**
 * Cuts snapshots into parts, one under way to each member. Nothing is acknowledged by the receiver: a part that is lost
 * on the way spoils the assembly there, and the leader finds out as it always does, by a probe that is rejected.
 */
export class SnapshotSender {
  readonly #partBytes: number
  readonly #transferByMember = new Map<NodeId, Transfer>()
  /** To whom a part is under way, by the number of its transfer. */
  readonly #underWay = new Map<NodeId, number>()
  #lastNumber = 0

  constructor(partBytes: number) {
    this.#partBytes = partBytes
  }

  /** Begins to send, in place of what was being sent; gives the first part, unless an earlier one is still under way. */
  start(to: NodeId, term: number, snapshot: Snapshot): SnapshotPart | undefined {
    const number = ++this.#lastNumber
    const checksum = crc32(snapshot.data)
    const transfer: Transfer = { number, term, snapshot, checksum, offset: 0 }
    this.#transferByMember.set(to, transfer)
    return this.#underWay.has(to) ? undefined : this.#cut(to, transfer)
  }

  /** The part that was under way has left (`ok`), or is lost. */
  partSent(to: NodeId, ok: boolean): PartEnd {
    const number = this.#underWay.get(to)
    const transfer = this.#transferByMember.get(to)
    this.#underWay.delete(to)
    if (transfer === undefined) return { kind: 'void' }
    const isOfIt = transfer.number === number
    const isLeft = transfer.offset === 0 || transfer.offset < transfer.snapshot.data.length
    if ((ok || !isOfIt) && isLeft) return { kind: 'next', part: this.#cut(to, transfer) }
    this.#transferByMember.delete(to)
    return { kind: 'over', isSent: ok }
  }

  /** The connection is gone, and what was under way with it. Answers whether anything was being sent. */
  stop(to: NodeId): boolean {
    this.#underWay.delete(to)
    return this.#transferByMember.delete(to)
  }

  stopAll(): void {
    this.#transferByMember.clear()
  }

  #cut(to: NodeId, transfer: Transfer): SnapshotPart {
    const { number, term, snapshot, checksum, offset } = transfer
    this.#underWay.set(to, number)
    // At least one byte on, so that an empty snapshot ends too.
    transfer.offset = Math.min(offset + this.#partBytes, Math.max(1, snapshot.data.length))
    return {
      kind: 'snapshot-part',
      term,
      transfer: number,
      snapshotIndex: snapshot.index,
      snapshotTerm: snapshot.term,
      confState: snapshot.confState,
      bytesTotal: snapshot.data.length,
      checksum,
      offset,
      bytes: snapshot.data.subarray(offset, offset + this.#partBytes),
    }
  }
}
