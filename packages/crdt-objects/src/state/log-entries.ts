import type { ReplicaContext } from './context.ts'

/** Entries that a chunk is filled up to. */
const CHUNK_LENGTH = 512
/** Late entries may swell a chunk up to here. */
const CHUNK_LENGTH_MAX = 2 * CHUNK_LENGTH

/** Entries side by side, with no object for each: those of one append share its number and stamp. */
export interface LogColumns {
  readonly stamps: number[]
  readonly seqs: number[]
  readonly values: unknown[]
}

/** Entries of several replicas, in any order. */
export interface LogRows extends LogColumns {
  /** Interned indexes, or rows of a table. */
  readonly replicas: number[]
}

class Chunk implements LogRows {
  readonly stamps: number[] = []
  readonly replicas: number[] = []
  readonly seqs: number[] = []
  readonly values: unknown[] = []
  /** When it was made: see {@link LogEntries.capture}. */
  readonly born: number

  constructor(born: number) {
    this.born = born
  }
}

/** The entries as they were at one time, whatever is written later. */
export interface LogCapture {
  readonly chunks: readonly Chunk[]
  /** How much of the last chunk was there: more may be added to its end. */
  readonly lastLength: number
  readonly length: number
}

/**
 * The entries of a log, in the order of stamp, then replica id, then number, which is the order that all replicas
 * share. As a rule a new entry is the last one; what arrives late is put in its place, which moves no more than a chunk.
 */
export class LogEntries {
  private readonly context: ReplicaContext
  private chunks: Chunk[] = []
  length = 0
  private chunksBorn = 0
  /** Chunks born up to here are seen by captures: they are copied before anything but their end changes. */
  private lentUpTo = 0

  constructor(context: ReplicaContext) {
    this.context = context
  }

  /** What is here now, for a reader or to be restored. */
  capture(): LogCapture {
    this.lentUpTo = this.chunksBorn
    const lastLength = this.chunks[this.chunks.length - 1]?.values.length ?? 0
    return { chunks: this.chunks.slice(), lastLength, length: this.length }
  }

  restore({ chunks, lastLength, length }: LogCapture): void {
    this.chunks = chunks.slice()
    this.length = length
    const last = this.chunks.pop()
    if (last === undefined) return
    // Cut off by copying: a reader may have begun with the longer one.
    if (last.values.length === lastLength) this.chunks.push(last)
    else for (let i = 0; i < lastLength; i++) this.add(this.chunks, last, i, last.replicas[i]!)
  }

  clear(): void {
    this.chunks = []
    this.length = 0
  }

  /**
   * Adds one append: entries `from` to `to` of `source`, which share a number and stamp. Gives the index of the first.
   * Several appends of one replica in a row may be added as one if they come last.
   */
  insert(replica: number, source: LogColumns, from: number, to: number): number {
    if (!this.isLast(replica, source, from)) return this.insertLate(replica, source, from, to)
    const index = this.length
    for (let i = from; i < to; i++) this.add(this.chunks, source, i, replica)
    this.length += to - from
    return index
  }

  /** Whether an entry comes after all that are here. */
  isLast(replica: number, source: LogColumns, index: number): boolean {
    const last = this.chunks[this.chunks.length - 1]
    return last === undefined || this.isLater(replica, source, index, last, last.values.length - 1)
  }

  private isLater(replica: number, a: LogColumns, i: number, b: LogRows, j: number): boolean {
    const stampA = a.stamps[i]!
    const stampB = b.stamps[j]!
    if (stampA !== stampB) return stampA > stampB
    const other = b.replicas[j]!
    if (other === replica) return a.seqs[i]! > b.seqs[j]!
    return this.context.id(replica) > this.context.id(other)
  }

  private add(chunks: Chunk[], source: LogColumns, index: number, replica: number): void {
    let last = chunks[chunks.length - 1]
    if (last === undefined || last.values.length >= CHUNK_LENGTH) {
      last = new Chunk(++this.chunksBorn)
      chunks.push(last)
    }
    last.stamps.push(source.stamps[index]!)
    last.replicas.push(replica)
    last.seqs.push(source.seqs[index]!)
    last.values.push(source.values[index])
  }

