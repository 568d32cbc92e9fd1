import { crc32 } from 'node:zlib'
import type { NodeId, Snapshot } from '../raft/types.ts'
import type { SnapshotPart } from './snapshot-part.ts'

interface Assembly {
  readonly from: NodeId
  readonly first: SnapshotPart
  readonly parts: Uint8Array[]
  bytes: number
}

/** What a part came to: the whole, nothing yet, or why it is of no use. */
export type Taken =
  | { readonly kind: 'whole'; readonly snapshot: Snapshot }
  | { readonly kind: 'more' }
  | { readonly kind: 'ignored'; readonly reason: string }

/** Puts a snapshot together from its parts: one at a time, the latest. Room is taken as the bytes come, never as announced. */
export class SnapshotReceiver {
  readonly #bytesMax: number
  #assembly: Assembly | undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  take(from: NodeId, part: SnapshotPart): Taken {
    if (part.bytesTotal > this.#bytesMax) {
      return ignored(`a snapshot of ${part.bytesTotal} bytes, of ${this.#bytesMax} allowed`)
    }
    if (part.offset === 0) this.#assembly = { from, first: part, parts: [], bytes: 0 }
    const assembly = this.#assembly
    if (assembly === undefined || !isOf(assembly, from, part)) {
      return ignored('a part of a snapshot of which the parts before are missing')
    }
    const isEmptyPart = part.bytes.length === 0 && part.bytesTotal > 0
    if (isEmptyPart || assembly.bytes + part.bytes.length > part.bytesTotal) {
      this.#assembly = undefined
      return ignored('a part of a snapshot that does not fit into it')
    }
    // A copy: the part is a view of a frame that may be much larger.
    assembly.parts.push(part.bytes.slice())
    assembly.bytes += part.bytes.length
    return assembly.bytes < part.bytesTotal ? { kind: 'more' } : this.#finish(assembly)
  }

  #finish({ first, parts, bytes }: Assembly): Taken {
    this.#assembly = undefined
    const data = new Uint8Array(bytes)
    let offset = 0
    for (const part of parts) {
      data.set(part, offset)
      offset += part.length
    }
    if (crc32(data) !== first.checksum)
      return ignored('a snapshot that does not match its checksum')
    const { snapshotIndex: index, snapshotTerm: term, confState } = first
    return { kind: 'whole', snapshot: { index, term, confState, data } }
  }
}

function isOf({ from, first, bytes }: Assembly, sender: NodeId, part: SnapshotPart): boolean {
  return (
    from === sender &&
    first.transfer === part.transfer &&
    first.term === part.term &&
    first.snapshotIndex === part.snapshotIndex &&
    first.snapshotTerm === part.snapshotTerm &&
    first.bytesTotal === part.bytesTotal &&
    first.checksum === part.checksum &&
    bytes === part.offset
  )
}

function ignored(reason: string): Taken {
  return { kind: 'ignored', reason }
}
