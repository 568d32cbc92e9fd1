import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { canonicalText } from '../canonical-text.ts'
import { drawOne, elements } from '../draw-value.ts'
import { call, openOf, type Recorded, type TypeSpec, type View } from '../type-spec.ts'
import { cellText, entriesText } from '../whole-text.ts'

const removals = new Set(['delete', 'clear'])

function sameElement(a: readonly unknown[], b: readonly unknown[]): boolean {
  return canonicalText(a[0]) === canonicalText(b[0])
}

function elementsOf(adds: readonly Recorded[]): Set<unknown> {
  const elementByText = new Map(adds.map(({ args }) => [canonicalText(args[0]), args[0]]))
  return new Set(elementByText.values())
}

function compare(handle: object, held: readonly unknown[]): void {
  const face = handle as { has(element: unknown): boolean; count(): number }
  assert.equal(face.count(), held.length)
  for (const element of elements) {
    assert.equal(
      face.has(element),
      held.some((each) => sameElement([each], [element])),
    )
  }
}

export const setSpec: TypeSpec = {
  name: 'set',
  fits: (shape) => shape.length === 1,

  draw(_shape, { draw }) {
    const which = draw(8)
    if (which === 0) return call('clear')
    return call(which < 3 ? 'delete' : 'add', drawOne(elements, draw))
  },

  value: (_shape, path, view) => elementsOf(view.standing(path)),

  removals: () => removals,
  removes: ({ verb, args }, write) => verb === 'clear' || sameElement(args, write.args),

  check(handle, _shape, path, view) {
    compare(handle, [...elementsOf(view.standing(path))])
  },

  wholeText: (_shape, whole, texts) =>
    entriesText(
      whole as ReadonlyMap<unknown, Dot>,
      (key) => `${typeof key}:${String(key)}`,
      (dot) => cellText(dot, texts),
    ),
}

/** What was added, and deleted by nobody who had not seen it. A `clear` deletes what was there, as noted. */
function heldOf(path: readonly string[], view: View): unknown[] {
  const writes = view.standing(path)
  const added = elementsOf(writes.filter(({ verb }) => verb === 'add'))
  return [...added].filter((element) => {
    const text = canonicalText(element)
    const concerned = writes.filter(({ verb, args, note }) =>
      verb === 'clear' ? (note as readonly string[]).includes(text) : sameElement(args, [element]),
    )
    return openOf(concerned).every(({ verb }) => verb === 'add')
  })
}

export const deleteWinsSpec: TypeSpec = {
  ...setSpec,
  title: 'set where delete wins',
  fits: (shape) => shape.length > 1,
  value: (_shape, path, view) => new Set(heldOf(path, view)),
  isThere: (_shape, path, view) => heldOf(path, view).length > 0,
  removals: () => new Set(),
  note: ({ path }, _shape, view) => heldOf(path, view).map((element) => canonicalText(element)),

  isUpdate({ verb, args, path }, _shape, view) {
    const held = heldOf(path, view)
    if (verb === 'delete') return held.some((element) => sameElement([element], args))
    return verb === 'add' || held.length > 0
  },

  check(handle, _shape, path, view) {
    compare(handle, heldOf(path, view))
  },
}
