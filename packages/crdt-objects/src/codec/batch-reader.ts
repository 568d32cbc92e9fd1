import type { Reader } from './reader.ts'

/** What a header says that its body is read with. */
export interface BatchFrame {
  /** Rows of the replica table. */
  readonly rows: number
  readonly first: number
  readonly last: number
  readonly baseStamp: number
  /** Of a state: what its author has seen, by rows of the table. */
  readonly seenByRow?: readonly number[]
}

/** The body of a batch or state being read; all its references are checked. */
export class BatchReader {
  readonly body: Reader
  readonly frame: BatchFrame
  /** Greatest stamp met. */
  stampMax = 0
  private readonly seenOf: ((row: number) => number) | undefined

  /** Of a batch, `seenOf` tells what its reader has seen of each row: its author had seen no more. */
  constructor(body: Reader, frame: BatchFrame, seenOf?: (row: number) => number) {
    this.body = body
    this.frame = frame
    this.seenOf = seenOf
  }

  row(): number {
    const row = this.body.varint()
    return row < this.frame.rows ? row : this.body.fail('replica that is not in the table')
  }

  /** A number of an update: from 1 on. */
  seq(): number {
    const seq = this.body.varint()
    return seq > 0 ? seq : this.body.fail('update number 0')
  }

  /** A number of an update of the replica in `row`, which the author of the batch or state had seen. */
  seenSeq(row: number): number {
    const seq = this.seq()
    const seen = this.seenOf === undefined ? this.frame.seenByRow?.[row] : this.seenOf(row)
    return seq <= (seen ?? 0) ? seq : this.body.fail('update not yet seen')
  }

  /** A number of the author's within the batch. */
  ownSeq(): number {
    const seq = this.frame.last - this.body.varint()
    if (seq < this.frame.first) this.body.fail('update number outside its batch')
    return seq
  }

  stamp(): number {
    return this.checkedStamp(this.frame.baseStamp + this.body.zigzag())
  }

  /** A stamp that was worked out from what was read. */
  checkedStamp(stamp: number): number {
    if (stamp < 0 || !Number.isSafeInteger(stamp)) this.body.fail('stamp out of range')
    if (stamp > this.stampMax) this.stampMax = stamp
    return stamp
  }
}
