import { invalidValue } from '../errors.ts'
import type { Place } from '../faces/place.ts'
import { remoteClass } from '../faces/remote.ts'
import type { MatrixHandle } from '../handles/matrix.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { contributionsCodec } from '../state/contributions.ts'
import {
  NUMBERS_MAX,
  checkAmount,
  checkAmounts,
  checkIndex,
  checkLength,
  checkSize,
} from '../sums/amounts.ts'
import { LocalSums, floatShape } from '../sums/local-sums.ts'
import { sumsContribution } from '../sums/sums-contribution.ts'
import { SumsNode } from '../sums/sums-node.ts'
import type { SumsShape } from '../sums/sums.ts'
import { defineKind, schemaOf } from './define.ts'

interface Size {
  readonly rows: number
  readonly columns: number
}

class LocalMatrix extends LocalSums<readonly Float64Array[]> {
  protected readonly shape: SumsShape
  private readonly size: Size

  constructor(kind: Kind, place: Place, shape: SumsShape & { readonly size: Size }) {
    super(kind, place)
    this.shape = shape
    this.size = shape.size
  }

  add(rows: unknown): void {
    const { columns } = this.size
    checkLength(rows, this.size.rows, 'rows')
    // Rows pass the same room one after the other.
    const all = new Float64Array(this.shape.length)
    let largest = 0
    for (let i = 0; i < this.size.rows; i++) {
      const amounts = checkAmounts(rows[i], columns)
      all.set(amounts.row.subarray(0, columns), i * columns)
      largest = Math.max(largest, amounts.largest)
    }
    this.write((content) => content.addRow(0, all, all.length), largest)
  }

  addRow(row: unknown, values: unknown): void {
    const start = checkIndex(row, this.size.rows, 'row') * this.size.columns
    const amounts = checkAmounts(values, this.size.columns)
    this.write((content) => content.addRow(start, amounts.row, amounts.count), amounts.largest)
  }

  addAt(row: unknown, column: unknown, amount: unknown): void {
    const start = checkIndex(row, this.size.rows, 'row') * this.size.columns
    const index = start + checkIndex(column, this.size.columns, 'column')
    const x = checkAmount(amount)
    this.write((content) => content.addAt(index, x), Math.abs(x))
  }

  row(row: unknown): Float64Array {
    const start = checkIndex(row, this.size.rows, 'row') * this.size.columns
    return this.find()?.row(start, this.size.columns) ?? new Float64Array(this.size.columns)
  }
}

function rowsOf(numbers: Float64Array, { rows, columns }: Size): readonly Float64Array[] {
  return Object.freeze(
    Array.from({ length: rows }, (_, row) => numbers.slice(row * columns, (row + 1) * columns)),
  )
}

/** The kind of a matrix; its arguments are not trusted. */
export function matrixKind(args: readonly unknown[]): Kind {
  if (args.length !== 2) throw invalidValue('a matrix has rows and columns')
  const rows = checkSize(args[0], 'the rows of a matrix')
  const columns = checkSize(args[1], 'the columns of a matrix')
  const length = rows * columns
  if (length > NUMBERS_MAX)
    throw invalidValue(`a matrix has at most ${NUMBERS_MAX} numbers`, length)
  const size = { rows, columns }
  const shape = { ...floatShape(length), size }
  const contribution = sumsContribution(shape)
  const kind: Kind = defineKind<SumsNode>({
    name: 'matrix',
    args: [rows, columns],
    verbs: { add: 'write', addRow: 'write', addAt: 'write', row: 'read' },
    zero: () => rowsOf(new Float64Array(length), size),
    read: (node) => rowsOf(node.read(), size),
    ...contributionsCodec(contribution),
    createNode: (context, parent, key) => new SumsNode(context, parent, key, contribution),
    local: (place) => new LocalMatrix(kind, place, shape),
    remote: (place) => new RemoteMatrix(kind, place),
  })
  const RemoteMatrix = remoteClass(kind.verbs)
  return kind
}

/** The schema of a matrix. */
export type MatrixSchema = Schema<{
  readonly value: readonly Float64Array[]
  readonly local: MatrixHandle<'local'>
  readonly remote: MatrixHandle<'remote'>
  readonly strong: MatrixHandle<'strong'>
}>

/** A matrix of at most 262,144 numbers that are added to: concurrent amounts sum. Its value is rows of numbers. */
export function matrix(rows: number, columns: number): MatrixSchema {
  return schemaOf(matrixKind([rows, columns]))
}
