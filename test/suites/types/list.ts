import assert from 'node:assert/strict'
import { canonicalText } from '../canonical-text.ts'
import { drawValue } from '../draw-value.ts'
import { call, type Operation, type TypeSpec } from '../type-spec.ts'
import { anyUnit, effectsOf, sequenceAt, wholeUnits, type Request } from '../yata.ts'

function requestsOf({ verb, args }: Operation, length: number): Request[] {
  if (verb === 'push') return [{ at: length, insert: args }]
  const at = args[0] as number
  if (verb === 'delete') return [{ at, delete: args[1] as number }]
  return [{ at, insert: args.slice(1) }]
}

export const listSpec: TypeSpec = {
  name: 'list',
  draw(_shape, { draw, reading }) {
    const { length } = (reading() as readonly unknown[] | undefined) ?? []
    const which = draw(8)
    const items = Array.from({ length: 1 + draw(3) }, () => drawValue(draw))
    if (which < 2) return call('push', ...items)
    const index = draw(length + 1)
    if (which < 5 || length === 0) return call('insert', index, ...items)
    return call('delete', index, draw(length - index + 1))
  },
  value: (_shape, path, view) => sequenceAt(path, view),
  isThere: (_shape, path, view) => anyUnit(path, view),
  isUpdate: ({ verb, args }) => verb !== 'delete' || args[1] !== 0,
  note(operation, _shape, view) {
    const { length } = sequenceAt(operation.path, view)
    return effectsOf(operation, requestsOf(operation, length), view)
  },
  check(handle, _shape, path, view) {
    const read = handle as {
      length: number
      get(index: number): unknown
      slice(start: number): readonly unknown[]
    }
    const items = sequenceAt(path, view)
    assert.equal(read.length, items.length)
    for (const [index, item] of items.entries()) assert.deepEqual(read.get(index), item)
    assert.equal(read.get(items.length), undefined)
    assert.deepEqual(read.slice(-2), items.slice(-2))
  },
  wholeText: (_shape, whole, { nameOf }) =>
    wholeUnits(whole, nameOf, (content, index) => {
      const element = (content as readonly unknown[])[index]
      const isBox = typeof element === 'object' && element !== null
      return canonicalText(isBox ? (element as { value: unknown }).value : element)
    }),
}
