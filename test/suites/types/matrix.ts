import assert from 'node:assert/strict'
import { drawOne } from '../draw-value.ts'
import { call, type Shape, type TypeSpec, type View } from '../type-spec.ts'
import { amounts, drawAmounts, sumsText } from './vector.ts'

function rowsAt(shape: Shape, path: readonly string[], view: View): Float64Array[] {
  const [rows, columns] = shape.slice(1) as [number, number]
  const sums = Array.from({ length: rows }, () => new Float64Array(columns))
  const addRow = (row: number, values: readonly number[]): void => {
    for (const [column, x] of values.entries()) sums[row]![column]! += x
  }
  for (const { verb, args } of view.standing(path)) {
    if (verb === 'addRow') addRow(args[0] as number, args[1] as number[])
    else if (verb === 'addAt') sums[args[0] as number]![args[1] as number]! += args[2] as number
    else for (const [row, values] of (args[0] as number[][]).entries()) addRow(row, values)
  }
  return sums
}

export const matrixSpec: TypeSpec = {
  name: 'matrix',

  draw(shape, { draw }) {
    const [rows, columns] = shape.slice(1) as [number, number]
    const which = draw(3)
    if (which === 0) return call('addAt', draw(rows), draw(columns), drawOne(amounts, draw))
    if (which === 1) return call('addRow', draw(rows), drawAmounts(columns, draw))
    return call(
      'add',
      Array.from({ length: rows }, () => drawAmounts(columns, draw)),
    )
  },

  value: rowsAt,

  check(handle, shape, path, view) {
    const face = handle as { row(row: number): Float64Array }
    for (const [row, values] of rowsAt(shape, path, view).entries()) {
      assert.deepEqual(face.row(row), values)
    }
  },

  wholeText: (_shape, whole, texts) => sumsText(whole, texts),
}
