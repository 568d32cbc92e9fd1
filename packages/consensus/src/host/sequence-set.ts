import type { Reader, Writer } from '@joinery/crdt-objects/engine'

interface Range {
  first: number
  last: number
}

/** A set of numbers that takes as much room as it has gaps. */
export class SequenceSet {
  /** Invariant: ascending, with a gap between each and the next. */
  private readonly ranges: Range[] = []

  has(sequence: number): boolean {
    const range = this.ranges[this.find(sequence)]
    return range !== undefined && range.first <= sequence
  }

  add(sequence: number): void {
    const at = this.find(sequence)
    const range = this.ranges[at]
    if (range !== undefined && range.first <= sequence) return
    const before = this.ranges[at - 1]
    const follows = before !== undefined && before.last === sequence - 1
    const precedes = range !== undefined && range.first === sequence + 1
    if (follows && precedes) {
      before.last = range.last
      this.ranges.splice(at, 1)
    } else if (follows) before.last = sequence
    else if (precedes) range.first = sequence
    else this.ranges.splice(at, 0, { first: sequence, last: sequence })
  }

  /** Forgets all up to `sequence`. */
  dropUpTo(sequence: number): void {
    const { ranges } = this
    if (ranges.length === 0 || ranges[0]!.first > sequence) return
    const at = this.find(sequence)
    const range = ranges[at]
    if (range !== undefined && range.first <= sequence) {
      if (range.last === sequence) ranges.splice(at, 1)
      else range.first = sequence + 1
    }
    ranges.splice(0, at)
  }

  /** How many gaps and ranges there are to keep. */
  get rangeCount(): number {
    return this.ranges.length
  }

  encode(writer: Writer): void {
    writer.varint(this.ranges.length)
    for (const { first, last } of this.ranges) {
      writer.varint(first)
      writer.varint(last - first)
    }
  }

  static decode(reader: Reader): SequenceSet {
    const set = new SequenceSet()
    let end = -1
    for (let left = reader.count(2); left > 0; left--) {
      const first = reader.varint()
      const last = first + reader.varint()
      if (first <= end + 1 || !Number.isSafeInteger(last)) reader.fail('ranges of sequences')
      set.ranges.push({ first, last })
      end = last
    }
    return set
  }

  /** The first range that ends at `sequence` or after. */
  private find(sequence: number): number {
    let [low, high] = [0, this.ranges.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.ranges[middle]!.last < sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}
