import { BatchReader } from '../codec/batch-reader.ts'
import { Reader } from '../codec/reader.ts'
import { decodeHead, type Head } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import { ALL, SELF } from './context.ts'
import type { Part, PartReader } from './part-reader.ts'
import { Reissue } from './reissue.ts'

/** What became of updates that were made again. */
export interface Reissued {
  /** Those that hold them now, to be sent. */
  readonly batches: readonly Uint8Array[]
  /** How many could not be made again in full: what they build on is gone for good. */
  readonly incomplete: number
  /** What of others' updates the first of these batches came after; the others came after nothing more. */
  readonly observed: ReplicaContext['observed']
}

interface OldBatch {
  readonly head: Head
  readonly parts: readonly Part[]
  readonly stampMax: number
}

/** Makes updates of a life that is over again: see `reissue.ts`. */
export class Reissuer {
  private readonly context: ReplicaContext
  private readonly parts: PartReader
  private readonly sealWritten: (write: () => void) => Uint8Array

  constructor(
    context: ReplicaContext,
    parts: PartReader,
    sealWritten: (write: () => void) => Uint8Array,
  ) {
    this.context = context
    this.parts = parts
    this.sealWritten = sealWritten
  }

  /** All batches decode before anything changes. */
  reissue(batches: readonly Uint8Array[], cut: number): Reissued {
    let last = cut
    const old = batches.map((bytes) => {
      const read = this.read(bytes, last)
      last = read.head.last
      return read
    })
    const notes = new WeakMap<object, unknown>()
    let incomplete = 0
    const made = old.map((batch) => {
      const bytes = this.sealWritten(() => {
        if (!this.write(batch, cut, notes)) incomplete++
      })
      return { bytes, observed: this.context.observed }
    })
    const [first] = made
    return { batches: made.map(({ bytes }) => bytes), incomplete, observed: first?.observed ?? [] }
  }

  private read(bytes: Uint8Array, last: number): OldBatch {
    const reader = new Reader(bytes)
    const head = decodeHead(reader, 'batch')
    if (head.first !== last + 1) throw new Error('batches that do not follow the cut in a row')
    // What it had seen need not be here.
    const batch = new BatchReader(reader, head, () => ALL)
    const parts = this.parts.read(batch, 'delta')
    // Later ones name the objects that this one declares.
    for (const part of parts) this.parts.learn(part)
    return { head, parts, stampMax: batch.stampMax }
  }

  private write(
    { head, parts, stampMax }: OldBatch,
    cut: number,
    notes: WeakMap<object, unknown>,
  ): boolean {
    const { context } = this
    const indexes = head.replicas.map((id) => context.intern(id))
    const again = new Reissue(indexes, cut, notes)
    context.seen[SELF] = again.number(head.last)
    context.clock.observe(stampMax)
    let isWhole = true
    for (const part of parts) {
      if (!this.parts.learn(part).object.root.reissue(part.content, again)) isWhole = false
    }
    return isWhole
  }
}
