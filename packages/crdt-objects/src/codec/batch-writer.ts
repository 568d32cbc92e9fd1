import type { ReplicaContext } from '../state/context.ts'
import { SELF } from '../state/context.ts'
import { Writer } from './writer.ts'

/**
 * The body of a batch or state being written. Dots name replicas by their place in the table that the header carries,
 * so that a replica id is written once, however many dots it has.
 */
export class BatchWriter {
  readonly head = new Writer(64)
  readonly body = new Writer(1024)
  readonly context: ReplicaContext
  /** Numbers and stamps are written as distances from these two. */
  last = 0
  baseStamp = 0
  /** Whether what has no order is put in one: equal contents then give equal bytes. */
  canonical = false
  /** Our indexes, in the order of the table. Row 0 is the author: we. */
  readonly table: number[] = [SELF]
  private readonly rowByIndex: (number | undefined)[] = [0]

  constructor(context: ReplicaContext) {
    this.context = context
  }

  /** Begins a batch or state; what was written before is dropped. */
  begin(last: number, baseStamp: number, canonical = false): this {
    this.head.reset()
    this.body.reset()
    while (this.table.length > 1) this.rowByIndex[this.table.pop() ?? SELF] = undefined
    this.rowByIndex[SELF] = 0
    this.last = last
    this.baseStamp = baseStamp
    this.canonical = canonical
    return this
  }

  /** The row of a replica in the table. */
  row(index: number): number {
    const known = this.rowByIndex[index]
    if (known !== undefined) return known
    const row = this.table.length
    this.table.push(index)
    this.rowByIndex[index] = row
    return row
  }

  dot(index: number, seq: number): void {
    this.body.varint(this.row(index))
    this.body.varint(seq)
  }

  stamp(stamp: number): void {
    this.body.zigzag(stamp - this.baseStamp)
  }
}
