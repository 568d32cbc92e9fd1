import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { drawOne, drawValue, keys } from '../draw-value.ts'
import { call, lastOf, type TypeSpec, type View } from '../type-spec.ts'
import { cellText, entriesText } from '../whole-text.ts'

const removals = new Set(['delete', 'clear'])

function valueByKey(path: readonly string[], view: View): Map<string, unknown> {
  const sets = view.standing(path)
  const value = new Map<string, unknown>()
  for (const key of new Set(sets.map(({ args }) => args[0] as string))) {
    const last = lastOf(
      sets.filter(({ args }) => args[0] === key),
      view,
    )
    value.set(key, last!.args[1])
  }
  return value
}

/** A map of plain values. */
export const valueMapSpec: TypeSpec = {
  name: 'map',
  title: 'map of values',
  fits: (shape) => shape.length === 1,

  draw(_shape, { draw }) {
    const which = draw(8)
    if (which === 0) return call('clear')
    const key = drawOne(keys, draw)
    return which < 3 ? call('delete', key) : call('set', key, drawValue(draw))
  },

  value: (_shape, path, view) => valueByKey(path, view),

  removals: () => removals,
  removes: ({ verb, args }, write) => verb === 'clear' || write.args[0] === args[0],

  check(handle, _shape, path, view) {
    const expected = valueByKey(path, view)
    const map = handle as ReadonlyMap<string, unknown> & { count(): number }
    assert.equal(map.count(), expected.size)
    assert.equal(map.size, expected.size)
    for (const key of keys) {
      assert.equal(map.has(key), expected.has(key))
      assert.deepEqual(map.get(key), expected.get(key))
    }
  },

  wholeText: (_shape, whole, texts) =>
    entriesText(whole as ReadonlyMap<string, Dot>, String, (dot) => cellText(dot, texts)),
}
