import assert from 'node:assert/strict'
import { drawOne } from '../draw-value.ts'
import { call, type Shape, type TypeSpec, type View } from '../type-spec.ts'
import { entriesText } from '../whole-text.ts'

const removals = new Set(['delete', 'clear'])

/** Two, so that writes meet however deep maps are nested. */
const keys = ['a', 'b']

function entryOf(shape: Shape): Shape {
  return shape[1] as Shape
}

/** The keys under which something is there. */
function keysAt(shape: Shape, path: readonly string[], view: View): string[] {
  const below = view.visible.filter(
    (one) => one.path.length > path.length && path.every((step, index) => one.path[index] === step),
  )
  const touched = new Set(below.map((one) => one.path[path.length]!))
  return [...touched].filter((key) => view.isThere(entryOf(shape), [...path, key]))
}

/** A map of objects. */
export const mapSpec: TypeSpec = {
  name: 'map',
  title: 'map of objects',
  fits: (shape) => shape.length > 1,

  draw(shape, { draw, part, reading }) {
    const which = draw(12)
    if (which === 0) return call('clear')
    const key = drawOne(keys, draw)
    if (which < 3) return call('delete', key)
    return part(key, entryOf(shape), () =>
      (reading() as ReadonlyMap<string, unknown> | undefined)?.get(key),
    )
  },

  value: (shape, path, view) =>
    new Map(
      keysAt(shape, path, view).map((key) => [key, view.valueOf(entryOf(shape), [...path, key])]),
    ),

  isThere: (shape, path, view) => keysAt(shape, path, view).length > 0,

  removals: () => removals,
  removes: ({ verb, args, path }, write) => verb === 'clear' || write.path[path.length] === args[0],
  isUpdate({ verb, args, path }, shape, view) {
    const there = keysAt(shape, path, view)
    return verb === 'clear' ? there.length > 0 : there.includes(args[0] as string)
  },

  part: entryOf,

  check(handle, shape, path, view, part) {
    const there = keysAt(shape, path, view)
    const map = handle as ReadonlyMap<string, unknown> & { count(): number }
    assert.equal(map.count(), there.length)
    assert.equal(map.size, there.length)
    assert.deepEqual([...map.keys()].sort(), there.sort())
    for (const key of keys) {
      assert.equal(map.has(key), there.includes(key))
      part(key, entryOf(shape))
    }
  },

  wholeText: (shape, whole, texts) =>
    entriesText(whole as ReadonlyMap<string, unknown>, String, (part) =>
      texts.part(entryOf(shape), part),
    ),
}
