import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** As many equal numbers in a row are written as a run. */
const RUN_MIN = 4

/**
 * A column of numbers from 0 on: runs of equal ones and stretches of unequal ones by turns. Each begins with a number
 * that is twice its length, and one more for a run.
 */
export function encodeColumn(writer: Writer, column: readonly number[]): void {
  let literal = 0
  for (let i = 0; i < column.length;) {
    const run = runLength(column, i)
    if (run >= RUN_MIN) {
      encodeLiteral(writer, column, literal, i)
      writer.varint(run * 2 + 1)
      writer.varint(column[i] ?? 0)
      literal = i + run
    }
    i += run
  }
  encodeLiteral(writer, column, literal, column.length)
}

function runLength(column: readonly number[], from: number): number {
  let to = from + 1
  while (to < column.length && column[to] === column[from]) to++
  return to - from
}

function encodeLiteral(writer: Writer, column: readonly number[], from: number, to: number): void {
  if (from === to) return
  writer.varint((to - from) * 2)
  for (let i = from; i < to; i++) writer.varint(column[i] ?? 0)
}

/** Reads a column of exactly `length` numbers; the caller knows that so many can be there. */
export function decodeColumn(reader: Reader, length: number): number[] {
  const column: number[] = []
  while (column.length < length) {
    const head = reader.varint()
    const count = Math.floor(head / 2)
    if (count === 0 || count > length - column.length) reader.fail('length of a column')
    if (head % 2 === 0) for (let left = count; left > 0; left--) column.push(reader.varint())
    else {
      const repeated = reader.varint()
      for (let left = count; left > 0; left--) column.push(repeated)
    }
  }
  return column
}
