import type { Dot } from '#crdt-objects/state/dots.ts'
import { call, openOf, type TypeSpec, type View } from '../type-spec.ts'
import { cellText } from '../whole-text.ts'

const removals = new Set(['disable'])

export const flagSpec: TypeSpec = {
  name: 'flag',
  fits: (shape) => shape.length === 1,
  draw: (_shape, { draw }) => call(draw(2) === 0 ? 'disable' : 'enable'),
  value: (_shape, path, view) => view.standing(path).length > 0,
  removals: () => removals,
  wholeText: (_shape, whole, texts) => cellText(whole as Dot | undefined, texts),
}

/** Enabled, and by nobody disabled who had not seen it. */
function isEnabled(path: readonly string[], view: View): boolean {
  const open = openOf(view.standing(path))
  return open.length > 0 && open.every(({ verb }) => verb === 'enable')
}

export const disableWinsSpec: TypeSpec = {
  ...flagSpec,
  title: 'flag where disable wins',
  fits: (shape) => shape.length > 1,
  value: (_shape, path, view) => isEnabled(path, view),
  isThere: (_shape, path, view) => isEnabled(path, view),
  removals: () => new Set(),
  isUpdate: ({ verb, path }, _shape, view) => verb === 'enable' || isEnabled(path, view),
}
