import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { canonicalText } from '../canonical-text.ts'
import { drawOne, elements } from '../draw-value.ts'
import { call, type Recorded, type TypeSpec } from '../type-spec.ts'
import { cellText, entriesText } from '../whole-text.ts'

const removals = new Set(['delete', 'clear'])

function sameElement(a: readonly unknown[], b: readonly unknown[]): boolean {
  return canonicalText(a[0]) === canonicalText(b[0])
}

function elementsOf(adds: readonly Recorded[]): Set<unknown> {
  const elementByText = new Map(adds.map(({ args }) => [canonicalText(args[0]), args[0]]))
  return new Set(elementByText.values())
}

export const setSpec: TypeSpec = {
  name: 'set',

  draw(_shape, { draw }) {
    const which = draw(8)
    if (which === 0) return call('clear')
    return call(which < 3 ? 'delete' : 'add', drawOne(elements, draw))
  },

  value: (_shape, path, view) => elementsOf(view.standing(path)),

  removals: () => removals,
  removes: ({ verb, args }, write) => verb === 'clear' || sameElement(args, write.args),

  check(handle, _shape, path, view) {
    const here = view.standing(path)
    const face = handle as { has(element: unknown): boolean; count(): number }
    assert.equal(face.count(), elementsOf(here).size)
    for (const element of elements) {
      assert.equal(
        face.has(element),
        here.some(({ args }) => sameElement(args, [element])),
      )
    }
  },

  wholeText: (_shape, whole, texts) =>
    entriesText(
      whole as ReadonlyMap<unknown, Dot>,
      (key) => `${typeof key}:${String(key)}`,
      (dot) => cellText(dot, texts),
    ),
}