  private insertLate(replica: number, source: LogColumns, from: number, to: number): number {
    const isAfter = (chunk: Chunk, j: number): boolean =>
      this.isLater(replica, source, from, chunk, j)
    const earlier = countWhile(this.chunks.length, (k) => isAfter(this.chunks[k]!, 0))
    const at = Math.max(0, earlier - 1)
    const chunk = this.chunks[at]!
    const position = countWhile(chunk.values.length, (j) => isAfter(chunk, j))
    this.length += to - from
    if (chunk.born > this.lentUpTo && to - from === 1 && chunk.values.length < CHUNK_LENGTH_MAX) {
      chunk.stamps.splice(position, 0, source.stamps[from]!)
      chunk.replicas.splice(position, 0, replica)
      chunk.seqs.splice(position, 0, source.seqs[from]!)
      chunk.values.splice(position, 0, source.values[from])
    } else {
      const pieces: Chunk[] = []
      for (let j = 0; j < position; j++) this.add(pieces, chunk, j, chunk.replicas[j]!)
      for (let i = from; i < to; i++) this.add(pieces, source, i, replica)
      const { length } = chunk.values
      for (let j = position; j < length; j++) this.add(pieces, chunk, j, chunk.replicas[j]!)
      this.chunks.splice(at, 1, ...pieces)
    }
    let index = position
    for (let k = 0; k < at; k++) index += this.chunks[k]!.values.length
    return index
  }

  /** Keeps what passes, and puts `added` in its place among it; its replicas are interned. */
  merge(isKept: (replica: number, seq: number) => boolean, added: LogRows): void {
    const order = this.inOrder(added)
    const before = this.chunks
    this.chunks = []
    this.length = 0
    let next = 0
    const addNext = (): void => {
      const index = order[next++]!
      this.addEntry(added, index)
    }
    for (const chunk of before) {
      for (let j = 0; j < chunk.values.length; j++) {
        if (!isKept(chunk.replicas[j]!, chunk.seqs[j]!)) continue
        const replica = chunk.replicas[j]!
        while (next < order.length && this.isLater(replica, chunk, j, added, order[next]!))
          addNext()
        this.addEntry(chunk, j)
      }
    }
    while (next < order.length) addNext()
  }

  private addEntry(source: LogRows, index: number): void {
    this.add(this.chunks, source, index, source.replicas[index]!)
    this.length++
  }

  /** The indexes of the rows in the order of the log. States come in that order, unless they are forged. */
  private inOrder(rows: LogRows): number[] {
    const order = Array.from(rows.values.keys())
    const compare = (i: number, j: number): number => {
      if (this.isLater(rows.replicas[i]!, rows, i, rows, j)) return 1
      return this.isLater(rows.replicas[j]!, rows, j, rows, i) ? -1 : i - j
    }
    const isSorted = order.every((index) => index === 0 || compare(index - 1, index) < 0)
    return isSorted ? order : order.sort(compare)
  }

  /** Whether any entry passes. */
  some(test: (replica: number, seq: number) => boolean): boolean {
    return this.chunks.some(({ replicas, seqs }) =>
      replicas.some((each, j) => test(each, seqs[j]!)),
    )
  }

  /** By replica: the greatest number of an entry here. */
  lastSeqs(): Map<number, number> {
    const lastByReplica = new Map<number, number>()
    for (const { replicas, seqs } of this.chunks) {
      // The numbers of a replica rise: its last entry in a chunk has its greatest.
      replicas.forEach((replica, j) => lastByReplica.set(replica, seqs[j]!))
    }
    return lastByReplica
  }

  /** All entries as rows. */
  rows(): LogRows {
    return {
      stamps: this.chunks.flatMap(({ stamps }) => stamps),
      replicas: this.chunks.flatMap(({ replicas }) => replicas),
      seqs: this.chunks.flatMap(({ seqs }) => seqs),
      values: this.chunks.flatMap(({ values }) => values),
    }
  }
}

/** The values from `start` to before `end`, as they were at the time of the capture. */
export function* capturedValues(
  { chunks, lastLength, length }: LogCapture,
  start = 0,
  end = length,
): Generator {
  let first = 0
  for (const [k, { values }] of chunks.entries()) {
    const here = k === chunks.length - 1 ? lastLength : values.length
    for (let j = Math.max(0, start - first); j < Math.min(here, end - first); j++) yield values[j]
    first += here
    if (first >= end) return
  }
}

/** How many indexes from 0 on pass, where all that pass come before all that do not. */
function countWhile(length: number, passes: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (passes(middle)) low = middle + 1
    else high = middle
  }
  return low
}
