import type { ReplicaContext } from '../state/context.ts'
import { Writer } from './writer.ts'

/**
 * The body of a batch or state being written. Dots name replicas by their place in the table that the header carries,
 * so that a replica id is written once, however many dots it has.
 */
export class BatchWriter {
  readonly body = new Writer(1024)
  readonly context: ReplicaContext
  /** Numbers and stamps are written as distances from these two. */
  readonly last: number
  readonly baseStamp: number
  /** Our indexes, in the order of the table. */
  readonly table: number[] = []
  private readonly rowByIndex = new Map<number, number>()

  constructor(context: ReplicaContext, last: number, baseStamp: number) {
    this.context = context
    this.last = last
    this.baseStamp = baseStamp
  }

  /** The row of a replica in the table. */
  row(index: number): number {
    const known = this.rowByIndex.get(index)
    if (known !== undefined) return known
    const row = this.table.length
    this.table.push(index)
    this.rowByIndex.set(index, row)
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
