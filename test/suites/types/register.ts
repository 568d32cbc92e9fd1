import assert from 'node:assert/strict'
import type { Dot } from '#crdt-objects/state/dots.ts'
import { drawValue } from '../draw-value.ts'
import { call, lastOf, type TypeSpec } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

/** The only initial value in the schemas of the suites. */
export const INITIAL = 'untitled'

export const registerSpec: TypeSpec = {
  name: 'register',

  draw: (_shape, { draw }) => call('set', drawValue(draw)),

  value(shape, path, view) {
    const last = lastOf(view.standing(path), view)
    if (last !== undefined) return last.args[0]
    return shape.length > 1 ? INITIAL : undefined
  },

  check(handle, _shape, path, view) {
    // The losers: not removed, and not seen by a later write. Latest first.
    const here = view.standing(path)
    const open = here.filter(({ id }) => !here.some(({ past }) => past.has(id)))
    const losers = [...open].sort((a, b) => view.order(b, a)).slice(1)
    const conflicts = (handle as { conflicts(): unknown[] }).conflicts()
    assert.deepEqual(
      conflicts,
      losers.map(({ args }) => args[0]),
    )
  },

  wholeText: (_shape, whole, texts) => cellText(whole as Dot | undefined, texts),
}
