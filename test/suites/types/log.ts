import assert from 'node:assert/strict'
import type { LogRows } from '#crdt-objects/state/log-entries.ts'
import { canonicalText } from '../canonical-text.ts'
import { drawValue } from '../draw-value.ts'
import { call, type TypeSpec, type View } from '../type-spec.ts'

/** Everything that was appended and stands, in the order of its time, then replica. */
function itemsOf(path: readonly string[], view: View): unknown[] {
  const appends = [...view.standing(path)].sort((a, b) => view.order(a, b))
  return appends.flatMap(({ args }) => args)
}

export const logSpec: TypeSpec = {
  name: 'log',

  draw: (_shape, { draw }) =>
    call('append', ...Array.from({ length: draw(4) }, () => drawValue(draw))),

  value: (_shape, path, view) => itemsOf(path, view),

  isUpdate: ({ args }) => args.length > 0,

  check(handle, _shape, path, view) {
    const items = itemsOf(path, view)
    const face = handle as {
      count(): number
      slice(start?: number, end?: number): unknown[]
      values(): Iterable<unknown>
    }
    assert.equal(face.count(), items.length)
    assert.equal(canonicalText([...face.values()]), canonicalText(items))
    for (const [start, end] of [[1], [-2], [1, -1], [2, 1], [-9, 9]]) {
      assert.equal(canonicalText(face.slice(start, end)), canonicalText(items.slice(start, end)))
    }
  },

  wholeText(_shape, whole, { nameOf }) {
    const { stamps, replicas, seqs, values } = whole as LogRows
    const lines = values.map(
      (value, i) => `${nameOf(replicas[i]!)}.${seqs[i]}@${stamps[i]}:${canonicalText(value)}`,
    )
    return `[${lines.join(' ')}]`
  },
}
